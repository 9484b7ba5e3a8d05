import Kernels
import Models
import Proofs
import Protocol

/// The kind `chain`: miners train, verifiers check, and blocks are finalized.
public struct ChainExperiment: ExperimentKind, Equatable {
  /// `chain`.
  public static let name = "chain"
  /// What it does.
  public static let summary = "miners train, verifiers check, and blocks are finalized"
  /// Results of this version.
  public static let version = 2

  /// The number from which all randomness of the run is derived.
  public var seed: UInt64
  /// The model that is trained (`model`).
  public var model: Spec.Model
  /// The text that it is trained on (`data`).
  public var data: Spec.Data
  /// How miners train (`training`).
  public var training: Spec.Training
  /// How gradients and the model's twin are quantized (`quantization`).
  public var quantization: Spec.Quantization
  /// How byte strings are cut into Merkle leaves (`commitment`).
  public var commitment: Spec.Commitment
  /// Blocks, times, participants and money (`chain`).
  public var chain: Spec.Chain
  /// How much verifiers check (`verification`).
  public var verification: Spec.Verification
  /// Who computes matrix products (`arithmetic`).
  public var arithmetic: Spec.ArithmeticChoice
  /// What of the model is trained (`fine_tuning`); nil for all of it.
  public var fineTuning: Spec.FineTuning?
  /// The model that training starts from (`start`); nil for one that is drawn from the seed.
  public var start: Spec.Start?

  /// Reads the sections of the kind.
  public init(reading file: inout SpecSection, header: Spec.Header) throws(SpecError) {
    self.init(
      try MiningSetup(reading: &file, header: header),
      chain: try file.section(
        "chain", required: "a mapping with blocks", doc: "Blocks, times, participants and money."),
      verification: try file.section("verification", doc: "How much verifiers check."),
      arithmetic: try file.section(
        "arithmetic", doc: "Who computes matrix products, and how equal results must be."))
    fineTuning = try file.optionalSection(
      "fine_tuning", doc: "What of the model is trained; by default all of it.")
    try fineTuning?.require(fits: model.shape, at: "fine_tuning", in: file)
    if case .lowRank = fineTuning?.value {
      try file.require(
        training.recipe.quantizationPoint == .block, "fine_tuning",
        "of the variant 'low-rank' cuts updates of whole blocks, so training needs quantize: block")
    }
    let start: StartSection? = try file.optionalSection(
      "start", doc: "The model that training starts from; by default one drawn from the seed.")
    self.start = start?.start
  }

  /// A chain of blocks that are mined like this.
  init(
    _ setup: MiningSetup, chain: Spec.Chain, verification: Spec.Verification,
    arithmetic: Spec.ArithmeticChoice = .fixed
  ) {
    seed = setup.seed
    model = setup.model
    data = setup.data
    training = setup.training
    quantization = setup.quantization
    commitment = setup.commitment
    self.chain = chain
    self.verification = verification
    self.arithmetic = arithmetic
  }

  /// With products of OpenBLAS nothing is exact: its bits depend on the machine.
  public var usesOpenBLAS: Bool { arithmetic.usesOpenBLAS }

  /// The corpus, and the model that training starts from.
  public var inputs: [InputFile] {
    data.inputs() + (start?.input.map { [$0] } ?? [])
  }

  /// Works the plan out; throws ``PlanError``.
  public func estimate(_ inputs: Inputs) throws -> Estimate {
    let plan = try Plan(
      spec: self, corpus: inputs.files(data), start: inputs.model("start"),
      workers: Workers(threads: 1))
    let task = plan.task
    let blocks = Double(chain.blockCount)
    let published = Double(task.stepsPerBlock) * Double(task.gradientByteCount)
    let model = Double(task.parameterByteCount) + Double(task.quantizedByteCount)
    return Estimate(
      flops: Double(WorkEstimate(plan).total),
      hashedBytes: blocks * (published + model),
      movedBytes: blocks * Double(task.stepsPerBlock) * 4 * Double(task.parameterByteCount),
      // What is recorded is held as blocks, as variables and as the image of the file.
      memoryBytes: Plan.memoryByteCount(task)
        + 3 * (blocks * published + Double(plan.corpus.bytes.count)),
      fixedSeconds: Self.fixedSeconds(
        blocks: blocks, verifiers: Double(chain.verifiers.count),
        corpusBytes: Double(plan.corpus.bytes.count)))
  }

  /// What a chain takes besides training, hashing its parameters and measuring losses: headers,
  /// signatures and random outputs of a block and of an attestation, and keeping the corpus.
  ///
  /// Measured with the smallest model (processor time, one AVX-512 core): 0.36 s for 64 blocks of one
  /// verifier, 0.79 s for 64 blocks of eight, 0.09 s for a corpus of 4.4 MB.
  private static func fixedSeconds(
    blocks: Double, verifiers: Double, corpusBytes: Double
  ) -> Double {
    blocks * (2e-3 + verifiers * 1e-3) + corpusBytes * 20e-9
  }

  /// Mines, verifies and finalizes every block.
  public func run(_ context: RunContext) throws -> [ResultVariable] {
    let corpus = context.inputs.files(data)
    let plan = try Plan(
      spec: self, corpus: corpus, start: context.inputs.model("start"),
      workers: context.arithmetic.workers)
    let record = try Simulation(
      plan: plan, arithmetic: context.arithmetic, clock: context.clock
    ).run(observer: context.observer, journal: context.journal)
    let variables = ChainVariables(record: record, plan: plan).all(corpus: corpus)
    return usesOpenBLAS ? variables.map(\.measured) : variables
  }

  /// Verdicts, losses, costs, bytes and balances.
  public static func report(_ result: ResultFile) throws(ResultError) -> ReportDocument {
    try ReportDocument(
      result, summary: ["confirmed_loss", "diff_bytes", "mining_flops"], plotted: "confirmed_loss"
    ) { point throws(ResultError) in try ChainReport(point).sections() }
  }

  /// A small chain with one cheat.
  public static let template = """
    # Two miners take turns; one of them is a cheat. Two verifiers look at a sample of each block.
    name: my-chain
    title: An honest miner and a cheat
    kind: chain
    seed: 1
    model: {preset: gpt3-nano}
    data: {corpus: Data/kjv.txt, context: 64}
    training: {learning_rate: 0.1, batch: 4, steps_per_block: 4}
    quantization:
      gradient: {bits: 4, group: 64}    # what miners publish
      model: {bits: 4, group: 64}       # the model's quantized twin
    chain:
      blocks: 2
      block_time: 2h
      miners:
        - {name: alice}
        - {name: mallory, behaviour: tampered-leaves, fraction: 0.25}
      verifiers: 2
    verification: {leaf_rate: 0.05, replay_rate: 0.25, progress_tokens: 512, progress_margin: 0.1}
    # All combinations of these would be run, one point each:
    # sweep:
    #   quantization.gradient.bits: [2, 4, 8]
    #   seed: [1, 2, 3]

    """
}
