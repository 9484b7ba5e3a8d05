extension Spec {
  /// How miners train (`training`).
  public struct Training: Sendable, Equatable {
    /// The rule that turns gradients into updates (`optimizer`).
    public enum Optimizer: String, CaseIterable, Sendable {
      /// Stochastic gradient descent: parameters minus learning rate times gradient.
      case sgd
    }

    /// The rule that turns gradients into updates (`optimizer`).
    public var optimizer: Optimizer
    /// Factor of the gradient in an update (`learning_rate`).
    public var learningRate: Double
    /// Sequences of one step (`batch`).
    public var batchSize: Int
    /// Optimizer steps that one block holds (`steps_per_block`).
    public var stepsPerBlock: Int
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
  }
}
