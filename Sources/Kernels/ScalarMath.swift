/// sin, cos, exp and log of single numbers in binary64, by a fixed order of IEEE 754 operations
/// without fma, so that tables and schedules have the same bits on every machine: the C library's
/// functions differ from version to version. docs/arithmetic.md writes the series out.
///
/// Errors are a few units of the last place of binary64: rounded to binary32, a result is almost
/// always the nearest number.
public enum ScalarMath {
  /// sin and cos of 2 * pi * `turns`, for every finite number of turns.
  public static func sineAndCosine(turns: Double) -> (sine: Double, cosine: Double) {
    precondition(turns.isFinite, "sine of \(turns) turns")
    // Both differences are exact.
    let fraction = turns - turns.rounded(.toNearestOrEven)
    let quarter = (fraction * 4).rounded(.toNearestOrEven)
    let x = (fraction - quarter * 0.25) * 6.283185307179586
    let square = x * x
    // Taylor's series, from its last term: x^17 / 17! and x^18 / 18!.
    var sine = 1.0
    var cosine = 1.0
    for k in stride(from: 16.0, through: 2, by: -2) {
      sine = 1 - sine * square / (k * (k + 1))
    }
    for k in stride(from: 17.0, through: 1, by: -2) {
      cosine = 1 - cosine * square / (k * (k + 1))
    }
    sine *= x
    switch Int(quarter) & 3 {
    case 0: return (sine, cosine)
    case 1: return (cosine, -sine)
    case 2: return (-sine, -cosine)
    default: return (-cosine, sine)
    }
  }

  /// e^x; infinite above 709.78, zero below -745.13.
  public static func exponential(_ x: Double) -> Double {
    if x.isNaN { return x }
    if x > 710 { return .infinity }
    if x < -746 { return 0 }
    let n = (x * 1.4426950408889634).rounded(.toNearestOrEven)
    // ln 2 in two parts: the first has 33 bits, so that its product with n is exact.
    let r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33
    var sum = 1.0
    for k in stride(from: 14.0, through: 1, by: -1) { sum = 1 + sum * r / k }
    // Two factors, because 2^n itself may be out of range.
    let half = Int(n) >> 1
    return sum * Double(sign: .plus, exponent: half, significand: 1)
      * Double(sign: .plus, exponent: Int(n) - half, significand: 1)
  }

  /// The natural logarithm of a finite number above zero.
  public static func logarithm(_ x: Double) -> Double {
    precondition(x > 0 && x.isFinite, "logarithm of \(x)")
    var (m, e) = (x.significand, Double(x.exponent))
    if m > 1.4142135623730951 {
      m *= 0.5
      e += 1
    }
    // ln m = 2 * (s + s^3 / 3 + s^5 / 5 + ...)
    let s = (m - 1) / (m + 1)
    let square = s * s
    var sum = 1.0 / 23
    for k in stride(from: 21.0, through: 1, by: -2) { sum = 1 / k + sum * square }
    return e * 0x1.62e42feep-1 + (e * 0x1.a39ef35793c76p-33 + 2 * (s * sum))
  }
}
