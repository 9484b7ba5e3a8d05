/// What is wrong with a format, with values to quantize or with bytes to decode.
///
/// Indices of values count from the beginning of the vector, indices of groups from 0.
public enum QuantError: Error, Hashable, Sendable {
  /// The bit width is not offered.
  case bitsOutOfRange(bits: Int, allowed: ClosedRange<Int>)
  /// The group size is not offered.
  case groupSizeOutOfRange(groupSize: Int, allowed: ClosedRange<Int>)
  /// The scale format does not go with the element format.
  case scaleNotOffered(ScaleFormat, element: String)
  /// A percentile is not above 0 and at most 100 %.
  case percentileOutOfRange(millionths: Int)
  /// The size of a rotation is no power of two in 2...4096.
  case rotationSize(Int)
  /// Neither of the sizes of rotation and group divides the other, or there is no scale.
  case rotationNotOffered(size: Int, groupSize: Int)
  /// The option does not go with the element format.
  case optionNotOffered(String, element: String)
  /// The rotation makes infinity of finite values.
  case rotationOverflow(index: Int)
  /// A name of a format has a part that is not known, or known already.
  case unknownName(String, part: String)
  /// A value is NaN or infinite.
  case notFinite(index: Int)
  /// The output has room for another number of values or bytes than the input makes.
  case wrongOutputCount(expected: Int, actual: Int)
  /// The number of values is negative, or takes more bytes than an `Int` counts.
  case valueCountOutOfRange(count: Int)
  /// The number of bytes is not that of so many values.
  case wrongByteCount(expected: Int, actual: Int)
  /// The scale of a group is negative, -0, infinite or NaN, or the largest code times it is
  /// infinite; or it is 0 and the zero point is not.
  case invalidScale(group: Int, bitPattern: UInt32)
  /// The zero point of a group is larger than the largest code.
  case invalidZeroPoint(group: Int, zeroPoint: Int, largest: Int)
  /// A code without a scale stands for infinity or NaN.
  case notFiniteCode(index: Int)
  /// No encoder makes the code.
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
    case .scaleNotOffered(let scale, let element):
      return scale == .none
        ? "\(element) needs a scale: float32, float16 or e8m0"
        : "\(element) has no scale, so it cannot be \(scale.rawValue)"
    case .percentileOutOfRange(let millionths):
      return "a percentile must be above 0 and at most 100 %, but is \(Double(millionths) / 1e4) %"
    case .rotationSize(let size):
      return "the size of a rotation must be a power of two in \(Rotation.allowedSizes), but is"
        + " \(size)"
    case .rotationNotOffered(let size, let groupSize):
      return
        "of the sizes of rotation and group, \(size) and \(groupSize), one must divide the other"
    case .optionNotOffered(let option, let element):
      return "\(option) does not go with \(element)"
    case .rotationOverflow(let index):
      return "value \(index): the rotated value is too large for float32"
    case .unknownName(let name, let part):
      return
        "'\(name)' is no format: '\(part)' is no element format, group size (g64, tensor), scale"
        + " (float32, float16, e8m0, double), rounding (nearest, stochastic), clipping (absmax, mean,"
        + " p99.9, mse) or rotation (had64, had64-7), or it comes twice"
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
    case .invalidZeroPoint(let group, let zeroPoint, let largest):
      return "group \(group): the zero point is \(zeroPoint), but the largest code \(largest)"
    case .notFiniteCode(let index):
      return "value \(index): the code stands for infinity or NaN"
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
