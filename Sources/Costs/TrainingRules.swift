/// The rules of thumb that published tables are made with, beside the exact counts.
public enum TrainingRules {
  /// 6 N D operations for D tokens through N parameters: two forward and four backward for each
  /// parameter and token (Kaplan et al., arXiv 2001.08361, section 2.1; Brown et al., arXiv
  /// 2005.14165, table D.1). Attention's scores and norms are not in it.
  public static func sixND(parameters: Double, tokens: Double) -> Double {
    6 * parameters * tokens
  }

  /// Days of 10^15 operations a second (arXiv 2005.14165, table D.1).
  public static func petaflopDays(_ flops: Double) -> Double { flops / (1e15 * 86_400) }

  /// Whether `value` is within half a unit of the last digit of `published`: what rounding to as many
  /// significant decimal digits explains.
  ///
  /// - Parameter digits: significant digits that were printed.
  public static func agrees(_ value: Double, published: Double, digits: Int) -> Bool {
    guard value.isFinite, published > 0, (1...15).contains(digits) else { return false }
    var unit = 1.0
    // Exact powers of ten up to 10^22; the C library's would differ between machines.
    while published / unit >= 10 { unit *= 10 }
    while published / unit < 1 { unit /= 10 }
    for _ in 1..<digits { unit /= 10 }
    return abs(value - published) <= unit * (0.5 + 1e-9)
  }
}
