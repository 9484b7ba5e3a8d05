/// Turns float32 values into packed bytes of few bits and back.
///
/// Laws, tested for every format:
/// - Equal values give equal bytes, on every machine.
/// - Bytes that decode are the only bytes of their values' codes and scales.
/// - A group of zeros comes back as exact zeros.
public protocol Quantizer: Sendable, Hashable {
  /// Values that share a scale; any range of whole groups is a contiguous range of bytes.
  var groupSize: Int { get }

  /// Bytes of `values` values, scales included.
  func byteCount(values: Int) -> Int

  /// Packs `values` into exactly `byteCount(values:)` bytes.
  ///
  /// Throws ``QuantError/nonFiniteValue(index:value:)`` on NaN and infinity.
  func quantize(
    _ values: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer
  ) throws(QuantError)

  /// Unpacks bytes; throws ``QuantError`` on anything that ``quantize(_:into:)`` would not have
  /// written.
  func dequantize(
    _ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) throws(QuantError)
}

extension Quantizer {
  /// Bits that a value takes on average, scales included; `values` must be above 0.
  public func effectiveBitsPerValue(values: Int) -> Double {
    8 * Double(byteCount(values: values)) / Double(values)
  }

  /// Packs an array.
  public func quantize(_ values: [Float]) throws(QuantError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount(values: values.count))
    let result = bytes.withUnsafeMutableBytes { target in
      values.withUnsafeBufferPointer { source in
        Result { () throws(QuantError) in try quantize(source, into: target) }
      }
    }
    try result.get()
    return bytes
  }

  /// Unpacks `count` values.
  public func dequantize(_ bytes: [UInt8], count: Int) throws(QuantError) -> [Float] {
    guard bytes.count == byteCount(values: count) else {
      throw .wrongByteCount(actual: bytes.count, expected: byteCount(values: count))
    }
    var values = [Float](repeating: 0, count: count)
    let result = values.withUnsafeMutableBufferPointer { target in
      bytes.withUnsafeBytes { source in
        Result { () throws(QuantError) in try dequantize(source, into: target) }
      }
    }
    try result.get()
    return values
  }
}

/// Why values cannot be packed or bytes not unpacked.
public enum QuantError: Error, Sendable, Equatable, CustomStringConvertible {
  case bitsOutOfRange(Int)
  case groupSizeOutOfRange(Int)
  /// `index` counts from the first value of the vector.
  case nonFiniteValue(index: Int, value: Float)
  case wrongByteCount(actual: Int, expected: Int)
  case invalidScale(group: Int, scale: Float)
  /// `index` counts from the first value of the group.
  case invalidCode(group: Int, index: Int, code: Int)
  case nonZeroPadding(group: Int)

  public var description: String {
    switch self {
    case .bitsOutOfRange(let bits): "bits must be in 2...8, but is \(bits)"
    case .groupSizeOutOfRange(let size): "the group size must be in 1...65536, but is \(size)"
    case .nonFiniteValue(let index, let value): "value \(index) is \(value) and has no code"
    case .wrongByteCount(let actual, let expected):
      "\(expected) bytes are needed, but there are \(actual)"
    case .invalidScale(let group, let scale): "group \(group) has the impossible scale \(scale)"
    case .invalidCode(let group, let index, let code):
      "group \(group) has the impossible code \(code) at \(index)"
    case .nonZeroPadding(let group): "group \(group) is padded with other bits than zero"
    }
  }
}
