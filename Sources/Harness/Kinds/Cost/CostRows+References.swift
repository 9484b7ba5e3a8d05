import Costs
import Models
import Protocol

/// Published values beside ours.
extension CostRows {
  /// A row for each published value.
  mutating func addReferences(_ observer: any RunObserver) throws {
    for reference in experiment.references {
      try observer.progress(
        done: Double(rows.count), total: Double(experiment.references.count),
        activity: reference.preset)
      let (rule, ours) = try values(reference)
      var values: [CostColumn: Double] = [
        .published: reference.value, .digits: Double(reference.digits), .ours: ours,
        .oursOverPublished: ours / reference.value,
      ]
      if let rule {
        values[.byTheirRule] = rule
        values[.agrees] =
          TrainingRules.agrees(rule, published: reference.value, digits: reference.digits) ? 1 : 0
      }
      append(
        [
          "quantity": reference.quantity.rawValue, "model": reference.preset,
          "source": reference.source,
        ], values)
    }
  }

  /// The value by the rule of its source, where that is a rule at all, and ours.
  private func values(
    _ reference: Spec.Reference
  ) throws(PlanError) -> (rule: Double?, ours: Double) {
    guard let shape = ModelShape.preset(named: reference.preset) else {
      throw .impossible("there is no preset '\(reference.preset)'")
    }
    let layout = ParameterLayout(shape)
    let count = Double(layout.count)
    let embedding = Double(
      layout.tensors.filter { $0.part == .embedding }.reduce(0) { $0 + $1.count })
    let tokens = reference.tokens ?? 0
    let rule = TrainingRules.sixND(
      parameters: reference.countedParameters ?? count, tokens: tokens)
    func exact() throws(PlanError) -> Workload {
      try training(experiment.costs(model(reference.preset, shape), steps: 1), tokens: tokens)
    }
    switch reference.quantity {
    case .parameters: return (count, count)
    case .embeddingParameters: return (embedding, embedding)
    case .nonEmbeddingParameters: return (count - embedding, count - embedding)
    case .trainingFLOPs: return (rule, Double(try exact().flops))
    case .petaflopDays:
      return (
        TrainingRules.petaflopDays(rule), TrainingRules.petaflopDays(Double(try exact().flops))
      )
    case .acceleratorHours:
      let fleet = experiment.devices[0].fleet
      return (rule / fleet.flopsPerSecond / 3600, fleet.hours(try exact()))
    case .energy:
      let fleet = experiment.devices[0].fleet
      let hours = rule / fleet.flopsPerSecond / 3600
      return (hours * fleet.watts / 1e6, fleet.energy(try exact()) / 1000)
    case .verificationRatio:
      let costs = try experiment.costs(model(reference.preset, shape))
      let share =
        try block(costs, replayRate: experiment.sampling.replayRates[0])[.verifierShare] ?? .nan
      return (share, share)
    case .stepProofSeconds:
      let mining = try oneStep(reference.preset, shape).mining()
      let fleet = experiment.devices[0].fleet
      return (nil, fleet.seconds(mining.total) - fleet.seconds(mining[.training] ?? Workload()))
    case .stepProofBytes:
      let step = try oneStep(reference.preset, shape)
      return (nil, Double(step.headerBytes + step.publicationBytes))
    case .stepCheckSeconds:
      let step = try oneStep(reference.preset, shape)
      return (nil, experiment.devices[0].fleet.seconds(step.structure + step.replay([0])))
    }
  }

  /// A block of a single step: publishing it and replaying it is what stands beside a proof of one.
  private func oneStep(
    _ preset: String, _ shape: ModelShape
  ) throws(PlanError) -> BlockCosts {
    try experiment.costs(model(preset, shape), steps: 1)
  }

  /// The model of the spec that has this shape; one with the defaults if none has.
  private func model(_ preset: String, _ shape: ModelShape) -> Spec.CostModel {
    experiment.models.first { $0.preset == preset }
      ?? Spec.CostModel(
        preset: preset, shape: shape, trainingTokens: 300e9,
        batchSize: max(1, 500_000 / min(2048, shape.contextLength)),
        contextLength: min(2048, shape.contextLength))
  }
}
