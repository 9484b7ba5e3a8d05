import Protocol

/// How many verifiers look at how much.
public struct SamplingPlan: Sendable, Hashable {
  /// Verifiers, each with draws of its own.
  public var verifiers: Int
  /// Leaves that each opens.
  public var leaves: Int
  /// Segments that each replays.
  public var segments: Int
  /// Sequences on which each measures both twins.
  public var evaluationSequences: Int
  /// Chance that a cheat at leaves is seen.
  public var leafDetection: Double
  /// Chance that a cheat at steps is seen.
  public var segmentDetection: Double
}

/// What a plan must find, and with what chance.
public struct DetectionGoal: Sendable, Hashable {
  /// Chance with which each kind of cheat must be seen by at least one verifier.
  public var probability: Double
  /// Share of the leaves that a cheat changes.
  public var cheatedLeaves: Double
  /// Share of the segments that a cheat does not train.
  public var cheatedSegments: Double
  /// Rise of the twin's loss that each verifier must tell from chance, nats a token.
  public var lossRise: Double
  /// Standard deviation of the loss of one sequence from sequence to sequence, nats a token.
  public var lossDeviation: Double
  /// Standard deviations between the rise and chance.
  public var lossQuantile: Double

  /// From its parts.
  public init(
    probability: Double, cheatedLeaves: Double, cheatedSegments: Double, lossRise: Double,
    lossDeviation: Double, lossQuantile: Double
  ) {
    self.probability = probability
    self.cheatedLeaves = cheatedLeaves
    self.cheatedSegments = cheatedSegments
    self.lossRise = lossRise
    self.lossDeviation = lossDeviation
    self.lossQuantile = lossQuantile
  }

  /// Sequences until the mean of their losses is `lossQuantile` standard errors away from a rise of
  /// `lossRise`: (z s / d)^2, rounded up.
  public var evaluationSequences: Int {
    let ratio = lossQuantile * lossDeviation / lossRise
    return Int(min(ratio * ratio, 1e9).rounded(.up))
  }
}

extension BlockCosts {
  /// The fewest draws with which `verifiers` reach the goal; nil if none do.
  public func plan(_ goal: DetectionGoal, verifiers: Int) -> SamplingPlan? {
    func marked(_ share: Double, of population: Int) -> Int {
      share > 0 ? max(1, Int((share * Double(population)).rounded(.down))) : 0
    }
    let badLeaves = marked(goal.cheatedLeaves, of: leafCount)
    let badSegments = marked(goal.cheatedSegments, of: task.segmentCount)
    guard
      let leaves = Odds.drawsNeeded(
        population: leafCount, marked: badLeaves, verifiers: verifiers, target: goal.probability),
      let segments = Odds.drawsNeeded(
        population: task.segmentCount, marked: badSegments, verifiers: verifiers,
        target: goal.probability)
    else { return nil }
    let microbatch = Int(task.batchSize / task.recipe.microbatchCount)
    let sequences = (goal.evaluationSequences + microbatch - 1) / microbatch * microbatch
    return SamplingPlan(
      verifiers: verifiers, leaves: leaves, segments: segments, evaluationSequences: sequences,
      leafDetection: Odds.detection(
        population: leafCount, marked: badLeaves, draws: leaves, verifiers: verifiers),
      segmentDetection: Odds.detection(
        population: task.segmentCount, marked: badSegments, draws: segments, verifiers: verifiers))
  }

  /// Work of one verifier of a plan, its draws evenly over the block.
  public func verification(_ plan: SamplingPlan) -> PhaseWorkloads {
    verification(
      SampledParts(
        leaves: SampledParts.even(plan.leaves, of: leafCount),
        segments: SampledParts.even(plan.segments, of: task.segmentCount),
        evaluationSequences: plan.evaluationSequences))
  }

  /// The plan that reaches the goal at the least price of all verifiers together; of equal prices the
  /// one with the fewest verifiers. More verifiers replay less each, but each fetches and measures the
  /// twin for itself.
  ///
  /// - Parameters:
  ///   - verifiers: how many there may be.
  ///   - price: of one verifier's work.
  public func cheapestPlan(
    _ goal: DetectionGoal, verifiers: ClosedRange<Int>, price: (Workload) -> Double
  ) -> (plan: SamplingPlan, price: Double)? {
    var best: (plan: SamplingPlan, price: Double)?
    for count in verifiers {
      guard let plan = plan(goal, verifiers: count) else { continue }
      let total = Double(count) * price(verification(plan).total)
      if best.map({ total < $0.price }) ?? true { best = (plan, total) }
    }
    return best
  }
}
