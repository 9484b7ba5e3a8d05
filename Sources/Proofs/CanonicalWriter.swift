/// Writes the canonical encoding of everything that is hashed or signed.
///
/// Numbers are little endian and of fixed width, floats are their IEEE 754 bit patterns, byte
/// strings, texts and arrays start with a u32 count. A value has exactly one encoding.
public struct CanonicalWriter: Sendable {
  /// What was written so far.
  public private(set) var bytes: [UInt8] = []

  /// An empty writer.
  public init() {}

  /// An empty writer with room for `byteCount` bytes.
  public init(reservingCapacity byteCount: Int) {
    bytes.reserveCapacity(byteCount)
  }

  /// One byte.
  public mutating func append(_ value: UInt8) {
    bytes.append(value)
  }

  /// 2 bytes, little endian.
  public mutating func append(_ value: UInt16) {
    appendLittleEndian(value)
  }

  /// 4 bytes, little endian.
  public mutating func append(_ value: UInt32) {
    appendLittleEndian(value)
  }

  /// 8 bytes, little endian.
  public mutating func append(_ value: UInt64) {
    appendLittleEndian(value)
  }

  /// 8 bytes, two's complement, little endian.
  public mutating func append(_ value: Int64) {
    appendLittleEndian(value)
  }

  /// The bit pattern as 4 bytes, little endian. NaNs and the sign of zero are kept.
  public mutating func append(_ value: Float) {
    appendLittleEndian(value.bitPattern)
  }

  /// The bit pattern as 8 bytes, little endian. NaNs and the sign of zero are kept.
  public mutating func append(_ value: Double) {
    appendLittleEndian(value.bitPattern)
  }

  /// One byte, 0 or 1.
  public mutating func append(_ value: Bool) {
    bytes.append(value ? 1 : 0)
  }

  /// 32 bytes, without a length.
  public mutating func append(_ value: Digest) {
    value.withUnsafeBytes { appendRaw($0) }
  }

  /// The count as u32, then the bytes. There must be less than 2^32 of them.
  public mutating func append(_ value: [UInt8]) {
    appendCount(value.count)
    bytes.append(contentsOf: value)
  }

  /// The number of UTF-8 bytes as u32, then those bytes. There must be less than 2^32 of them.
  public mutating func append(_ value: String) {
    append(Array(value.utf8))
  }

  /// The encoding of any other value; for an array, its count as u32 and then each element.
  public mutating func append(_ value: some CanonicalCodable) {
    value.encode(to: &self)
  }

  /// The bytes alone, for fields whose length is known from elsewhere.
  public mutating func appendRaw(_ value: some Collection<UInt8>) {
    bytes.append(contentsOf: value)
  }

  /// A count of elements as u32. It must be less than 2^32.
  public mutating func appendCount(_ count: Int) {
    precondition(0 <= count && count <= Int(UInt32.max), "a canonical count has 32 bits")
    append(UInt32(count))
  }

  private mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
}
