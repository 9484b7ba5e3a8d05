import Foundation

/// Chances of drawing without replacement: what sampling should detect (`docs/protocol.md`,
/// section 12).
public enum Odds {
  /// The chance that `draws` distinct ones of `population` things miss all `marked` ones:
  /// C(N - t, k) / C(N, k), as a product of k factors.
  ///
  /// Counts below zero or above the population are taken to its limits.
  public static func miss(population: Int, marked: Int, draws: Int) -> Double {
    let n = max(0, population)
    let t = min(max(0, marked), n)
    let k = min(max(0, draws), n)
    guard k <= n - t else { return 0 }
    var chance = 1.0
    // The smaller of the two equal products: draws and marks are interchangeable.
    let (few, many) = (min(k, t), max(k, t))
    for index in 0..<few {
      chance *= Double(n - many - index) / Double(n - index)
    }
    return chance
  }

  /// The chance that at least one of `verifiers`, each with its own draw, finds a marked thing.
  public static func detection(
    population: Int, marked: Int, draws: Int, verifiers: Int
  ) -> Double {
    1 - power(miss(population: population, marked: marked, draws: draws), max(0, verifiers))
  }

  /// `base` times itself: the C library's `pow` gives other bits on other processors, and what is
  /// expected is an exact value of a result.
  private static func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }

  /// The chance that at least `least` of `verifiers` independent ones find it, each with chance `p`:
  /// what a rule that needs a share of the stake rests on.
  public static func atLeast(_ least: Int, of verifiers: Int, each p: Double) -> Double {
    guard least > 0 else { return 1 }
    guard least <= verifiers else { return 0 }
    var sum = 0.0
    for count in least...verifiers {
      sum +=
        exp(logChoose(verifiers, count)) * power(p, count) * power(1 - p, verifiers - count)
    }
    return min(1, sum)
  }

  private static func logChoose(_ n: Int, _ k: Int) -> Double {
    lgamma(Double(n + 1)) - lgamma(Double(k + 1)) - lgamma(Double(n - k + 1))
  }

  /// The fewest draws a verifier that `verifiers` need to detect `marked` of `population` with a
  /// chance of at least `target`; nil if even looking at everything does not reach it.
  public static func drawsNeeded(
    population: Int, marked: Int, verifiers: Int, target: Double
  ) -> Int? {
    guard marked > 0, verifiers > 0, target <= 1 else { return target <= 0 ? 0 : nil }
    var (low, high) = (0, max(0, population))
    while low < high {
      let middle = (low + high) / 2
      let chance = detection(
        population: population, marked: marked, draws: middle, verifiers: verifiers)
      if chance >= target { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// The interval of Wilson (1927) for a share that was measured in independent trials.
public struct WilsonInterval: Sendable, Hashable {
  /// The measured share; NaN without trials.
  public let estimate: Double
  /// The lower end.
  public let lower: Double
  /// The upper end.
  public let upper: Double

  /// Quantile of the normal distribution for 95 % on both sides.
  public static let z95 = 1.959_963_984_540_054

  /// From a count; the whole of 0...1 without trials.
  public init(successes: Int, trials: Int, z: Double = z95) {
    guard trials > 0 else {
      (estimate, lower, upper) = (.nan, 0, 1)
      return
    }
    let n = Double(trials)
    let p = Double(successes) / n
    let scale = 1 + z * z / n
    let centre = (p + z * z / (2 * n)) / scale
    let half = z / scale * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    estimate = p
    // Rounding must not push the ends of a sure thing inside.
    lower = successes == 0 ? 0 : max(0, centre - half)
    upper = successes == trials ? 1 : min(1, centre + half)
  }

  /// Whether `value` lies in the interval.
  public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }
}
