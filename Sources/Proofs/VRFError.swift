/// Why a VRF key or proof is refused (RFC 9381).
public enum VRFError: Error, Hashable, Sendable {
  /// A key, seed or proof has another length. `field` names it.
  case wrongByteCount(field: String, actual: Int, expected: Int)
  /// A field is not the compressed encoding of a point on P-256.
  case notAPoint(field: String)
  /// A number is not in the range that its field allows.
  case scalarOutOfRange(field: String)
  /// A point that only a made-up key or proof leads to.
  case pointAtInfinity(field: String)
  /// The challenge in the proof is not the hash of its points: wrong key, input or proof.
  case challengeMismatch(computed: [UInt8], claimed: [UInt8])
  /// No hash of the input is a point. Happens to one input in 2^256.
  case noPointForInput
  /// OpenSSL refused a call that should not fail; memory may be short.
  case openSSLFailure(call: String)
}

extension VRFError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .wrongByteCount(let field, let actual, let expected):
      "VRF \(field) has \(actual) bytes, but must have \(expected)"
    case .notAPoint(let field):
      "VRF \(field) is not a compressed point on P-256"
    case .scalarOutOfRange(let field):
      "VRF \(field) is outside its range below the group order"
    case .pointAtInfinity(let field):
      "VRF \(field) is the point at infinity"
    case .challengeMismatch(let computed, let claimed):
      "VRF challenge is \(Hexadecimal.encode(computed)), "
        + "but \(Hexadecimal.encode(claimed)) is claimed"
    case .noPointForInput:
      "no VRF hash of the input is a point on P-256"
    case .openSSLFailure(let call):
      "OpenSSL's \(call) failed"
    }
  }
}
