/// A result against a baseline: every rule that was looked at, and which of them decided.
public struct BaselineCheck: Sendable {
  /// One rule with its outcome.
  public struct Outcome: Sendable, Equatable {
    /// Settings of the point; empty without a sweep.
    public var point: String
    /// The variable, or what else was looked at.
    public var subject: String
    /// The rule, both values and the limit that decided.
    public var explanation: String
    /// Whether it failed.
    public var failed: Bool
    /// Whether it counts as a comparison; what cannot be compared does not.
    public var counts: Bool
  }

  /// Everything that was looked at, in order.
  public let outcomes: [Outcome]

  /// How many comparisons there were.
  public var comparisonCount: Int { outcomes.count(where: \.counts) }
  /// Those that failed.
  public var failures: [Outcome] { outcomes.filter(\.failed) }

  /// A check that failed before anything could be compared.
  public init(missing message: String) {
    outcomes = [
      Outcome(point: "", subject: "baseline", explanation: message, failed: true, counts: false)
    ]
  }

  /// Compares `result` with `baseline`. It fails if anything drifted, if one has points or variables
  /// that the other lacks, and if nothing was compared.
  public init(_ result: ResultFile, baseline: ResultFile, limits: CheckLimits) {
    let comparison = Comparison(baseline, result)
    var outcomes: [Outcome] = []
    func fail(_ point: String, _ subject: String, _ text: String) {
      outcomes.append(
        Outcome(point: point, subject: subject, explanation: text, failed: true, counts: false))
    }
    for label in comparison.unmatched.first {
      fail(label, "points", "the baseline has this point, but the run has not")
    }
    for label in comparison.unmatched.second {
      fail(label, "points", "the run has this point, but the baseline has not; make a new baseline")
    }
    outcomes += comparison.items.map { Self.judge($0, limits) }
    if !outcomes.contains(where: \.counts) {
      fail("", "comparisons", "nothing was compared: a check of nothing does not pass")
    }
    self.outcomes = outcomes
  }

  private static func judge(_ item: Comparison.Item, _ limits: CheckLimits) -> Outcome {
    func outcome(_ text: String, failed: Bool, counts: Bool = true) -> Outcome {
      Outcome(
        point: item.point, subject: item.variable, explanation: text, failed: failed,
        counts: counts)
    }
    switch item.finding {
    case .equal:
      return outcome("exact: equal", failed: false)
    case .different(let place, let first, let second):
      let at = place.isEmpty ? "" : " at \(place)"
      return outcome(
        "exact values must be equal, but\(at) the baseline has \(first) and the run \(second)",
        failed: true)
    case .onlyInFirst:
      return outcome("the baseline has this variable, but the run has not", failed: true)
    case .onlyInSecond:
      return outcome(
        "the run has this variable, but the baseline has not; make a new baseline", failed: true)
    case .notComparable(let why):
      return outcome("measured: not comparable: \(why)", failed: false, counts: false)
    case .measured(let timing):
      return judge(timing, item, limits) { outcome($0, failed: $1, counts: $2) }
    }
  }

  private static func judge(
    _ timing: Comparison.Timing, _ item: Comparison.Item, _ limits: CheckLimits,
    _ outcome: (String, Bool, Bool) -> Outcome
  ) -> Outcome {
    let factor = limits.factors[item.variable] ?? limits.factor
    let added = timing.second - timing.first
    let values =
      "median ratio \(Numbers.decimal(timing.ratio, 2)) of \(timing.pairCount) pairs, "
      + "\(Numbers.seconds(timing.first)) -> \(Numbers.seconds(timing.second)), "
      + "p = \(Numbers.decimal(timing.slowerByChance, 4))"
    guard item.units == "s" else {
      return outcome("measured: \(values); only times have limits", false, false)
    }
    // NaN passes no limit, so it is asked for what is well.
    if timing.ratio <= factor {
      return outcome("measured: \(values); within factor \(factor)", false, true)
    }
    if added <= limits.minimumSeconds {
      return outcome(
        "measured: \(values); the slowdown is within \(Numbers.seconds(limits.minimumSeconds))",
        false, true)
    }
    if timing.pairCount >= 7, !(timing.slowerByChance < 0.01) {
      return outcome("measured: \(values); within the noise (p is not below 0.01)", false, true)
    }
    return outcome(
      "measured: \(values); beyond factor \(factor) and "
        + "\(Numbers.seconds(limits.minimumSeconds))", true, true)
  }
}
