import Costs
import Models
import Proofs
import Protocol
import Quant

/// The kind `cost`: tables of what training and verifying cost, for any shape, from the formulas of
/// `docs/cost-model.md`. Nothing is trained.
public struct CostExperiment: ExperimentKind, Equatable {
  /// `cost`.
  public static let name = "cost"
  /// What it does.
  public static let summary =
    "operations, bytes, hours, money and energy of training and verifying any shape, as tables"
  /// Results of this version.
  public static let version = 1

  /// Which table.
  public enum Table: String, CaseIterable, Sendable {
    /// A block and its verification, by model, format and sampling.
    case blocks
    /// Whole trainings, by model and device.
    case families
    /// What is trained of a model.
    case fineTuning = "fine-tuning"
    /// Shortest block by link, and the cheapest sampling by wished detection.
    case blockTimes = "block-times"
    /// How costs grow with parameters, steps and sampling.
    case growth
    /// Published figures beside ours.
    case published
  }

  let table: Table
  let models: [Spec.CostModel]
  let formats: [QuantizationFormat]
  let block: Spec.CostBlock
  let sampling: Spec.Sampling
  let miner: Spec.Machines
  let verifier: Spec.Machines
  let devices: [Spec.Machines]
  let network: Spec.Network
  let gigabits: [Double]
  let goal: Spec.SamplingGoal
  let variants: [Spec.FineTuning]
  let references: [Spec.Reference]

  /// Reads the keys of the kind.
  public init(reading file: inout SpecSection, header: Spec.Header) throws(SpecError) {
    table = try file.choice("table", of: Table.self, default: .blocks, doc: "Which table is made.")
    models =
      try file.list(
        "models", limit: 64, fallback: "GPT-3 175B and Gemma 3 27B",
        doc: "The models of the table."
      ) { entry throws(SpecError) in try Spec.CostModel(reading: &entry) }
      ?? Spec.CostModel.defaults
    formats = try file.texts(
      "formats", "a format such as int4:g64 (`pogo list formats`)", default: ["int4:g64"],
      example: "int4:g64", doc: "Formats of what is published and of the twin.",
      accept: { try? QuantizationFormat(named: $0) })
    block = try file.section("block", doc: "What a block is.")
    sampling = try file.section("verification", doc: "What verifiers look at.")
    miner = try file.section("miner", doc: "The miner's machines.")
    verifier = try file.section("verifier", doc: "One verifier's machines.")
    devices =
      try file.list(
        "devices", limit: 32, fallback: "the miner's",
        doc: "Machines that whole trainings are priced on (`families`, `published`)."
      ) { entry throws(SpecError) in try Spec.Machines(reading: &entry) } ?? [miner]
    network = try file.section("network", doc: "The lines between them.")
    gigabits = try file.numbers(
      "gigabits", .positive, default: [0.08, 1, 10, 100, 400], unit: "Gbit/s",
      doc: "Bandwidths of every node to try (`block-times`).")
    goal = try file.section("goal", doc: "What sampling must find (`block-times`).")
    variants =
      try file.list(
        "variants", limit: 32, fallback: "full, and LoRA of rank 16 on attention",
        doc: "What is trained of a model (`fine-tuning`): entries of `fine_tuning`."
      ) { entry throws(SpecError) in try Spec.FineTuning(reading: &entry) }
      ?? [.full, .lora(rank: 16, alpha: 16, matrices: Spec.FineTuning.defaultMatrices)].map {
        Spec.FineTuning(value: $0)
      }
    references =
      try file.list(
        "reference", limit: 1000, doc: "Published values that ours stand beside (`published`)."
      ) { entry throws(SpecError) in try Spec.Reference(reading: &entry) } ?? []
    if !file.isDescribing {
      try file.require(
        table != .published || !references.isEmpty, "reference",
        "must hold at least one published value for the table 'published'")
    }
  }

  /// Next to nothing; throws ``PlanError`` for a block that cannot be.
  public func estimate(_ inputs: Inputs) throws -> Estimate {
    for model in models {
      for format in formats { _ = try costs(model, format: format) }
      if table == .fineTuning {
        for variant in variants { _ = try costs(model, fineTuning: variant.value) }
      }
    }
    return Estimate(memoryBytes: 1e7, fixedSeconds: 0.05 * Double(models.count * formats.count))
  }

  /// Makes the table.
  public func run(_ context: RunContext) throws -> [ResultVariable] {
    var rows = CostRows(self)
    try rows.fill(context.observer)
    return rows.variables()
  }

  /// The table and its plots.
  public static func report(_ result: ResultFile) throws(ResultError) -> ReportDocument {
    try ReportDocument(result, summary: [], showsEachPoint: true) { point throws(ResultError) in
      try CostReport(point).sections()
    }
  }

  /// The block of a model.
  func costs(
    _ model: Spec.CostModel, format: QuantizationFormat? = nil, steps: Int? = nil,
    fineTuning: Models.FineTuning = .full
  ) throws(PlanError) -> BlockCosts {
    try PlannedBlock(
      shape: model.shape, name: model.preset, contextLength: model.contextLength,
      batchSize: model.batchSize, steps: steps ?? block.steps, segment: block.segment,
      optimizer: block.optimizer, errorFeedback: block.errorFeedback, quantize: block.quantize,
      format: format ?? formats[0], stateFormat: block.stateFormat,
      leafByteCount: block.leafByteCount, fineTuning: fineTuning
    ).costs()
  }

  /// A small table.
  public static let template = """
    # What a block of GPT-3 and its verification cost, at two bit-widths and two rates of replay.
    name: my-costs
    title: Training and verifying GPT-3 175B
    kind: cost
    seed: 1
    table: blocks                # blocks, families, fine-tuning, block-times, growth or published
    models:
      - {preset: gpt3-175b, training_tokens: 3.0e11, tokens_per_step: 3200000, context: 2048}
    formats: [int2:g64, int4:g64]
    block: {steps: 400, segment: 5, quantize: block, leaf_size: 1MiB}
    verification: {replay_rates: [0.0125, 0.05], leaf_rate: 0.0001, progress_tokens: 1000000}
    miner: {device: H100 SXM, accelerators: 1024}
    verifier: {device: H100 SXM, accelerators: 64}

    """
}
