import Costs
import Models
import Protocol

/// Block times, cheapest plans and growth.
extension CostRows {
  /// The shortest block by model, format and bandwidth, at the first rate of replay.
  mutating func addBlockTimes(_ observer: any RunObserver) throws {
    let constants = try constants(replayRate: experiment.sampling.replayRates[0])
    let network = experiment.network
    let total = experiment.models.count * experiment.formats.count * experiment.gigabits.count
    for model in experiment.models {
      for format in experiment.formats {
        let costs = try experiment.costs(model, format: format)
        for gigabits in experiment.gigabits {
          try observer.progress(
            done: Double(rows.count), total: Double(total),
            activity: "\(model.preset) at \(gigabits) Gbit/s")
          let setting = BlockSetting(
            miner: experiment.miner.fleet, verifier: experiment.verifier.fleet,
            verifierCount: experiment.sampling.verifierCount, bitsPerSecond: gigabits * 1e9,
            latencyMilliseconds: UInt64(network.latencyMilliseconds),
            propagation: network.fanOut == 0 ? .direct : .gossip(fanOut: network.fanOut),
            trainingShare: experiment.block.trainingShare,
            windowShare: experiment.block.windowShare, constants: constants,
            mostSegments: experiment.sampling.mostSegments)
          let found = setting.shortestBlock(costs)
          var values: [CostColumn: Double] = [
            .gigabits: gigabits, .blockSeconds: found?.blockSeconds ?? .infinity,
          ]
          if let found {
            values.merge(
              [
                .steps: Double(found.steps), .trainingSeconds: found.trainingSeconds,
                .publicationSeconds: found.publicationSeconds,
                .answerSeconds: found.answerSeconds,
                .verificationSeconds: found.verificationSeconds,
                .windowSeconds: setting.windowShare * found.blockSeconds,
              ], uniquingKeysWith: { first, _ in first })
          }
          append(["part": "link", "model": model.preset, "format": format.name], values)
        }
      }
    }
  }

  /// The cheapest plan by model and wished detection, in the first format.
  mutating func addPlans(_ observer: any RunObserver) throws {
    let goal = experiment.goal
    let fleet = experiment.verifier.fleet
    for model in experiment.models {
      let costs = try experiment.costs(model)
      for probability in goal.probabilities {
        try observer.progress(
          done: Double(rows.count), total: 1 + Double(rows.count),
          activity: "\(model.preset), \(probability)")
        let best = costs.cheapestPlan(
          DetectionGoal(
            probability: probability, cheatedLeaves: experiment.sampling.cheatedLeaves,
            cheatedSegments: experiment.sampling.cheatedSegments, lossRise: goal.lossRise,
            lossDeviation: goal.lossDeviation, lossQuantile: goal.lossQuantile),
          verifiers: goal.verifiers, price: fleet.price)
        guard let (plan, price) = best else {
          throw PlanError.impossible("no sampling sees cheats with probability \(probability)")
        }
        let work = costs.verification(plan).total
        append(
          ["part": "plan", "model": model.preset, "format": experiment.formats[0].name],
          [
            .target: probability, .verifiers: Double(plan.verifiers),
            .leaves: Double(plan.leaves), .segments: Double(plan.segments),
            .evaluationTokens: Double(plan.evaluationSequences * model.contextLength),
            .segmentDetection: plan.segmentDetection, .leafDetection: plan.leafDetection,
            .verifiersDollars: price,
            .dollarShare: price / experiment.miner.fleet.price(costs.mining().total),
            .verifiersShare: Double(plan.verifiers) * Double(work.flops)
              / Double(costs.mining().total.flops),
          ])
      }
    }
  }

  /// Lengths of a block that growth is fitted over, as multiples of the spec's.
  private static let growthFactors = [1, 2, 4, 8]

  /// Training and verification over models, lengths and rates of replay, and the exponents that fit.
  mutating func addGrowth(_ observer: any RunObserver) throws {
    var variables: [[Double]] = []
    var quantities: [(name: String, values: [Double])] = [
      ("training operations", []), ("verifier's operations", []), ("verifier's hashed bytes", []),
      ("verifier's fetched bytes", []),
    ]
    for model in experiment.models {
      let one = try experiment.costs(model)
      guard one.stepCount <= 1_000_000 / (Self.growthFactors.last ?? 1) else {
        throw PlanError.impossible("growth tries eight times block.steps, at most a million")
      }
      for factor in Self.growthFactors {
        let costs = one.withSteps(factor * experiment.block.steps)
        for rate in experiment.sampling.replayRates {
          try observer.progress(
            done: Double(rows.count), total: 1 + Double(rows.count), activity: model.preset)
          let parts = SampledParts(
            evenlyOver: costs, constants: try constants(replayRate: rate))
          let (mined, verified) = (costs.mining().total, costs.verification(parts).total)
          variables.append([Double(costs.parameterCount), Double(costs.stepCount), rate])
          quantities[0].values.append(Double(mined.flops))
          quantities[1].values.append(Double(verified.flops))
          quantities[2].values.append(Double(verified.hashedBytes))
          quantities[3].values.append(Double(verified.receivedBytes))
          append(
            ["part": "place", "model": model.preset],
            [
              .parameters: Double(costs.parameterCount), .steps: Double(costs.stepCount),
              .replayRate: rate, .blockFLOPs: Double(mined.flops),
              .verifierFLOPs: Double(verified.flops),
              .verifierShare: Double(verified.flops) / Double(mined.flops),
              .verifiedHashes: Double(verified.hashedBytes),
              .receivedBytes: Double(verified.receivedBytes),
            ])
        }
      }
    }
    for quantity in quantities {
      let law: PowerLaw
      do { law = try PowerLaw(variables: variables, values: quantity.values) } catch {
        throw PlanError.impossible(
          "growth needs at least two models of different size and two replay_rates: \(error)")
      }
      append(
        ["part": "fit", "quantity": quantity.name],
        [
          .exponentParameters: law.exponents[0], .exponentSteps: law.exponents[1],
          .exponentReplay: law.exponents[2], .largestError: law.largestError,
        ])
    }
  }
}
