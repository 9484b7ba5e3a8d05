import Kernels
import Models
import Proofs
import Protocol

/// The kind `progress`: how often the loss-progress check rejects an honest block.
public struct ProgressExperiment: ExperimentKind, Equatable {
  /// `progress`.
  public static let name = "progress"
  /// What it does.
  public static let summary =
    "how often the loss-progress check rejects honest blocks, by evaluation tokens and margin"
  /// Results of this version.
  public static let version = 1

  let setup: MiningSetup
  /// Honest blocks (`blocks`); the last one is measured.
  let blockCount: Int
  /// Evaluation tokens of one verifier (`tokens`).
  let tokens: [Int]
  /// Rises of the loss that are accepted (`margins`), nats a token.
  let margins: [Double]
  /// Verifiers that measure, for each number of tokens (`trials`).
  let trials: Int
  /// Share of honest blocks that may be rejected (`false_rejection`): the margin for it is reported.
  let falseRejection: Double

  /// Reads the sections of the kind.
  public init(reading file: inout SpecSection, header: Spec.Header) throws(SpecError) {
    setup = try MiningSetup(reading: &file, header: header)
    blockCount = try file.integer(
      "blocks", in: 1...10_000, default: 1, unit: "block",
      doc: "Honest blocks that are mined one after the other; the last one is measured.")
    tokens = try file.integers(
      "tokens", in: 1...1_000_000_000, default: [256, 1024, 4096], unit: "token",
      doc: "Numbers of tokens that a verifier measures the quantized model on.")
    margins = try file.numbers(
      "margins", .notNegative, default: [0, 0.01, 0.02, 0.05, 0.1], unit: "nat a token",
      doc: "Rises of the loss that are accepted.")
    trials = try file.integer(
      "trials", in: 2...1_000_000, default: 200,
      doc: "Verifiers that measure, each on data of its own, for each number of tokens.")
    falseRejection = try file.number(
      "false_rejection", .positiveRate, default: 0.001,
      doc: "Share of honest blocks that may be rejected; the margin that this takes is reported.")
    try file.require(
      falseRejection < 1, "false_rejection",
      "must be below 1, but is '\(falseRejection)'")
  }

  /// The corpus.
  public var inputs: [InputFile] { setup.inputs }

  /// A chain whose verifiers measure nothing but progress on `tokens` tokens.
  private func spec(tokens: Int) -> ChainExperiment {
    var chain = setup.chain(
      miner: .honest, verifiers: 1,
      verification: Spec.Verification(
        leafRate: 0, replayRate: 0, progressTokens: tokens,
        progressMargin: 1e9, checks: ["progress"]))
    chain.chain.blockCount = blockCount
    return chain
  }

  /// Mining, and both quantized models on the data of every trial.
  public func estimate(_ inputs: Inputs) throws -> Estimate {
    let plan = try plan(tokens: tokens.max() ?? 1, inputs, Workers(threads: 1))
    let task = plan.task
    let loss = task.trainable.lossFLOPs(
      sequenceCount: Int(task.batchSize), contextLength: Int(task.contextLength)
    ).total
    let perToken = Double(loss) / Double(task.batchSize) / Double(task.contextLength)
    let measured = 2 * Double(trials) * Double(tokens.reduce(0, +))
    return Estimate(
      flops: Double(blockCount) * Double(task.trainingFLOPs) + measured * perToken,
      memoryBytes: Plan.memoryByteCount(task))
  }

  private func plan(tokens: Int, _ inputs: Inputs, _ workers: Workers) throws -> Plan {
    try Plan(spec: spec(tokens: tokens), corpus: inputs.files(setup.data), workers: workers)
  }

