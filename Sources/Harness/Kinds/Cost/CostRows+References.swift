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
      append(
        [
          "quantity": reference.quantity.rawValue, "model": reference.preset,
          "source": reference.source,
        ],
        [
          .published: reference.value, .digits: Double(reference.digits), .byTheirRule: rule,
          .agrees: TrainingRules.agrees(
            rule, published: reference.value, digits: reference.digits) ? 1 : 0,
          .ours: ours, .oursOverPublished: ours / reference.value,
        ])
    }
  }

  /// The value by the rule of its source, and ours.
  private func values(
    _ reference: Spec.Reference
  ) throws(PlanError) -> (rule: Double, ours: Double) {
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
    }
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
