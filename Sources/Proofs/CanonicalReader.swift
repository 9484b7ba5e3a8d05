/// Reads canonical encodings from untrusted bytes.
///
/// Every read either gives a value that was encoded in the one canonical way or throws a
/// `CanonicalError` with the offset. Counts are compared with what remains of the input before
/// anything is allocated, so a short input cannot claim much memory.
public struct CanonicalReader: Sendable {
  private let bytes: [UInt8]

  /// Bytes read so far.
  public private(set) var offset = 0

  /// Reads `bytes` from their start.
  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Reads `bytes` from their start; offsets count from there.
  public init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = Array(bytes)
  }

  /// Bytes not yet read.
  public var remainingByteCount: Int { bytes.count - offset }

  /// Throws `trailingBytes` unless everything was read.
  public func finish() throws(CanonicalError) {
    guard remainingByteCount == 0 else {
      throw .trailingBytes(offset: offset, count: remainingByteCount)
    }
  }

  /// One byte.
  public mutating func readUInt8() throws(CanonicalError) -> UInt8 {
    try readInteger("UInt8")
  }

  /// 2 bytes, little endian.
  public mutating func readUInt16() throws(CanonicalError) -> UInt16 {
    try readInteger("UInt16")
  }

  /// 4 bytes, little endian.
  public mutating func readUInt32() throws(CanonicalError) -> UInt32 {
    try readInteger("UInt32")
  }

  /// 8 bytes, little endian.
  public mutating func readUInt64() throws(CanonicalError) -> UInt64 {
    try readInteger("UInt64")
  }

  /// 8 bytes, two's complement, little endian.
  public mutating func readInt64() throws(CanonicalError) -> Int64 {
    try readInteger("Int64")
  }

  /// A u64 that fits an `Int`; larger ones throw `invalidValue`. `expected` names it in errors.
  public mutating func readCount64(_ expected: String) throws(CanonicalError) -> Int {
    let start = offset
    let value: UInt64 = try readInteger(expected)
    guard let count = Int(exactly: value) else {
      throw .invalidValue(offset: start, expected: "\(expected) below 2^63", actual: "\(value)")
    }
    return count
  }

  /// 4 bytes, an IEEE 754 bit pattern.
  public mutating func readFloat() throws(CanonicalError) -> Float {
    Float(bitPattern: try readInteger("Float"))
  }

  /// 8 bytes, an IEEE 754 bit pattern.
  public mutating func readDouble() throws(CanonicalError) -> Double {
    Double(bitPattern: try readInteger("Double"))
  }

  /// One byte, which must be 0 or 1.
  public mutating func readBool() throws(CanonicalError) -> Bool {
    let start = offset
    let value: UInt8 = try readInteger("Bool")
    guard value <= 1 else {
      throw .invalidValue(offset: start, expected: "0 or 1", actual: "\(value)")
    }
    return value == 1
  }

  /// 32 bytes.
  public mutating func readDigest() throws(CanonicalError) -> Digest {
    let range = try take(Digest.byteCount, "Digest")
    return bytes.withUnsafeBytes { source in
      Digest { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[range])) }
    }
  }

  /// A byte string: its u32 count, then the bytes.
  public mutating func readBytes() throws(CanonicalError) -> [UInt8] {
    let count = try readElementCount("byte string", minimumByteCount: 1)
    return try readRaw(count: count, "byte string")
  }

  /// `count` bytes without a length field. `expected` names them in errors.
  public mutating func readRaw(
    count: Int, _ expected: String
  ) throws(CanonicalError) -> [UInt8] {
    precondition(count >= 0, "a count is never negative")
    return Array(bytes[try take(count, expected)])
  }

  /// A text: its u32 count of UTF-8 bytes, then those bytes, which must be UTF-8.
  public mutating func readString() throws(CanonicalError) -> String {
    let count = try readElementCount("string", minimumByteCount: 1)
    let range = try take(count, "string")
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw .invalidUTF8(offset: range.lowerBound)
    }
    return text
  }

  /// An array: its u32 count, then each element.
  public mutating func readArray<Element: CanonicalCodable>(
    of type: Element.Type = Element.self
  ) throws(CanonicalError) -> [Element] {
    let count = try readElementCount(
      "array of \(Element.self)", minimumByteCount: Element.minimumEncodedByteCount)
    var elements: [Element] = []
    // In memory an element may be larger than its encoding: grow with what is really there.
    elements.reserveCapacity(min(count, remainingByteCount / max(MemoryLayout<Element>.stride, 1)))
    for _ in 0..<count {
      elements.append(try Element(from: &self))
    }
    return elements
  }

  /// Any other value.
  public mutating func read<Value: CanonicalCodable>(
    _ type: Value.Type = Value.self
  ) throws(CanonicalError) -> Value {
    try Value(from: &self)
  }

  /// A u32 count of elements that take at least `minimumByteCount` (1 or more) bytes each; throws
  /// `lengthTooLarge` when so many cannot follow. `expected` names what is counted.
  public mutating func readElementCount(
    _ expected: String, minimumByteCount: Int
  ) throws(CanonicalError) -> Int {
    let start = offset
    let count: UInt32 = try readInteger("length of \(expected)")
    let limit = remainingByteCount / max(minimumByteCount, 1)
    guard count <= limit else {
      throw .lengthTooLarge(
        offset: start, expected: expected, length: UInt64(count), limit: limit)
    }
    return Int(count)
  }

  private mutating func readInteger<Value: FixedWidthInteger>(
    _ expected: @autoclosure () -> String
  ) throws(CanonicalError) -> Value {
    let range = try take(MemoryLayout<Value>.size, expected())
    return bytes.withUnsafeBytes {
      Value(littleEndian: $0.loadUnaligned(fromByteOffset: range.lowerBound, as: Value.self))
    }
  }

  private mutating func take(
    _ count: Int, _ expected: @autoclosure () -> String
  ) throws(CanonicalError) -> Range<Int> {
    guard count <= remainingByteCount else {
      throw .unexpectedEnd(
        offset: offset, expected: expected(), needed: count, remaining: remainingByteCount)
    }
    defer { offset += count }
    return offset..<(offset + count)
  }
}
