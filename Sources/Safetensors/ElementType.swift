/// The types of elements that the format knows, with the names that a header uses.
public enum ElementType: String, Sendable, Hashable, CaseIterable {
  case bool = "BOOL"
  case uint8 = "U8"
  case int8 = "I8"
  case float8e5m2 = "F8_E5M2"
  case float8e4m3 = "F8_E4M3"
  case float8e8m0 = "F8_E8M0"
  case int16 = "I16"
  case uint16 = "U16"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int32 = "I32"
  case uint32 = "U32"
  case float32 = "F32"
  case complex64 = "C64"
  case float64 = "F64"
  case int64 = "I64"
  case uint64 = "U64"

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8, .float8e5m2, .float8e4m3, .float8e8m0: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .int32, .uint32, .float32: 4
    case .complex64, .float64, .int64, .uint64: 8
    }
  }

  /// Place in the order of the reference implementation, which lays tensors out by it.
  var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  /// Types that a model's parameters can be written in.
  public static let writable: [ElementType] = [.float32, .float16, .bfloat16]
}

/// Conversions between float32 and the bytes of other float types, little endian.
extension ElementType {
  /// Turns `source`, elements of this type, into float32; nil if this is no float type that fits.
  ///
  /// float16 and bfloat16 are widened without loss; float64 is rounded to nearest, ties to even.
  package func float32Values(_ source: UnsafeRawBufferPointer) -> [Float]? {
    let count = source.count / byteCount
    return [Float](unsafeUninitializedCapacity: count) { target, size in
      size = decode(source, into: target) ? count : 0
    }.nilIfShorter(than: count)
  }

  /// The same into memory that is there; false if this is no float type that fits.
  func decode(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>)
    -> Bool
  {
    precondition(source.count == target.count * byteCount)
    func bits<Bits: FixedWidthInteger>(_ i: Int, _: Bits.Type) -> Bits {
      Bits(littleEndian: source.loadUnaligned(fromByteOffset: i * Bits.bitWidth / 8, as: Bits.self))
    }
    switch self {
    case .float32:
      for i in target.indices { target[i] = Float(bitPattern: bits(i, UInt32.self)) }
    case .bfloat16:
      for i in target.indices { target[i] = Float(bitPattern: UInt32(bits(i, UInt16.self)) << 16) }
    case .float16:
      for i in target.indices { target[i] = Float(Float16(bitPattern: bits(i, UInt16.self))) }
    case .float64:
      for i in target.indices { target[i] = Float(Double(bitPattern: bits(i, UInt64.self))) }
    default: return false
    }
    return true
  }

  /// The bytes of `values` in this type, one of ``writable``; rounded to nearest, ties to even.
  package func bytes(of values: [Float]) -> [UInt8] {
    func bytes<Bits: FixedWidthInteger>(_ bits: (Float) -> Bits) -> [UInt8] {
      let size = Bits.bitWidth / 8
      return [UInt8](unsafeUninitializedCapacity: values.count * size) { target, count in
        let target = UnsafeMutableRawBufferPointer(target)
        for (i, value) in values.enumerated() {
          target.storeBytes(of: bits(value).littleEndian, toByteOffset: i * size, as: Bits.self)
        }
        count = values.count * size
      }
    }
    switch self {
    case .float32: return bytes { $0.bitPattern }
    case .float16: return bytes { Float16($0).bitPattern }
    case .bfloat16: return bytes(Self.bfloat16Bits)
    default: preconditionFailure("\(self) is not written")
    }
  }

  /// The upper half of a float32, rounded to nearest, ties to even; a NaN stays a quiet NaN.
  static func bfloat16Bits(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value.isNaN { return UInt16(bits >> 16) | 0x40 }
    return UInt16((bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }
}

extension [Float] {
  fileprivate func nilIfShorter(than count: Int) -> [Float]? { self.count < count ? nil : self }
}
