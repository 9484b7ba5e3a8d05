import Kernels

/// How often the loss-progress check rejects honest blocks (`docs/protocol.md`, section 6.5).
public enum ProgressOdds {
  /// The chance that a normal number of mean 0 and deviation 1 is above `z`.
  ///
  /// By additions, multiplications, divisions and ``ScalarMath`` alone, so that it has the same bits on
  /// every machine; off by less than 10^-13 of the smaller of the two tails.
  public static func upperTail(_ z: Double) -> Double {
    guard !z.isNaN else { return .nan }
    guard z >= 0 else { return 1 - upperTail(-z) }
    let density = ScalarMath.exponential(-z * z / 2) * 0.3989422804014327
    guard z >= 2 else {
      // The series z + z^3 / 3 + z^5 / 15 + ...
      var (term, sum, odd) = (z, 0.0, 1.0)
      while term > 1e-18 {
        sum += term
        odd += 2
        term *= z * z / odd
      }
      return 0.5 - density * sum
    }
    // Laplace's continued fraction, from its end.
    var fraction = z
    for k in stride(from: 200.0, through: 1, by: -1) { fraction = z + k / fraction }
    return density / fraction
  }

  /// The z with ``upperTail(_:)`` of `chance`, in 0 < `chance` < 1.
  public static func quantile(ofTail chance: Double) -> Double {
    precondition(0 < chance && chance < 1, "a tail of \(chance)")
    var (low, high) = (-40.0, 40.0)
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if upperTail(middle) > chance { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// How a measured rise of the loss spreads over samples of evaluation data.
  public struct Spread: Sendable, Hashable {
    /// Mean of the rise; negative where the loss falls. Nats a token.
    public let mean: Double
    /// Its deviation from sample to sample (of n - 1), nats a token; NaN of fewer than two.
    public let deviation: Double

    /// Of the rises that were measured, in the order given.
    public init(_ rises: [Double]) {
      let count = Double(rises.count)
      let mean = rises.isEmpty ? .nan : rises.reduce(0, +) / count
      self.mean = mean
      deviation =
        rises.count < 2
        ? .nan
        : (rises.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)).squareRoot()
    }

    /// The chance that a sample rises by more than `margin`: means over many tokens are nearly normal.
    public func rejection(margin: Double) -> Double {
      guard deviation > 0 else {
        return deviation.isNaN || mean.isNaN ? .nan : mean > margin ? 1 : 0
      }
      return upperTail((margin - mean) / deviation)
    }

    /// The smallest margin, at least 0, that rejects no more than this share.
    public func margin(rejecting chance: Double) -> Double {
      max(0, mean + deviation * quantile(ofTail: chance))
    }
  }
}
