/// A VRF public key: a point on P-256, compressed to 33 bytes. Every value is a valid key.
public struct VRFPublicKey: Sendable {
  /// The 33 bytes.
  public let bytes: [UInt8]
  private let point: P256Point

  /// Length in bytes.
  public static let byteCount = P256.pointByteCount

  init(bytes: [UInt8], point: P256Point) {
    self.bytes = bytes
    self.point = point
  }

  /// The key with these bytes, validated (RFC 9381, 5.4.5: a point on the curve, not the one at
  /// infinity, which has no encoding of this length; the cofactor is 1).
  /// Throws `wrongByteCount` or `notAPoint`.
  public init(bytes: some Collection<UInt8>) throws(VRFError) {
    guard bytes.count == VRFPublicKey.byteCount else {
      throw .wrongByteCount(
        field: "public key", actual: bytes.count, expected: VRFPublicKey.byteCount)
    }
    let copy = Array(bytes)
    guard let point = P256Point(compressed: copy, P256Scratch()) else {
      throw .notAPoint(field: "public key")
    }
    self.init(bytes: copy, point: point)
  }

  /// The key with these 66 hexadecimal digits (either case), or nil unless they are a valid key.
  public init?(hex: String) {
    guard let bytes = Hexadecimal.decode(hex), let key = try? VRFPublicKey(bytes: bytes) else {
      return nil
    }
    self = key
  }

  /// 66 lower-case hexadecimal digits.
  public var hex: String { Hexadecimal.encode(bytes) }

  /// The output that `proof` proves for the input `alpha` under this key (RFC 9381, 5.3).
  ///
  /// Throws `notAPoint`, `scalarOutOfRange`, `pointAtInfinity` or `challengeMismatch` for a wrong
  /// proof.
  public func verify(_ proof: VRFProof, _ alpha: [UInt8]) throws(VRFError) -> VRFOutput {
    let scratch = P256Scratch()
    guard let gamma = P256Point(compressed: proof.gamma, scratch) else {
      throw .notAPoint(field: "proof point")
    }
    let scalar = try P256Scalar(bigEndian: proof.scalar, secret: false, field: "proof scalar")
    let minusChallenge = try P256Scalar(
      bigEndian: proof.challenge, secret: false, field: "challenge"
    ).negated(scratch)
    let input = try VRF.encodeToCurve(salt: bytes, alpha: alpha, scratch)
    // U = s B - c Y, V = s H - c Gamma
    let u = try P256Point.generator(times: scalar, scratch)
      .plus(point.times(minusChallenge, scratch), scratch)
    let v = try input.times(scalar, scratch)
      .plus(gamma.times(minusChallenge, scratch), scratch)
    let computed = VRF.challenge([
      bytes, try input.compressed("input point", scratch), proof.gamma,
      try u.compressed("point U", scratch), try v.compressed("point V", scratch),
    ])
    guard computed == proof.challenge else {
      throw .challengeMismatch(computed: computed, claimed: proof.challenge)
    }
    return VRF.output(gamma: proof.gamma)
  }
}

extension VRFPublicKey: Hashable, Comparable {
  public static func == (left: VRFPublicKey, right: VRFPublicKey) -> Bool {
    left.bytes == right.bytes
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(bytes)
  }

  /// Order of the byte strings.
  public static func < (left: VRFPublicKey, right: VRFPublicKey) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}

extension VRFPublicKey: CustomStringConvertible {
  /// 66 lower-case hexadecimal digits.
  public var description: String { hex }
}

extension VRFPublicKey: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { byteCount }

  /// The 33 bytes, without a length.
  public func encode(to writer: inout CanonicalWriter) {
    writer.appendRaw(bytes)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let start = reader.offset
    let bytes = try reader.readRaw(count: VRFPublicKey.byteCount, "VRF public key")
    do {
      try self.init(bytes: bytes)
    } catch {
      throw .invalidValue(
        offset: start, expected: "a VRF public key", actual: Hexadecimal.encode(bytes))
    }
  }
}
