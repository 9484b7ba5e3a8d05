import Models
import Protocol
import Quant

/// Sections of the kind `cost`.
extension Spec {
  /// A model in a table (`models`).
  public struct CostModel: Sendable, Equatable {
    /// Name of the shape (`preset`).
    public var preset: String
    /// The shape.
    public var shape: ModelShape
    /// Tokens of its whole training (`training_tokens`).
    public var trainingTokens: Double
    /// Sequences of a step: `tokens_per_step` over the context, rounded up.
    public var batchSize: Int
    /// Tokens of a sequence (`context`).
    public var contextLength: Int

    /// Tokens of a step, in whole sequences.
    public var tokensPerStep: Int { batchSize * contextLength }
  }

  /// What a block is (`block`).
  public struct CostBlock: Sendable, Equatable {
    /// Optimizer steps (`steps`).
    public var steps: Int
    /// Steps between committed states (`segment`).
    public var segment: Int
    /// Update rule (`optimizer`).
    public var optimizer: Optimizer
    /// Format of what it remembers (`optimizer_state`); nil for float32.
    public var stateFormat: QuantizationFormat?
    /// What is published (`quantize`).
    public var quantize: Training.QuantizationPoint
    /// Whether a residual is kept (`error_feedback`).
    public var errorFeedback: Bool
    /// float32 bytes of a leaf (`leaf_size`).
    public var leafByteCount: Int
    /// Share of the block time that mining may fill (`training_share`).
    public var trainingShare: Double
    /// Attestation window as a share of the block time (`window_share`).
    public var windowShare: Double
  }

  /// What verifiers look at (`verification`).
  public struct Sampling: Sendable, Equatable {
    /// Share of the leaves that each opens (`leaf_rate`).
    public var leafRate: Double
    /// Shares of the segments that each replays (`replay_rates`).
    public var replayRates: [Double]
    /// The most segments that each replays in a block of any length (`most_segments`); nil for no limit.
    public var mostSegments: Int?
    /// Tokens on which each measures the twins (`progress_tokens`).
    public var progressTokens: Int
    /// How many there are (`verifiers`).
    public var verifierCount: Int
    /// Share of the segments that a cheat does not train (`cheated_segments`).
    public var cheatedSegments: Double
    /// Share of the leaves that a cheat changes (`cheated_leaves`).
    public var cheatedLeaves: Double
  }

  /// What sampling must find (`goal`).
  public struct SamplingGoal: Sendable, Equatable {
    /// Wished chances of seeing a cheat (`probabilities`).
    public var probabilities: [Double]
    /// Fewest and most verifiers (`fewest_verifiers`, `most_verifiers`).
    public var verifiers: ClosedRange<Int>
    /// Rise of the loss that one verifier must see (`loss_rise`), nats a token.
    public var lossRise: Double
    /// Deviation of the loss of single sequences (`loss_deviation`), nats a token.
    public var lossDeviation: Double
    /// Standard errors between them (`loss_quantile`).
    public var lossQuantile: Double
  }
}

extension Spec.CostModel: SpecReadable {
  /// The two models of the paper.
  static let defaults: [Spec.CostModel] = [
    ("gpt3-175b", 300e9, 3_200_000, 2048), ("gemma3-27b", 14e12, 4_194_304, 8192),
  ].compactMap { preset, tokens, perStep, context in
    ModelShape.preset(named: preset).map { shape in
      Spec.CostModel(
        preset: preset, shape: shape, trainingTokens: tokens,
        batchSize: (perStep + context - 1) / context, contextLength: context)
    }
  }

  /// Reads one model.
  public init(reading section: inout SpecSection) throws(SpecError) {
    preset = try section.choice(
      "preset", among: ModelShape.presets.map(\.name), default: "gpt3-175b",
      doc: "The shape (`pogo list presets`).")
    guard let shape = ModelShape.preset(named: preset) else {
      throw section.conflict("preset", "names no shape")
    }
    self.shape = shape
    trainingTokens = try section.number(
      "training_tokens", .positive, default: 300e9, unit: "token",
      doc: "Tokens of the whole training.")
    let tokens = try section.integer(
      "tokens_per_step", in: 1...1_000_000_000, default: 3_200_000, unit: "token",
      doc: "Tokens of an optimizer step; rounded up to whole sequences.")
    let context = try section.integer(
      "context", in: 1...131_072, default: 2048, unit: "token", doc: "Length of a sequence.")
    try section.require(
      context <= shape.contextLength, "context",
      "must be at most \(shape.contextLength), the positions of \(preset), but is '\(context)'")
    contextLength = context
    batchSize = (tokens + context - 1) / context
    try section.require(
      batchSize <= 1_000_000, "tokens_per_step", "must be at most a million sequences")
  }
}

