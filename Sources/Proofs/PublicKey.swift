internal import COpenSSL

/// An Ed25519 public key (RFC 8032, 5.1.5): 32 bytes, ordered like byte strings.
///
/// Any 32 bytes make a value of this type. Whether they are a usable key shows when a signature is
/// checked: `isValidSignature` is false for every signature under an unusable one.
public struct PublicKey: Sendable, Hashable {
  private let encodedPoint: Digest

  /// Length in bytes.
  public static let byteCount = 32

  /// The key with these bytes, or nil unless there are exactly 32.
  public init?(bytes: some Collection<UInt8>) {
    guard let encodedPoint = Digest(bytes: bytes) else { return nil }
    self.encodedPoint = encodedPoint
  }

  /// The key with these 64 hexadecimal digits (either case), or nil.
  public init?(hex: String) {
    guard let encodedPoint = Digest(hex: hex) else { return nil }
    self.encodedPoint = encodedPoint
  }

  /// The 32 bytes.
  public var bytes: [UInt8] { encodedPoint.bytes }

  /// 64 lower-case hexadecimal digits.
  public var hex: String { encodedPoint.hex }

  /// Whether `signature` is this key's signature of exactly `message` (RFC 8032, 5.1.7, without
  /// the cofactor; S must be below the group order).
  ///
  /// Keys with a y coordinate that is not reduced, and the points of small order, for which a
  /// signature can fit many messages, are valid for none.
  public func isValidSignature(_ signature: Signature, for message: [UInt8]) -> Bool {
    guard hasReducedCoordinate, !hasSmallOrder else { return false }
    let key = encodedPoint.withUnsafeBytes { raw in
      EVP_PKEY_new_raw_public_key(
        pogo_evp_pkey_ed25519(), nil, raw.baseAddress?.assumingMemoryBound(to: UInt8.self),
        raw.count)
    }
    guard let key else { return false }
    defer { EVP_PKEY_free(key) }
    guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory for Ed25519") }
    defer { EVP_MD_CTX_free(context) }
    guard EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else { return false }
    let status = EVP_DigestVerify(
      context, signature.bytes, Signature.byteCount, message, message.count)
    // OpenSSL leaves a refusal in this thread's error queue, where nothing reads it.
    if status != 1 { ERR_clear_error() }
    return status == 1
  }

  /// The coordinate y as four words, low word first, without the sign bit of x.
  private var coordinate: (UInt64, UInt64, UInt64, UInt64) {
    (
      encodedPoint.littleEndianWord(0), encodedPoint.littleEndianWord(1),
      encodedPoint.littleEndianWord(2), encodedPoint.littleEndianWord(3) & ~(1 << 63)
    )
  }

  /// y < p = 2^255 - 19.
  private var hasReducedCoordinate: Bool {
    let (y0, y1, y2, y3) = coordinate
    return y3 != .max >> 1 || y2 != .max || y1 != .max || y0 < 0xffff_ffff_ffff_ffed
  }

  /// Order 1, 2, 4 or 8: the five y coordinates of the eight points P with 8 P = 0.
  private var hasSmallOrder: Bool {
    switch coordinate {
    case (0, 0, 0, 0), (1, 0, 0, 0): true
    case (0xffff_ffff_ffff_ffec, .max, .max, 0x7fff_ffff_ffff_ffff): true
    case (
      0xb027_b2c2_8f95_e826, 0xf098_eff2_89f4_c345, 0x3933_c6d3_05ac_dfd5, 0x05fc_536d_8802_38b1
    ): true
    case (
      0x4fd8_4d3d_706a_17c7, 0x0f67_100d_760b_3cba, 0xc6cc_392c_fa53_202a, 0x7a03_ac92_77fd_c74e
    ): true
    default: false
    }
  }
}

extension PublicKey: Comparable {
  /// Order of the byte strings.
  public static func < (left: PublicKey, right: PublicKey) -> Bool {
    left.encodedPoint < right.encodedPoint
  }
}

extension PublicKey: CustomStringConvertible {
  /// 64 lower-case hexadecimal digits.
  public var description: String { hex }
}

extension PublicKey: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { byteCount }

  /// The 32 bytes, without a length.
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(encodedPoint)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    encodedPoint = try reader.readDigest()
  }
}
