import Kernels
import Models
import Protocol

/// The kind `fine-tuning`: a chain trains a model on one text, then a chain for each variant goes on
/// from it on another text.
public struct FineTuningExperiment: ExperimentKind, Equatable {
  /// `fine-tuning`.
  public static let name = "fine-tuning"
  /// What it does.
  public static let summary =
    "one pre-trained model, fine-tuned by a chain for each variant: losses, bytes, verification"
  /// Results of this version.
  public static let version = 1

  /// How the model is fine-tuned; and the model, seed, formats and leaves of both stages.
  let setup: MiningSetup
  /// Blocks, times and participants of the fine-tuning chains.
  let chain: Spec.Chain
  /// What their verifiers check, and those of the pre-training.
  let verification: Spec.Verification
  /// How the model is trained before (`pretraining`).
  let pretraining: Pretraining
  /// What is compared (`variants`).
  let variants: [Variant]
  /// Tokens of each text on which losses are measured (`evaluation_tokens`).
  let evaluationTokens: Int

  /// The stage before.
  struct Pretraining: Sendable, Equatable {
    var data: Spec.Data
    var training: Spec.Training
    var blockCount: Int
  }

  /// One way to fine-tune.
  struct Variant: Sendable, Equatable {
    var name: String
    var tuning: Spec.FineTuning
    /// In place of the one of `training`.
    var learningRate: Double?
    /// In place of the one of `training`; of `low-rank` always the block.
    var quantize: Spec.Training.QuantizationPoint?
  }

  /// Most variants.
  static let variantLimit = 32

  /// Reads the sections of the kind.
  public init(reading file: inout SpecSection, header: Spec.Header) throws(SpecError) {
    setup = try MiningSetup(reading: &file, header: header)
    let model = setup.model
    pretraining = try file.section(
      "pretraining", required: "a mapping with data, training and blocks",
      doc: "How the model is trained before it is fine-tuned; all else is as in the fine-tuning."
    ) { part throws(SpecError) in
      Pretraining(
        data: try part.section(
          "data", required: "a mapping with corpus", doc: "The text of the pre-training."
        ) { data throws(SpecError) in try Spec.Data(reading: &data, model: model) },
        training: try part.section(
          "training", required: "a mapping with learning_rate, batch and steps_per_block",
          doc: "How it trains."),
        blockCount: try part.integer(
          "blocks", in: 1...10000, unit: "block", doc: "Blocks of the pre-training."))
    }
    chain = try file.section(
      "chain", required: "a mapping with blocks",
      doc: "Blocks of each fine-tuning chain; times, participants and money of both stages.")
    verification = try file.section("verification", doc: "How much verifiers check.")
    variants = try Self.variants(&file, shape: model.shape)
    evaluationTokens = try file.integer(
      "evaluation_tokens", in: 1...1_000_000_000, default: 65536, unit: "token",
      doc: "Tokens of each text, evenly spread, on which losses are measured.")
  }

  private static func variants(
    _ file: inout SpecSection, shape: ModelShape
  ) throws(SpecError) -> [Variant] {
    let listed = try file.list(
      "variants", limit: variantLimit, fallback: "`full` and `lora`",
      doc: "What is compared: entries of `fine_tuning` with a name."
    ) { entry throws(SpecError) in
      let tuning = try Spec.FineTuning(reading: &entry)
      let name = try entry.optionalText(
        "name", Spec.nameRule, example: "lora-8",
        doc: "What the variant is called; by default as it is, and unique."
      ) { Spec.isName($0) ? $0 : nil }
      let rate = try entry.optionalNumber(
        "learning_rate", .positive,
        doc: "Learning rate of the variant; by default that of `training`.")
      let point = try entry.optionalChoice(
        "quantize", of: Spec.Training.QuantizationPoint.self,
        doc: "What the variant publishes; by default as in `training`, and the `block` in `low-rank`.")
      var isLowRank = false
      if case .lowRank = tuning.value { isLowRank = true }
      try entry.require(
        !isLowRank || point != .step, "quantize",
        "must be 'block' in the variant 'low-rank', whose updates are those of whole blocks")
      try tuning.require(fits: shape, at: "variant", in: entry)
      return Variant(
        name: name ?? tuning.value.name, tuning: tuning, learningRate: rate,
        quantize: isLowRank ? .block : point)
    }
    guard let listed else {
      file.resolve("variants", [[("variant", "full")], [("variant", "lora")]])
      let lora = FineTuning.lora(
        rank: Spec.FineTuning.defaultRank, alpha: Float(Spec.FineTuning.defaultRank),
        matrices: Spec.FineTuning.defaultMatrices)
      return [FineTuning.full, lora].map {
        Variant(name: $0.name, tuning: Spec.FineTuning(value: $0))
      }
    }
    var names: Set<String> = []
    for variant in listed {
      try file.require(
        names.insert(variant.name).inserted, "variants",
        "must have unique names, but '\(variant.name)' stands there twice; add name")
    }
    return listed
  }

