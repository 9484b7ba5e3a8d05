/// Turns float32 values into low-bit codes and back, group by group.
///
/// A vector is cut into groups of `groupSize` values, the last of which may be shorter. Each group
/// becomes one record, records follow each other without gaps, and no record depends on another
/// group: so any range of whole groups is a range of bytes, and can be encoded and decoded alone.
/// Matrices are taken as flat vectors.
///
/// Laws, checked in `QuantizerLawTests` for every format:
/// - Equal values give equal bytes; the number of bytes depends on the number of values alone.
/// - Bytes from `quantize` decode, and no value moves by more than `errorBound` for its group.
/// - A group of zeros (of either sign) comes back as +0.
/// - Encoding a range of whole groups gives that range of the bytes.
/// - Encoding decoded bytes gives the same bytes, unless a scale is subnormal.
/// - NaN and infinity are refused; bytes that no encoder makes are refused where it can tell.
public protocol Quantizer: Sendable {
  /// The number of values that share a scale.
  var groupSize: Int { get }
  /// The size in bytes of the record of a whole group.
  var recordByteCount: Int { get }

  /// The size in bytes of `values` encoded values; `Int.max` if that is more than an `Int` counts.
  /// A negative number of values is a programming error.
  func byteCount(values: Int) -> Int

  /// How far decoding may move a value of a group, where `largestMagnitude` is the largest absolute
  /// value in the group. Finite and not negative.
  func errorBound(largestMagnitude: Float) -> Double

  /// Encodes all values. `bytes` must have room for exactly `byteCount(values: values.count)`; the
  /// two must not overlap. If it throws, `bytes` holds nothing of use.
  ///
  /// Throws `notFinite`, `wrongOutputCount`.
  func quantize(
    _ values: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableBufferPointer<UInt8>
  ) throws(QuantError)

  /// Decodes as many values as `values` has room for, which must be what the bytes hold. The bytes
  /// are not trusted. If it throws, `values` holds nothing of use.
  ///
  /// Throws `wrongByteCount`, and what the format finds wrong.
  func dequantize(
    _ bytes: UnsafeBufferPointer<UInt8>, into values: UnsafeMutableBufferPointer<Float>
  ) throws(QuantError)
}

extension Quantizer {
  /// Encodes all values. Throws `notFinite`, and `valueCountOutOfRange` if the bytes cannot be
  /// counted.
  public func quantize(_ values: [Float]) throws(QuantError) -> [UInt8] {
    let count = byteCount(values: values.count)
    guard count < Int.max else { throw .valueCountOutOfRange(count: values.count) }
    var bytes = [UInt8](repeating: 0, count: count)
    var failure: QuantError?
    values.withUnsafeBufferPointer { input in
      bytes.withUnsafeMutableBufferPointer { output in
        do throws(QuantError) { try quantize(input, into: output) } catch { failure = error }
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Decodes `count` values. The bytes and `count` are not trusted; their number is checked
  /// before memory for the values is taken.
  ///
  /// Throws `wrongByteCount`, `valueCountOutOfRange`, and what the format finds wrong.
  public func dequantize(_ bytes: [UInt8], count: Int) throws(QuantError) -> [Float] {
    guard count >= 0 else { throw .valueCountOutOfRange(count: count) }
    let expected = byteCount(values: count)
    guard bytes.count == expected else {
      throw .wrongByteCount(expected: expected, actual: bytes.count)
    }
    var values = [Float](repeating: 0, count: count)
    try values.withUnsafeMutableBufferPointer { (output) throws(QuantError) in
      try dequantize(bytes[...], into: output)
    }
    return values
  }

  /// Decodes a part of the bytes, which must be whole records, into as many values as `values` has
  /// room for. Groups and values in errors count from the beginning of the part.
  public func dequantize(
    _ bytes: ArraySlice<UInt8>, into values: UnsafeMutableBufferPointer<Float>
  ) throws(QuantError) {
    var failure: QuantError?
    bytes.withUnsafeBufferPointer { input in
      do throws(QuantError) { try dequantize(input, into: values) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// The number of groups, the last of which may be short.
  public func groupCount(values: Int) -> Int {
    values / groupSize + (values % groupSize == 0 ? 0 : 1)
  }

  /// Where the records of some groups lie in the encoding of `values` values. `groups` must lie in
  /// `0..<groupCount(values:)`.
  public func byteRange(groups: Range<Int>, values: Int) -> Range<Int> {
    let end = byteCount(values: values)
    precondition(groups.lowerBound >= 0 && groups.upperBound <= groupCount(values: values))
    return min(
      groups.lowerBound * recordByteCount, end)..<min(groups.upperBound * recordByteCount, end)
  }

  /// Bits stored for each value, scales and padding included; 0 for no values.
  public func effectiveBitsPerValue(values: Int) -> Double {
    values == 0 ? 0 : Double(byteCount(values: values)) * 8 / Double(values)
  }
}
