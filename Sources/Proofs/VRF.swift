/// ECVRF-P256-SHA256-TAI, suite 0x01 of RFC 9381: what proving and verifying share.
enum VRF {
  static let suite: UInt8 = 0x01
  /// Bytes of the challenge.
  static let challengeByteCount = 16
  /// Bytes of a proof: point, challenge, scalar.
  static let proofByteCount = 33 + challengeByteCount + 32

  /// The point that stands for `alpha` (5.4.1.1, try and increment, with the key as salt).
  static func encodeToCurve(
    salt: [UInt8], alpha: [UInt8], _ scratch: P256Scratch
  ) throws(VRFError) -> P256Point {
    var stream = SHA256Stream()
    for counter in UInt8.min...UInt8.max {
      stream.update([suite, 0x01])
      stream.update(salt)
      stream.update(alpha)
      stream.update([counter, 0x00])
      let compressed = [0x02] + stream.finalize().bytes
      if let point = P256Point(compressed: compressed, scratch) { return point }
    }
    throw .noPointForInput
  }

  /// The challenge over five compressed points (5.4.3).
  static func challenge(_ points: [[UInt8]]) -> [UInt8] {
    var stream = SHA256Stream()
    stream.update([suite, 0x02])
    for point in points { stream.update(point) }
    stream.update(UInt8(0x00))
    return Array(stream.finalize().bytes.prefix(challengeByteCount))
  }

  /// The output that belongs to a verified gamma (5.2; the cofactor of P-256 is 1).
  static func output(gamma: [UInt8]) -> VRFOutput {
    var stream = SHA256Stream()
    stream.update([suite, 0x03])
    stream.update(gamma)
    stream.update(UInt8(0x00))
    return VRFOutput(beta: stream.finalize())
  }
}

/// The random value of a VRF proof. Only a verified proof gives one.
public struct VRFOutput: Sendable, Hashable {
  /// 32 bytes that nobody can predict without the key, and that the key's owner cannot choose.
  public let beta: Digest
}

/// A VRF proof: gamma (33 bytes, compressed), challenge (16), scalar (32); unverified.
public struct VRFProof: Sendable, Hashable {
  /// The 81 bytes.
  public let bytes: [UInt8]

  /// Length in bytes.
  public static let byteCount = VRF.proofByteCount

  /// The proof with these bytes. Throws `wrongByteCount` unless there are exactly 81; all else is
  /// checked by `VRFPublicKey.verify`.
  public init(bytes: some Collection<UInt8>) throws(VRFError) {
    guard bytes.count == VRFProof.byteCount else {
      throw .wrongByteCount(field: "proof", actual: bytes.count, expected: VRFProof.byteCount)
    }
    self.bytes = Array(bytes)
  }

  /// The proof with these 162 hexadecimal digits (either case), or nil.
  public init?(hex: String) {
    guard let bytes = Hexadecimal.decode(hex), bytes.count == VRFProof.byteCount else { return nil }
    self.bytes = bytes
  }

  /// 162 lower-case hexadecimal digits.
  public var hex: String { Hexadecimal.encode(bytes) }

  var gamma: [UInt8] { Array(bytes[..<33]) }
  var challenge: [UInt8] { Array(bytes[33..<49]) }
  var scalar: [UInt8] { Array(bytes[49...]) }
}

extension VRFProof: CustomStringConvertible {
  /// 162 lower-case hexadecimal digits.
  public var description: String { hex }
}

extension VRFProof: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { byteCount }

  /// The 81 bytes, without a length.
  public func encode(to writer: inout CanonicalWriter) {
    writer.appendRaw(bytes)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    bytes = try reader.readRaw(count: VRFProof.byteCount, "VRF proof")
  }
}