  /// Mines the blocks, and measures the last one as so many verifiers would.
  public func run(_ context: RunContext) throws -> [ResultVariable] {
    let plan = try plan(tokens: tokens[0], context.inputs, context.arithmetic.workers)
    let trainer = try plan.makeTrainer(context.arithmetic)
    let (block, parent) = try mined(plan, trainer, context.observer)
    var table = ProgressTable(
      margins: margins, trials: trials, falseRejection: falseRejection)
    for (index, count) in tokens.enumerated() {
      var constants = plan.constants
      constants.progressTokens = UInt32(count)
      let seed = Digest.tagged("PoGO/progress", setup.seed, UInt64(index))
      var measurements: [ProgressMeasurement] = []
      var work = Work()
      for trial in 0..<trials {
        let starts = Challenge(
          output: DetectionTrial.beacon(seed: seed, trial: trial), task: plan.task,
          constants: constants
        ).evaluationStarts
        measurements.append(
          try ProgressCheck.measure(
            quantizedAfter: block.model.quantized, header: block.signed.header, parent: parent,
            starts: starts, trainer: trainer, work: &work))
        try context.observer.progress(
          done: Double(index * trials + trial), total: Double(tokens.count * trials),
          activity: "\(count) tokens: \(trial + 1) of \(trials) verifiers")
      }
      let sequences = constants.evaluationSequences(plan.task)
      table.append(
        tokens: sequences * Int(plan.task.contextLength), measurements: measurements, work: work)
    }
    return table.variables(
      miningFLOPs: Int64(clamping: block.meter.totalWork.flops), block: blockCount)
  }

  /// The last of the blocks with its parent's model; the others are confirmed on the way.
  private func mined(
    _ plan: Plan, _ trainer: Trainer, _ observer: any RunObserver
  ) throws -> (block: MinedBlock, parent: ModelState) {
    var parent = try plan.initialModel(trainer.arithmetic)
    var state = ChainState(plan.genesis(initial: parent))
    func mine(_ number: Int, _ beacon: Digest) throws -> MinedBlock {
      try plan.miner(ofProposal: 0).mine(
        on: state, parent: parent, trainingBeacon: beacon, trainer: trainer, clock: UnreadClock()
      ) { step in
        try observer.progress(
          done: 0, total: 1, activity: "block \(number)/\(blockCount): step \(step)")
      }
    }
    for number in 1..<blockCount {
      let beacon = try plan.beacon.value(round: Int(state.miningRound))
      let block = try mine(number, beacon)
      let challenge = try plan.beacon.value(round: Int(state.challengeRound))
      let outcome = try plan.verifiers[0].verify(
        BlockContext(
          state: state, block: block.signed, parent: parent, trainingBeacon: beacon,
          challengeBeacon: challenge), server: block, trainer: trainer, clock: UnreadClock())
      let judge = EvidenceJudge(
        state: state, publication: block.content, parent: parent, trainingBeacon: beacon,
        trainer: trainer, clock: UnreadClock())
      try state.propose(block.signed)
      try state.process(Submission(outcome), challengeBeacon: challenge, judge: judge)
      guard let closesAt = state.open?.closesAt else { throw RuleViolation.noOpenBlock }
      _ = try state.finalize(at: closesAt)
      parent = block.model
    }
    let beacon = try plan.beacon.value(round: Int(state.miningRound))
    return (try mine(blockCount, beacon), parent)
  }

  /// Measured and implied rejections, and the margins that honest miners need.
  public static func report(_ result: ResultFile) throws(ResultError) -> ReportDocument {
    try ReportDocument(result, summary: ["mining_flops"], showsEachPoint: true) {
      point throws(ResultError) in try ProgressReport(point).sections()
    }
  }

  /// A small table.
  public static let template = """
    # How often is an honest block rejected because its loss rose on a small sample?
    name: my-progress
    title: False rejections of the loss-progress check
    kind: progress
    seed: 1
    model: {preset: gpt3-nano}
    data: {corpus: Data/kjv.txt, context: 64}
    training: {learning_rate: 0.1, batch: 4, steps_per_block: 2}
    blocks: 1
    tokens: [256, 1024]
    margins: [0, 0.01]
    trials: 10

    """
}
