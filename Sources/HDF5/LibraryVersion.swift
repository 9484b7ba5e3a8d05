internal import CHDF5

/// The HDF5 library that this program runs with.
public enum LibraryVersion {
  /// Its version, such as `1.10.8`; "unknown" if it does not say.
  public static var text: String {
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    guard H5get_libversion(&major, &minor, &release) >= 0 else { return "unknown" }
    return "\(major).\(minor).\(release)"
  }
}
