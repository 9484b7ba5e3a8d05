import Costs
import Models
import Protocol
import Quant

/// Blocks and their verification; whole trainings; fine-tuning.
extension CostRows {
  /// What verifiers sample at a rate of replay.
  func constants(replayRate: Double) throws(PlanError) -> ProtocolConstants {
    guard let replay = PartsPerMillion(fraction: replayRate),
      let leaf = PartsPerMillion(fraction: experiment.sampling.leafRate)
    else { throw .impossible("rates must be in 0...1") }
    var constants = ProtocolConstants.paper
    constants.replayRate = replay
    constants.leafRate = leaf
    constants.progressTokens = UInt32(experiment.sampling.progressTokens)
    return constants
  }

  /// By model, format and rate of replay.
  mutating func addBlocks(_ observer: any RunObserver) throws {
    for model in experiment.models {
      for format in experiment.formats {
        try observer.progress(
          done: Double(rows.count), total: 1 + Double(rows.count), activity: model.preset)
        let costs = try experiment.costs(model, format: format)
        for rate in experiment.sampling.replayRates {
          var values = try block(costs, replayRate: rate)
          values[.parameters] = Double(costs.parameterCount)
          values[.ruleFLOPs] = TrainingRules.sixND(
            parameters: Double(costs.parameterCount), tokens: Double(costs.tokensPerStep))
          append(["model": model.preset, "format": format.name], values)
        }
      }
    }
  }

  /// By model and what is trained of it, in the first format and at the first rate.
  mutating func addVariants(_ observer: any RunObserver) throws {
    for model in experiment.models {
      for variant in experiment.variants {
        try observer.progress(
          done: Double(rows.count), total: 1 + Double(rows.count), activity: variant.label)
        let costs = try experiment.costs(model, fineTuning: variant.value)
        var values = try block(costs, replayRate: experiment.sampling.replayRates[0])
        values[.parameters] = Double(ParameterLayout(model.shape).count)
        values[.trainedParameters] = Double(costs.parameterCount)
        append(["model": model.preset, "variant": variant.label], values)
      }
    }
  }

  /// Everything about one block and one way to sample it.
  func block(
    _ costs: BlockCosts, replayRate: Double
  ) throws(PlanError) -> [CostColumn: Double] {
    let constants = try constants(replayRate: replayRate)
    let parts = SampledParts(evenlyOver: costs, constants: constants)
    let (mining, verification) = (costs.mining(), costs.verification(parts))
    let (mined, verified) = (mining.total, verification.total)
    let training = Double(mining[.training]?.flops ?? 0)
    let count = experiment.sampling.verifierCount
    let logits = costs.disputeAboutLogits()
    let dispute = logits ?? costs.disputeAboutGradient()
    let (miner, verifier) = (experiment.miner.fleet, experiment.verifier.fleet)
    var values: [CostColumn: Double] = [
      .replayRate: replayRate, .steps: Double(costs.stepCount),
      .stepFLOPs: Double(costs.step.total), .blockFLOPs: training,
      .verifierFLOPs: Double(verified.flops),
      .verifiersFLOPs: Double(count) * Double(verified.flops),
      .verifierShare: Double(verified.flops) / training,
      .verifiersShare: Double(count) * Double(verified.flops) / training,
      .timesCheaper: training / Double(verified.flops), .verifiers: Double(count),
      .modelBytes: Double(costs.parameterBytes), .twinBytes: Double(costs.twinBytes),
      .gradientBytes: Double(costs.gradientBytes),
      .auxiliaryBytes: Double(costs.auxiliaryBytes), .diffBytes: Double(costs.diffBytes),
      .treeBytes: Double(costs.treeBytes), .proofBytes: Double(costs.answerBytes(leaf: 0)),
      .receivedBytes: Double(verified.receivedBytes), .minedHashes: Double(mined.hashedBytes),
      .verifiedHashes: Double(verified.hashedBytes),
      .minedPasses: Double(mined.quantizedValues) / Double(costs.parameterCount),
      .verifiedPasses: Double(verified.quantizedValues) / Double(costs.parameterCount),
      .messages: Double(costs.messages(parts).total),
      .disputeHours: verifier.hours(dispute.referee),
      .miningHours: miner.hours(mined), .verifierHours: verifier.hours(verified),
      .miningDollars: miner.price(mined), .verifierDollars: verifier.price(verified),
      .verifiersDollars: Double(count) * verifier.price(verified),
      .dollarShare: Double(count) * verifier.price(verified) / miner.price(mined),
      .miningEnergy: miner.energy(mined), .verifierEnergy: verifier.energy(verified),
    ]
    if let logits {
      values[.disputeShare] = Double(logits.referee.flops) / Double(costs.segmentReplay)
    }
    let hours: [(CostColumn, Phase)] = [
      (.trainingHours, .training), (.quantizationHours, .quantization),
      (.commitmentHours, .commitment), (.structureHours, .structure), (.leafHours, .leaf),
      (.updateHours, .update), (.replayHours, .replay), (.progressHours, .progress),
    ]
    for (column, phase) in hours {
      let (fleet, work) =
        Phase.mining.contains(phase) ? (miner, mining[phase]) : (verifier, verification[phase])
      values[column] = fleet.hours(work ?? Workload())
    }
    values.merge(
      detection(costs, constants), uniquingKeysWith: { first, _ in first })
    return values
  }

