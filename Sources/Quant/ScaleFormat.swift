/// How the scale of a group is stored.
public enum ScaleFormat: String, Sendable, Hashable, CaseIterable {
  /// No scale: the codes stand for values by themselves.
  case none
  /// IEEE 754 binary32.
  case float32
  /// IEEE 754 binary16, rounded to nearest, saturating at 65504.
  case float16
  /// A power of two, 2^(byte - 127): E8M0 of OCP Microscaling 1.0.
  case e8m0
  /// Doubly quantized, as in QLoRA and NVFP4: FP8 E4M3 a group, times a float32 scale that 256
  /// groups share.
  case double

  /// Groups that share a record: 256 with double quantization, else 1.
  public var groupsPerRecord: Int { self == .double ? 256 : 1 }

  /// Bytes of a scale for each group, without the one that 256 groups share.
  public var byteCount: Int {
    switch self {
    case .none: 0
    case .float32: 4
    case .float16: 2
    case .e8m0, .double: 1
    }
  }

  /// Number in canonical bytes.
  public var identifier: UInt8 {
    switch self {
    case .none: 0
    case .float32: 1
    case .float16: 2
    case .e8m0: 3
    case .double: 4
    }
  }

  /// The scale format with the number `identifier`.
  public init?(identifier: UInt8) {
    guard let found = Self.allCases.first(where: { $0.identifier == identifier }) else {
      return nil
    }
    self = found
  }

  /// Bytes of the scale that the groups of a record share.
  var sharedByteCount: Int { self == .double ? 4 : 0 }

  /// The stored bits of the scale with which `largestValue` times it is about `magnitude`.
  ///
  /// float32 and float16: one IEEE division, rounded to the format; 0 if that underflows. Where
  /// `largestValue` times the float32 scale would be infinite, it is that of the largest finite
  /// float, rounded down. E8M0: the exponent floor(log2(magnitude)) - floor(log2(largestValue)),
  /// as OCP Microscaling 1.0 says (section 6.3), within -127...127; the byte 0 for the magnitude 0.
  /// Double: as float32; ``sharedCode(_:shared:largestValue:)`` is the second step.
  ///
  /// - Parameters:
  ///   - magnitude: at least 0.
  ///   - largestValue: above 0.
  func bits(magnitude: Float, largestValue: Float) -> UInt32 {
    switch self {
    case .none: return 0
    case .float32, .double:
      let scale = magnitude / largestValue
      if (scale * largestValue).isFinite { return scale.bitPattern }
      let largest = Float.greatestFiniteMagnitude / largestValue
      return ((largest * largestValue).isFinite ? largest : largest.nextDown).bitPattern
    case .float16:
      return BinaryInterchange.binary16.code(magnitude / largestValue)
    case .e8m0:
      guard magnitude > 0 else { return 0 }
      return UInt32(min(max(Int(magnitude.exponent) - Int(largestValue.exponent), -127), 127) + 127)
    }
  }

  /// The E4M3 code nearest to `scale` over the shared scale, and smaller while `largestValue` times
  /// the scale that it stands for is infinite; 0 if the shared scale is 0.
  static func sharedCode(_ scale: Float, shared: Float, largestValue: Float) -> UInt8 {
    guard shared > 0 else { return 0 }
    let book = Float8E4M3.codebook
    var code = book.codes[book.nearest(scale, scale: shared)]
    while !(book.valueOfCode[Int(code)] * shared * largestValue).isFinite { code -= 1 }
    return code
  }

  /// The largest E4M3 number.
  static let largestSharedValue = Float8E4M3.codebook.largestValue

  /// The scale that stored bits stand for; nil if no encoder writes them, or if `largestValue`
  /// times it is infinite. Negative only if `signed`.
  func scale(
    bits: UInt32, largestValue: Float, shared: Float = 1, signed: Bool = false
  ) -> Float? {
    let scale: Float
    switch self {
    case .none: return 1
    case .float32: scale = Float(bitPattern: bits)
    case .float16: scale = BinaryInterchange.binary16.value(bits)
    case .e8m0:
      guard bits < 255 else { return nil }
      scale = Float(sign: .plus, exponent: Int(bits) - 127, significand: 1)
    case .double:
      scale = Float8E4M3.codebook.valueOfCode[Int(bits & 0xff)] * shared
    }
    guard (scale * largestValue).isFinite, scale != 0 || scale.sign == .plus,
      scale >= 0 || signed
    else { return nil }
    return scale
  }
}
