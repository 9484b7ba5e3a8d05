internal import COpenBLAS

/// The OpenBLAS that is loaded: recorded in results, because its bits depend on it.
public enum OpenBLAS {
  /// Processor type whose kernels it chose, e.g. `Haswell`.
  public static var coreName: String { String(cString: openblas_get_corename()) }
  /// Version and build options.
  public static var configuration: String { String(cString: openblas_get_config()) }
}