extension Spec.CostBlock: SpecReadable {
  /// Reads a block.
  public init(reading section: inout SpecSection) throws(SpecError) {
    let steps = try section.integer(
      "steps", in: 1...1_000_000, default: 400, unit: "step", doc: "Optimizer steps of a block.")
    self.steps = steps
    segment = try section.integer(
      "segment", in: 1...1_000_000, default: 5, unit: "step",
      doc: "Steps between two committed states.")
    try section.require(segment <= steps, "segment", "must be at most steps (\(steps))")
    (optimizer, stateFormat) = try section.plannedOptimizer()
    quantize = try section.choice(
      "quantize", of: Spec.Training.QuantizationPoint.self, default: .block,
      doc: "What is published: every `step` or the difference of the whole `block`.")
    errorFeedback = try section.flag(
      "error_feedback", default: false, doc: "Whether what quantization drops is added later.")
    leafByteCount = try section.size(
      "leaf_size", in: 256...(64 << 20), multipleOf: 4, default: "1MiB",
      doc: "float32 bytes of a Merkle leaf: whole groups of every format.")
    trainingShare = try section.number(
      "training_share", .positiveRate, default: 0.95,
      doc: "Share of the block time that mining may fill.")
    windowShare = try section.number(
      "window_share", .positiveRate, default: 0.5,
      doc: "Attestation window as a share of the block time.")
  }
}

extension SpecSection {
  /// Reads the update rule (`optimizer`) of a block that is only planned, whose factors cost nothing,
  /// and the format of what it remembers (`optimizer_state`), nil for float32.
  mutating func plannedOptimizer() throws(SpecError) -> (Optimizer, QuantizationFormat?) {
    let rule: Optimizer =
      switch try choice(
        "optimizer", of: Spec.Training.Optimizer.self, default: .adamw, doc: "Update rule.")
      {
      case .sgd: .sgd
      case .momentum: .momentum(.init())
      case .adamw: .adamW(.init())
      }
    let float32 = "float32"
    let name: String = try text(
      "optimizer_state", "float32 or a format such as uint8:g64 (`pogo list formats`)",
      default: float32, example: "uint8:g64",
      doc: "Format of what the optimizer remembers between steps.",
      accept: { $0 == float32 || (try? QuantizationFormat(named: $0)) != nil ? $0 : nil })
    try require(
      name == float32 || rule != .sgd, "optimizer_state",
      "needs an optimizer that remembers something: momentum or adamw")
    return (rule, name == float32 ? nil : try? QuantizationFormat(named: name))
  }
}

extension Spec.Sampling: SpecReadable {
  /// Reads what verifiers look at.
  public init(reading section: inout SpecSection) throws(SpecError) {
    leafRate = try section.number(
      "leaf_rate", .rate, default: 0.0001, doc: "Share of the leaves that each verifier opens.")
    replayRates = try section.numbers(
      "replay_rates", .rate, default: [0.0125, 0.025, 0.05, 0.1],
      doc: "Shares of the segments that each verifier computes again.")
    mostSegments = try section.optionalInteger(
      "most_segments", in: 1...1_000_000,
      doc:
        "The most segments that each replays, however long the block (`block-times`); by default "
        + "as many as the rate says.")
    progressTokens = try section.integer(
      "progress_tokens", in: 0...1_000_000_000, default: 1_000_000, unit: "token",
      doc: "Tokens on which each measures the twins before and after; 0: not at all.")
    verifierCount = try section.integer(
      "verifiers", in: 1...1024, default: 8, doc: "Verifiers of a block.")
    cheatedSegments = try section.number(
      "cheated_segments", .positiveRate, default: 0.1,
      doc: "Share of the segments that the cheat to be found does not train.")
    cheatedLeaves = try section.number(
      "cheated_leaves", .positiveRate, default: 0.01,
      doc: "Share of the leaves that the cheat to be found changes.")
  }
}

extension Spec.SamplingGoal: SpecReadable {
  /// Reads a goal.
  public init(reading section: inout SpecSection) throws(SpecError) {
    probabilities = try section.numbers(
      "probabilities", .rateBelowOne, default: [0.5, 0.9, 0.99, 0.999],
      doc: "Chances with which each kind of cheat must be seen.")
    let fewest = try section.integer(
      "fewest_verifiers", in: 1...1024, default: 3, doc: "Verifiers that there must be.")
    let most = try section.integer(
      "most_verifiers", in: 1...1024, default: 64, doc: "Verifiers that there can be.")
    try section.require(
      fewest <= most, "most_verifiers", "must be at least fewest_verifiers (\(fewest))")
    verifiers = fewest...max(fewest, most)
    lossRise = try section.number(
      "loss_rise", .positive, default: 0.05, unit: "nat a token",
      doc: "Rise of the twin's loss that each verifier must tell from chance.")
    lossDeviation = try section.number(
      "loss_deviation", .positive, default: 0.35, unit: "nat a token",
      doc: "Standard deviation of the loss from sequence to sequence.")
    lossQuantile = try section.number(
      "loss_quantile", .positive, default: 2.326,
      doc: "Standard errors between the rise and chance; 2.326 for 99 %.")
  }
}
