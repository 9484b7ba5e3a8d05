/// A value with one canonical encoding, the bytes that are hashed, signed and stored.
///
/// Laws: decoding what was encoded gives an equal value; whatever decodes encodes to the same bytes
/// again; an encoding is never empty.
public protocol CanonicalCodable {
  /// A lower bound, at least 1, for the bytes of any value of this type. Readers use it to refuse
  /// impossible counts before they allocate.
  static var minimumEncodedByteCount: Int { get }

  /// Appends the encoding.
  func encode(to writer: inout CanonicalWriter)

  /// Reads one value; throws `CanonicalError` on anything an encoder would not have written.
  init(from reader: inout CanonicalReader) throws(CanonicalError)

  /// Appends the encoding of an array of this type: a count as u32 and each element. A type may do
  /// the same faster for many elements at once.
  static func encode(array: [Self], to writer: inout CanonicalWriter)

  /// Reads an array of this type.
  static func decodeArray(from reader: inout CanonicalReader) throws(CanonicalError) -> [Self]
}

extension CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 1 }

  public static func encode(array: [Self], to writer: inout CanonicalWriter) {
    writer.appendCount(array.count)
    for element in array { element.encode(to: &writer) }
  }

  public static func decodeArray(
    from reader: inout CanonicalReader
  ) throws(CanonicalError) -> [Self] { try reader.readArray() }

  /// The whole encoding.
  public var canonicalBytes: [UInt8] {
    var writer = CanonicalWriter()
    encode(to: &writer)
    return writer.bytes
  }

  /// The value that `canonicalBytes` encode; throws also when bytes follow it.
  public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
    var reader = CanonicalReader(canonicalBytes)
    try self.init(from: &reader)
    try reader.finish()
  }
}

extension UInt8: CanonicalCodable {
  public func encode(to writer: inout CanonicalWriter) { writer.append(self) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self = try reader.readUInt8()
  }

  // Byte strings are too long to go byte by byte.
  public static func encode(array: [UInt8], to writer: inout CanonicalWriter) {
    writer.append(array)
  }
  public static func decodeArray(
    from reader: inout CanonicalReader
  ) throws(CanonicalError) -> [UInt8] { try reader.readBytes() }
}

extension UInt16: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 2 }
  public func encode(to writer: inout CanonicalWriter) { writer.append(self) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self = try reader.readUInt16()
  }
}

extension UInt32: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 4 }
  public func encode(to writer: inout CanonicalWriter) { writer.append(self) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self = try reader.readUInt32()
  }
}

extension UInt64: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 8 }
  public func encode(to writer: inout CanonicalWriter) { writer.append(self) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self = try reader.readUInt64()
  }
}

extension Int64: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 8 }
  public func encode(to writer: inout CanonicalWriter) { writer.append(self) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self = try reader.readInt64()
  }
}

/// Encoded as `Int64`.
extension Int: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 8 }
  public func encode(to writer: inout CanonicalWriter) { writer.append(Int64(self)) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let start = reader.offset
    let value = try reader.readInt64()
    guard let exact = Int(exactly: value) else {
      throw .invalidValue(offset: start, expected: "an Int", actual: "\(value)")
    }
    self = exact
  }
}

extension Float: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 4 }
  public func encode(to writer: inout CanonicalWriter) { writer.append(self) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self = try reader.readFloat()
  }
}

extension Double: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 8 }
  public func encode(to writer: inout CanonicalWriter) { writer.append(self) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self = try reader.readDouble()
  }
}

extension Bool: CanonicalCodable {
  public func encode(to writer: inout CanonicalWriter) { writer.append(self) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self = try reader.readBool()
  }
}

extension String: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 4 }
  public func encode(to writer: inout CanonicalWriter) { writer.append(self) }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self = try reader.readString()
  }
}

extension Array: CanonicalCodable where Element: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 4 }

  public func encode(to writer: inout CanonicalWriter) {
    Element.encode(array: self, to: &writer)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self = try Element.decodeArray(from: &reader)
  }
}

/// One byte, 0 for nil or 1, then the value.
extension Optional: CanonicalCodable where Wrapped: CanonicalCodable {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(self != nil)
    if let value = self { value.encode(to: &writer) }
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    self = try reader.readBool() ? try Wrapped(from: &reader) : nil
  }
}
