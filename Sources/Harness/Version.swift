/// Versions that a result carries.
public enum Version {
  /// Of the program.
  public static let program = "0.1.0"
  /// Of the layout of result files, `docs/results-format.md`.
  public static let resultSchema: Int64 = 2
}
