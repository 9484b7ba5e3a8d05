/// A SHA-256 digest: 32 bytes, ordered like byte strings.
///
/// The layout in memory is the 32 bytes themselves, so an array of digests is one contiguous
/// byte string that can be hashed or stored as it is.
public struct Digest: Sendable, Hashable {
  // Bytes 0-7, 8-15, 16-23, 24-31 as they lie in memory.
  private var word0: UInt64
  private var word1: UInt64
  private var word2: UInt64
  private var word3: UInt64

  /// Length in bytes.
  public static let byteCount = 32

  /// 32 zero bytes.
  public static let zero = Digest { _ in }

  /// Lets `fill` write the 32 bytes; those it leaves alone are zero.
  init(_ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    word0 = 0
    word1 = 0
    word2 = 0
    word3 = 0
    withUnsafeMutableBytes(of: &self, fill)
  }

  /// The digest with these bytes, or nil unless there are exactly 32.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Digest.byteCount else { return nil }
    self.init { $0.copyBytes(from: bytes) }
  }

  /// The digest with these 64 hexadecimal digits (either case), or nil.
  public init?(hex: String) {
    guard let bytes = Hexadecimal.decode(hex) else { return nil }
    self.init(bytes: bytes)
  }

  /// The 32 bytes.
  public var bytes: [UInt8] {
    withUnsafeBytes { Array($0) }
  }

  /// 64 lower-case hexadecimal digits.
  public var hex: String {
    withUnsafeBytes { Hexadecimal.encode($0) }
  }

  /// Calls `body` with the 32 bytes in place.
  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try Swift.withUnsafeBytes(of: self, body)
  }

  /// Bytes `8 * index` to `8 * index + 7` as a little-endian number; `index` is in 0...3.
  /// Seeds of counter-based random numbers are taken from here.
  public func littleEndianWord(_ index: Int) -> UInt64 {
    precondition(0 <= index && index < 4, "a digest has four words")
    return withUnsafeBytes {
      UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
    }
  }
}

extension Digest: Comparable {
  /// Order of the byte strings.
  public static func < (left: Digest, right: Digest) -> Bool {
    if left.word0 != right.word0 { return left.word0.bigEndian < right.word0.bigEndian }
    if left.word1 != right.word1 { return left.word1.bigEndian < right.word1.bigEndian }
    if left.word2 != right.word2 { return left.word2.bigEndian < right.word2.bigEndian }
    return left.word3.bigEndian < right.word3.bigEndian
  }
}

extension Digest: CustomStringConvertible {
  /// 64 lower-case hexadecimal digits.
  public var description: String { hex }
}

extension Digest: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { byteCount }

  /// The 32 bytes, without a length.
  public func encode(to writer: inout CanonicalWriter) {
    withUnsafeBytes { writer.appendRaw($0) }
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self = try reader.readDigest()
  }
}
