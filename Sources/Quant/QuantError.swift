/// What is wrong with a format, with values to quantize or with bytes to decode.
///
/// Indices of values count from the beginning of the vector, indices of groups from 0.
public enum QuantError: Error, Hashable, Sendable {
  /// The bit width is not offered.
  case bitsOutOfRange(bits: Int, allowed: ClosedRange<Int>)
  /// The group size is not offered.
  case groupSizeOutOfRange(groupSize: Int, allowed: ClosedRange<Int>)
  /// A value is NaN or infinite.
  case notFinite(index: Int)
  /// The output has room for another number of values or bytes than the input makes.
  case wrongOutputCount(expected: Int, actual: Int)
  /// The number of values is negative, or takes more bytes than an `Int` counts.
  case valueCountOutOfRange(count: Int)
  /// The number of bytes is not that of so many values.
  case wrongByteCount(expected: Int, actual: Int)
  /// The scale of a group is negative, -0, infinite or NaN, or the largest code times it is
  /// infinite.
  case invalidScale(group: Int, bitPattern: UInt32)
  /// A code is below the smallest that the encoder makes.
  case invalidCode(group: Int, index: Int, code: Int)
  /// A group with the scale 0 has a code other than 0.
  case nonzeroCodeInZeroGroup(group: Int, index: Int, code: Int)
  /// The bits behind the last code of a group are not zero.
  case nonzeroPadding(group: Int)
  /// Two vectors to compare are of different lengths.
  case differentCounts(Int, Int)
}

extension QuantError: CustomStringConvertible {
  /// One line for a person.
  public var description: String {
    switch self {
    case .bitsOutOfRange(let bits, let allowed):
      return "bits must be in \(allowed), but is \(bits)"
    case .groupSizeOutOfRange(let groupSize, let allowed):
      return "the group size must be in \(allowed), but is \(groupSize)"
    case .notFinite(let index):
      return "value \(index) is NaN or infinite"
    case .wrongOutputCount(let expected, let actual):
      return "the output must have room for exactly \(expected), but has for \(actual)"
    case .valueCountOutOfRange(let count):
      return "\(count) is no possible number of values"
    case .wrongByteCount(let expected, let actual):
      return "expected \(expected) bytes, got \(actual)"
    case .invalidScale(let group, let bitPattern):
      return "group \(group): the scale with the bits 0x\(String(bitPattern, radix: 16)) is not +0"
        + " or a positive number whose largest multiple is finite"
    case .invalidCode(let group, let index, let code):
      return "group \(group), value \(index): the code \(code) is never used"
    case .nonzeroCodeInZeroGroup(let group, let index, let code):
      return "group \(group), value \(index): the code is \(code), but the scale is 0"
    case .nonzeroPadding(let group):
      return "group \(group): the bits behind the last code are not zero"
    case .differentCounts(let first, let second):
      return "cannot compare \(first) values with \(second)"
    }
  }
}
