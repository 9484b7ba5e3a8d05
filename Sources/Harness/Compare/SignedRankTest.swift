import Foundation

/// The signed-rank test of Wilcoxon (1945) for paired measurements: whether one of two sides is
/// larger, without any assumption about the distribution but symmetry.
///
/// Measurements of two runs come in pairs, since both measured the same work: block for block, phase
/// for phase. Pairing takes out the differences between the works.
public enum SignedRankTest {
  /// The one-sided p-value of "second is larger than first": the chance of a sum of positive ranks
  /// at least as large if neither side were.
  ///
  /// Exact for up to 50 pairs without ties; else the normal approximation with its correction for
  /// ties and continuity. Pairs with equal values or a NaN say nothing and are left out; 1 if none
  /// is left.
  public static func pValue(first: [Double], second: [Double]) -> Double {
    let differences = zip(first, second).map { $1 - $0 }.filter { !$0.isNaN && $0 != 0 }
    let count = differences.count
    guard count > 0 else { return 1 }
    let (ranks, tieTerm) = ranks(differences.map(abs))
    let sum = zip(ranks, differences).reduce(0) { $1.1 > 0 ? $0 + $1.0 : $0 }
    if tieTerm == 0, count <= 50 { return exact(sum: Int(sum), count: count) }
    let n = Double(count)
    let mean = n * (n + 1) / 4
    let variance = n * (n + 1) * (2 * n + 1) / 24 - tieTerm / 48
    guard variance > 0 else { return 1 }
    let z = (sum - mean - 0.5) / variance.squareRoot()
    return 0.5 * erfc(z / 2.0.squareRoot())
  }

  /// Mid-ranks from 1, and the sum over groups of ties of t³ - t.
  static func ranks(_ values: [Double]) -> (ranks: [Double], tieTerm: Double) {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = Array(repeating: 0.0, count: values.count)
    var tieTerm = 0.0
    var start = 0
    while start < order.count {
      var end = start
      while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
      for place in start...end { ranks[order[place]] = Double(start + end) / 2 + 1 }
      let ties = Double(end - start + 1)
      tieTerm += ties * ties * ties - ties
      start = end + 1
    }
    return (ranks, tieTerm)
  }

  /// The share of the 2ⁿ choices of signs whose positive ranks add up to at least `sum`.
  private static func exact(sum: Int, count: Int) -> Double {
    let largest = count * (count + 1) / 2
    // ways[s]: choices of signs for the ranks so far with sum s; at most 2^50, exact in Double.
    var ways = Array(repeating: 0.0, count: largest + 1)
    ways[0] = 1
    for rank in 1...count {
      for total in stride(from: largest, through: rank, by: -1) {
        ways[total] += ways[total - rank]
      }
    }
    return ways[min(max(sum, 0), largest)...].reduce(0, +) / exp2(Double(count))
  }
}
