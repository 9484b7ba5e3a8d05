import Foundation

/// The mean of independent values with its 95 % confidence interval by Student's t.
public struct Interval: Sendable, Equatable {
  /// How many values.
  public let count: Int
  /// Their mean.
  public let mean: Double
  /// Half the width of the interval; NaN for a single value.
  public let halfWidth: Double

  /// The interval of at least one value.
  public init(_ values: [Double]) {
    precondition(!values.isEmpty, "an interval of no values")
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    count = values.count
    self.mean = mean
    halfWidth =
      values.count > 1
      ? Self.quantile(degrees: values.count - 1) * (squares / (n - 1) / n).squareRoot() : .nan
  }

  /// The 97.5 % quantile of Student's t distribution: a table for up to 30 degrees of freedom, and
  /// the expansion of Cornish and Fisher about the normal quantile above it (error below 1e-5).
  static func quantile(degrees: Int) -> Double {
    let table = [
      12.7062047362, 4.3026527297, 3.1824463053, 2.7764451052, 2.5705818356, 2.4469118511,
      2.3646242516, 2.3060041352, 2.2621571628, 2.2281388520, 2.2009851601, 2.1788128297,
      2.1603686565, 2.1447866879, 2.1314495456, 2.1199052992, 2.1098155778, 2.1009220402,
      2.0930240544, 2.0859634473, 2.0796138447, 2.0738730679, 2.0686576104, 2.0638985616,
      2.0595385528, 2.0555294386, 2.0518305165, 2.0484071418, 2.0452296421, 2.0422724563,
    ]
    if degrees <= table.count { return table[degrees - 1] }
    let z = 1.9599639845
    let n = Double(degrees)
    return z + (pow(z, 3) + z) / (4 * n)
      + (5 * pow(z, 5) + 16 * pow(z, 3) + 3 * z) / (96 * n * n)
      + (3 * pow(z, 7) + 19 * pow(z, 5) + 17 * pow(z, 3) - 15 * z) / (384 * n * n * n)
  }
}
