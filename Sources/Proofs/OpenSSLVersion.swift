internal import COpenSSL

/// The OpenSSL library that this program runs with.
public enum OpenSSLVersion {
  /// What it says of itself, such as `OpenSSL 3.0.17 1 Jul 2025`.
  public static var text: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }
}
