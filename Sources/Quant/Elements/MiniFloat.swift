/// A floating-point format of at most 8 bits: a sign, `exponentBits` and `significandBits`, with
/// subnormals (OCP Microscaling 1.0, section 5.3; OCP 8-bit Floating Point 1.0).
struct MiniFloat: Sendable {
  let exponentBits: Int
  let significandBits: Int
  /// Which of the largest magnitudes are not numbers.
  let special: Special

  enum Special: Sendable {
    /// Every code is a number.
    case none
    /// All exponent bits set: infinity and NaN, as in IEEE 754.
    case infinityAndNaN
    /// All bits but the sign set: NaN.
    case oneNaN
  }

  var bits: Int { 1 + exponentBits + significandBits }

  /// The value of a code; NaN and infinity included.
  func value(ofCode code: UInt8) -> Float {
    let sign: FloatingPointSign = code >> UInt8(bits - 1) & 1 == 1 ? .minus : .plus
    let exponent = Int(code >> UInt8(significandBits)) & (1 << exponentBits - 1)
    let significand = Int(code) & (1 << significandBits - 1)
    let isLast = exponent == 1 << exponentBits - 1
    switch special {
    case .infinityAndNaN where isLast:
      return significand == 0 ? Float(sign: sign, exponent: 0, significand: .infinity) : .nan
    case .oneNaN where isLast && significand == 1 << significandBits - 1: return .nan
    default: break
    }
    let bias = 1 << (exponentBits - 1) - 1
    let whole = exponent == 0 ? significand : significand + 1 << significandBits
    return Float(
      sign: sign, exponent: max(exponent, 1) - bias - significandBits, significand: Float(whole))
  }

  /// The finite values but the negative zero.
  var codebook: Codebook {
    Codebook(bits: bits) { code in
      let value = value(ofCode: code)
      return value.isFinite && value.bitPattern != (-0.0 as Float).bitPattern ? value : nil
    }
  }
}