  /// Before the names of the files of the first stage.
  static let pretrainingPrefix = "pretraining_"

  /// The texts of both stages.
  public var inputs: [InputFile] {
    pretraining.data.inputs(prefix: Self.pretrainingPrefix) + setup.data.inputs()
  }

  // MARK: the chains

  /// The chain of the first stage.
  var pretrainingChain: ChainExperiment {
    var setup = setup
    setup.data = pretraining.data
    setup.training = pretraining.training
    var chain = chain
    chain.blockCount = pretraining.blockCount
    return ChainExperiment(setup, chain: chain, verification: verification)
  }

  /// The chain of a variant; where it starts is for the run to say.
  func chain(_ variant: Variant) -> ChainExperiment {
    var setup = setup
    if let rate = variant.learningRate { setup.training.set(learningRate: rate) }
    if let point = variant.quantize {
      setup.training.recipe.quantizationPoint = point == .step ? .step : .block
    }
    var experiment = ChainExperiment(setup, chain: chain, verification: verification)
    experiment.fineTuning = variant.tuning
    return experiment
  }

  /// The chains of all stages, and the measurements between them.
  public func estimate(_ inputs: Inputs) throws -> Estimate {
    var estimate = Estimate()
    let chains =
      [(pretrainingChain, Self.pretrainingPrefix)] + variants.map { (chain($0), "") }
    for (chain, prefix) in chains {
      let own = try chain.estimate(Inputs(files: inputs.files(chain.data, prefix: prefix)))
      estimate.flops += own.flops
      estimate.hashedBytes += own.hashedBytes
      estimate.movedBytes += own.movedBytes
      // One after the other, with the pre-trained model beside.
      estimate.memoryBytes = max(estimate.memoryBytes, own.memoryBytes)
    }
    let shape = setup.model.shape
    let evaluation = shape.forwardFLOPs(
      sequenceCount: 1, contextLength: min(setup.data.contextLength, shape.contextLength)
    ).total
    let sequences = Double(evaluationTokens / setup.data.contextLength + 1)
    estimate.flops += Double(evaluation) * sequences * Double(2 * (variants.count + 1))
    estimate.memoryBytes += 4 * Double(ParameterLayout(shape).count)
    return estimate
  }

  /// Trains, fine-tunes and measures.
  public func run(_ context: RunContext) throws -> [ResultVariable] {
    var run = try FineTuningRun(self, context)
    return try run.variables()
  }

  /// One row a variant.
  public static func report(_ result: ResultFile) throws(ResultError) -> ReportDocument {
    try ReportDocument(result, summary: ["loss_after"], showsEachPoint: true) {
      point throws(ResultError) in try FineTuningReport(point).sections()
    }
  }

  /// A small comparison.
  public static let template = """
    # What do adapters save when a model goes on from one text to another?
    name: my-fine-tuning
    title: Fine-tuning all parameters, and adapters
    kind: fine-tuning
    seed: 1
    model: {preset: gpt3-nano}
    pretraining:
      data: {corpus: Data/kjv.txt, context: 32}
      training: {learning_rate: 0.1, batch: 4, steps_per_block: 4}
      blocks: 1
    data: {corpus: Data/founding.txt, context: 32}
    training: {learning_rate: 0.1, batch: 4, steps_per_block: 4}
    chain: {blocks: 1, verifiers: 1}
    verification: {leaf_rate: 0.05, replay_rate: 0.25, progress_tokens: 256, progress_margin: 0.5}
    variants:
      - {variant: full}
      - {variant: lora, rank: 4, alpha: 8, target_modules: [attention], learning_rate: 0.5}
    evaluation_tokens: 512

    """
}