  /// Chances that all verifiers together see the cheats of the spec.
  private func detection(
    _ costs: BlockCosts, _ constants: ProtocolConstants
  ) -> [CostColumn: Double] {
    func chance(_ population: Int, _ share: Double, _ draws: Int) -> Double {
      Odds.detection(
        population: population, marked: max(1, Int((share * Double(population)).rounded(.down))),
        draws: draws, verifiers: experiment.sampling.verifierCount)
    }
    let task = costs.task
    return [
      .segmentDetection: chance(
        task.segmentCount, experiment.sampling.cheatedSegments,
        constants.challengedSegments(task)),
      .leafDetection: chance(
        costs.leafCount, experiment.sampling.cheatedLeaves,
        constants.leafRate.sampleCount(of: costs.leafCount)),
    ]
  }

  /// Whole trainings by model and device.
  mutating func addFamilies(_ observer: any RunObserver) throws {
    for model in experiment.models {
      let costs = try experiment.costs(model, steps: 1)
      let work = try training(costs, tokens: model.trainingTokens)
      for machines in experiment.devices {
        try observer.progress(
          done: Double(rows.count), total: 1 + Double(rows.count), activity: model.preset)
        let fleet = machines.fleet
        append(
          ["model": model.preset, "device": machines.device],
          [
            .parameters: Double(costs.parameterCount), .modelBytes: Double(costs.parameterBytes),
            .twinBytes: Double(costs.twinBytes), .auxiliaryBytes: Double(costs.auxiliaryBytes),
            .stepFLOPs: Double(costs.step.total), .trainingFLOPs: Double(work.flops),
            .ruleFLOPs: TrainingRules.sixND(
              parameters: Double(costs.parameterCount), tokens: model.trainingTokens),
            .scoresShare: Double(costs.step.attentionScores) / Double(costs.step.total),
            .hours: fleet.hours(work), .dollars: fleet.price(work), .energy: fleet.energy(work),
          ])
      }
    }
  }

  /// Operations of all steps that so many tokens make, the last one in full.
  func training(_ costs: BlockCosts, tokens: Double) throws(PlanError) -> Workload {
    let steps = (tokens / Double(costs.tokensPerStep)).rounded(.up)
    guard steps < 1e15 else {
      throw .impossible("a training of \(steps) steps is beyond any clock")
    }
    return Workload(flops: UInt128(steps) * UInt128(costs.step.total))
  }
}
