/// Symmetric integers of 2 to 8 bits with one float32 scale for each group. The bytes are specified
/// in docs/quantization.md.
public struct IntegerFormat: Sendable, Hashable {
  /// The width of a code.
  public let bits: Int
  /// The number of values that share a scale.
  public let groupSize: Int

  /// The widths there are.
  public static let allowedBits = 2...8
  /// The group sizes there are.
  public static let allowedGroupSizes = 1...65536
  /// The size of the scale at the beginning of a record.
  public static let scaleByteCount = 4

  /// Throws `bitsOutOfRange`, `groupSizeOutOfRange`.
  public init(bits: Int, groupSize: Int) throws(QuantError) {
    guard Self.allowedBits.contains(bits) else {
      throw .bitsOutOfRange(bits: bits, allowed: Self.allowedBits)
    }
    guard Self.allowedGroupSizes.contains(groupSize) else {
      throw .groupSizeOutOfRange(groupSize: groupSize, allowed: Self.allowedGroupSizes)
    }
    self.bits = bits
    self.groupSize = groupSize
  }

  /// Codes are `-largestCode...largestCode`: 1, 3, 7, 15, 31, 63 or 127.
  public var largestCode: Int { 1 << (bits - 1) - 1 }

  /// The size in bytes of the record of a whole group: the scale and the packed codes.
  public var recordByteCount: Int { byteCount(record: groupSize) }

  /// The size in bytes of the record of a group of `count` values.
  func byteCount(record count: Int) -> Int {
    Self.scaleByteCount + (count * bits + 7) / 8
  }

  /// The size in bytes of `values` encoded values; `Int.max` if that is more than an `Int` counts.
  public func byteCount(values: Int) -> Int {
    precondition(values >= 0)
    let (whole, rest) = values.quotientAndRemainder(dividingBy: groupSize)
    let (bytes, overflow) = whole.multipliedReportingOverflow(by: recordByteCount)
    let (sum, sumOverflow) = bytes.addingReportingOverflow(
      rest == 0 ? 0 : byteCount(record: rest))
    return overflow || sumOverflow ? Int.max : sum
  }

  /// The scale of a group whose largest absolute value is `largestMagnitude`, finite.
  ///
  /// One IEEE division by the largest code. Where this rounds up so that the largest code times the
  /// scale is infinite (6 and 8 bits, largest finite float), it is the next smaller float.
  func scale(largestMagnitude: Float) -> Float {
    let scale = largestMagnitude / Float(largestCode)
    return (scale * Float(largestCode)).isFinite ? scale : scale.nextDown
  }

  /// With the scale s, the largest code L and u = 2^-24: s (1/2 + 4 L u), and L 2^-150 more if s is
  /// zero or subnormal.
  ///
  /// Rounding a quotient of at most L to an integer moves it by 1/2; the quotient itself, the
  /// product in decoding and the scale are each off by at most a few u of a number up to L s. A
  /// subnormal scale is off by up to half of 2^-149 in itself, L times as much at the largest code.
  public func errorBound(largestMagnitude: Float) -> Double {
    let scale = Double(scale(largestMagnitude: largestMagnitude))
    let rounding = scale * (0.5 + Double(largestCode) * 0x1p-22)
    return scale < Double(Float.leastNormalMagnitude)
      ? rounding + Double(largestCode) * 0x1p-150 : rounding
  }
}
