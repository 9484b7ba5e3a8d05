/// Why a key, a signature or the act of signing is refused.
public enum SignatureError: Error, Hashable, Sendable {
  /// A private key's seed has not 32 bytes.
  case wrongSeedByteCount(actual: Int, expected: Int)
  /// OpenSSL refused a call that should not fail; memory may be short.
  case openSSLFailure(call: String)
}

extension SignatureError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .wrongSeedByteCount(let actual, let expected):
      "seed of a private key has \(actual) bytes, but must have \(expected)"
    case .openSSLFailure(let call):
      "OpenSSL's \(call) failed"
    }
  }
}
