/// An Ed25519 signature (RFC 8032, 5.1.6): 64 bytes.
public struct Signature: Sendable, Hashable {
  private let first: Digest
  private let second: Digest

  /// Length in bytes.
  public static let byteCount = 64

  /// The signature with these bytes, or nil unless there are exactly 64.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Signature.byteCount,
      let first = Digest(bytes: bytes.prefix(32)),
      let second = Digest(bytes: bytes.suffix(32))
    else { return nil }
    self.first = first
    self.second = second
  }

  /// The signature with these 128 hexadecimal digits (either case), or nil.
  public init?(hex: String) {
    guard let bytes = Hexadecimal.decode(hex) else { return nil }
    self.init(bytes: bytes)
  }

  /// The 64 bytes: R, then S.
  public var bytes: [UInt8] { first.bytes + second.bytes }

  /// 128 lower-case hexadecimal digits.
  public var hex: String { first.hex + second.hex }
}

extension Signature: CustomStringConvertible {
  /// 128 lower-case hexadecimal digits.
  public var description: String { hex }
}

extension Signature: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { byteCount }

  /// The 64 bytes, without a length.
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(first)
    writer.append(second)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    first = try reader.readDigest()
    second = try reader.readDigest()
  }
}
