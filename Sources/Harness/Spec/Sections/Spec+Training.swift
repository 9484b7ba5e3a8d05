import Models
import Protocol

extension Spec {
  /// How miners train (`training`).
  public struct Training: Sendable, Equatable {
    /// The rule that turns gradients into updates (`optimizer`).
    public enum Optimizer: String, CaseIterable, Sendable {
      /// Stochastic gradient descent: parameters minus learning rate times gradient.
      case sgd
      /// Gradient descent with momentum.
      case momentum
      /// Adam with decoupled weight decay.
      case adamw
    }

    /// What is quantized and published.
    public enum QuantizationPoint: String, CaseIterable, Sendable {
      /// Every step's gradient.
      case step
      /// The difference of the whole block.
      case block
    }

    /// The rule that turns gradients into updates (`optimizer`).
    public var optimizer: Optimizer
    /// Factor of the gradient in an update (`learning_rate`).
    public var learningRate: Double
    /// Sequences of one step (`batch`).
    public var batchSize: Int
    /// Optimizer steps that one block holds (`steps_per_block`).
    public var stepsPerBlock: Int
    /// The recipe that follows from these and from the optional keys.
    public var recipe: TrainingRecipe

    /// Trains at another learning rate; a schedule keeps its form.
    mutating func set(learningRate: Double) {
      self.learningRate = learningRate
      recipe.schedule.peak = Float(learningRate)
    }
  }
}

extension Spec.Training: SpecReadable {
  /// Reads `training`.
  public init(reading section: inout SpecSection) throws(SpecError) {
    optimizer = try section.choice(
      "optimizer", of: Optimizer.self, default: .sgd,
      doc: "The rule that turns gradients into updates.")
    learningRate = try section.number(
      "learning_rate", .positive, doc: "Factor of the gradient in an update.")
    batchSize = try section.integer(
      "batch", in: 1...65536, unit: "sequence", doc: "Sequences of one step.")
    stepsPerBlock = try section.integer(
      "steps_per_block", in: 1...100_000, unit: "step",
      doc: "Optimizer steps that one block holds.")
    let settings = try Self.optimizer(optimizer, &section)
    let schedule = try Self.schedule(Float(learningRate), &section)
    let clipNorm = try section.optionalNumber(
      "clip_norm", .positive, doc: "Largest norm of a gradient; without it there is no limit.")
    let microbatches =
      try section.optionalInteger(
        "microbatches", in: 1...65536,
        doc: "Parts of a batch whose gradients are added one after the other; by default 1.") ?? 1
    try section.require(
      batchSize % microbatches == 0 || section.isDescribing, "microbatches",
      "must divide the batch of \(batchSize) sequences, but is '\(microbatches)'")
    let segment =
      try section.optionalInteger(
        "segment", in: 1...100_000, unit: "step",
        doc: "Steps between two committed states; by default 1.") ?? 1
    try section.require(
      segment <= stepsPerBlock || section.isDescribing, "segment",
      "must be at most steps_per_block (\(stepsPerBlock)), but is '\(segment)'")
    let commitsMicrobatches =
      try section.optionalChoice(
        "commit_microbatches", among: ["true", "false"],
        doc: "Whether what is accumulated is committed after every microbatch, so that verifiers "
          + "replay single microbatches instead of segments; by default not.") == "true"
    try section.require(
      !commitsMicrobatches || microbatches > 1 || section.isDescribing, "commit_microbatches",
      "needs more than one microbatch, but microbatches is '\(microbatches)'")
    try section.require(
      !commitsMicrobatches || segment == 1 || section.isDescribing, "commit_microbatches",
      "commits the state before every step, but segment is '\(segment)'")
    let feedback =
      try section.optionalChoice(
        "error_feedback", among: ["true", "false"],
        doc: "Whether what quantization dropped is added to what is quantized next; by default not."
      )
      == "true"
    let point =
      try section.optionalChoice(
        "quantize", of: QuantizationPoint.self,
        doc: "What is quantized and published: every `step` (by default) or the whole `block`.")
      ?? .step
    recipe = TrainingRecipe(
      optimizer: settings, schedule: schedule, clipNorm: Float(clipNorm ?? 0),
      microbatchCount: microbatches, segmentLength: commitsMicrobatches ? 0 : segment,
      usesErrorFeedback: feedback, quantizationPoint: point == .step ? .step : .block)
  }

  private static func optimizer(
    _ name: Optimizer, _ section: inout SpecSection
  ) throws(SpecError) -> Models.Optimizer {
    func setting(
      _ key: String, _ limits: NumberLimits, of owner: Optimizer, _ doc: String
    ) throws(SpecError) -> Float? {
      let value = try section.optionalNumber(key, limits, doc: doc)
      try section.require(
        value == nil || name == owner || section.isDescribing, key,
        "is for the optimizer '\(owner.rawValue)', but the optimizer is '\(name.rawValue)'")
      return value.map { Float($0) }
    }
    let factor = try setting(
      "momentum", .rateBelowOne, of: .momentum,
      "How much of the old direction stays; by default 0.9.")
    let nesterov = try section.optionalChoice(
      "nesterov", among: ["true", "false"],
      doc: "Whether momentum takes the gradient to lie one step ahead; by default not.")
    let beta1 = try setting(
      "beta1", .rateBelowOne, of: .adamw, "How much of the mean of gradients stays; by default 0.9."
    )
    let beta2 = try setting(
      "beta2", .rateBelowOne, of: .adamw,
      "How much of the mean of squared gradients stays; by default 0.95.")
    let epsilon = try setting(
      "epsilon", .positive, of: .adamw, "What is added to the root of that mean; by default 1e-8.")
    let decay = try setting(
      "weight_decay", .notNegative, of: .adamw,
      "Share of a parameter that a step takes away, over the learning rate; by default 0.1.")
    switch name {
    case .sgd: return .sgd
    case .momentum:
      return .momentum(.init(factor: factor ?? 0.9, isNesterov: nesterov == "true"))
    case .adamw:
      return .adamW(
        .init(
          beta1: beta1 ?? 0.9, beta2: beta2 ?? 0.95, epsilon: epsilon ?? 1e-8,
          weightDecay: decay ?? 0.1))
    }
  }

  private static func schedule(
    _ peak: Float, _ section: inout SpecSection
  ) throws(SpecError) -> LearningRateSchedule {
    let warmup =
      try section.optionalInteger(
        "warmup_steps", in: 0...1_000_000_000, unit: "step",
        doc: "Steps since genesis in which the learning rate rises; by default 0.") ?? 0
    let end = try section.optionalInteger(
      "decay_steps", in: 1...1_000_000_000, unit: "step",
      doc: "Step since genesis at which half a cosine has brought the learning rate down.")
    let floor = try section.optionalNumber(
      "final_learning_rate", .notNegative, doc: "Learning rate from then on; by default 0.")
    try section.require(
      end != nil || floor == nil || section.isDescribing, "final_learning_rate",
      "needs decay_steps beside it")
    guard let end, !section.isDescribing else {
      return LearningRateSchedule(peak: peak, warmupSteps: warmup)
    }
    try section.require(
      end > warmup, "decay_steps", "must be above warmup_steps (\(warmup)), but is '\(end)'")
    let final = Float(floor ?? 0)
    try section.require(
      final <= peak, "final_learning_rate",
      "must be at most learning_rate (\(peak)), but is '\(final)'")
    return LearningRateSchedule(
      peak: peak, warmupSteps: warmup, decay: .cosine(floor: final, endStep: end))
  }
}
