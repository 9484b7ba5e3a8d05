import Costs
import Models
import Proofs
import Protocol
import Quant

/// The kind `schedule`: which block times leave room for training, transfer and verification.
/// Nothing is trained, so any shape is possible.
public struct ScheduleExperiment: ExperimentKind, Equatable {
  /// `schedule`.
  public static let name = "schedule"
  /// What it does.
  public static let summary =
    "a chain of any shape on a virtual clock: training, transfer, verification, finality"
  /// Results of this version.
  public static let version = 2

  let seed: UInt64
  let model: Spec.Model
  let tokensPerStep: Int
  let contextLength: Int
  let optimizer: Optimizer
  let stateFormat: QuantizationFormat?
  let quantize: Spec.Training.QuantizationPoint
  let errorFeedback: Bool
  let format: QuantizationFormat
  let trainingShare: Double
  let segmentCount: Int
  let miner: Spec.Machines
  let verifier: Spec.Machines
  let minerCount: Int
  let verifierCount: Int
  let network: Spec.Network
  let blockHours: [Double]
  let windowShare: Double
  let beaconPeriodMilliseconds: Int
  let answerDeadlineMilliseconds: Int
  let gigabits: [Double]
  let leafRate: Double
  let leafByteCount: Int
  let replayRate: Double
  let progressTokens: Int
  let blockCount: Int

  /// Reads the sections of the kind.
  public init(reading file: inout SpecSection, header: Spec.Header) throws(SpecError) {
    seed = header.seed
    model = try file.section(
      "model", required: "a mapping with \(Spec.Model.rule)",
      doc: "The model that is trained: \(Spec.Model.rule).")
    tokensPerStep = try file.integer(
      "tokens_per_step", in: 1...1_000_000_000, default: 3_200_000, unit: "token",
      doc: "Tokens of one optimizer step; rounded up to whole sequences.")
    contextLength = try file.integer(
      "context", in: 1...131_072, default: 2048, unit: "token", doc: "Length of a sequence.")
    (optimizer, stateFormat) = try file.plannedOptimizer()
    quantize = try file.choice(
      "quantize", of: Spec.Training.QuantizationPoint.self, default: .block,
      doc: "What is published: every `step` or the difference of the whole `block`.")
    errorFeedback = try file.flag(
      "error_feedback", default: false, doc: "Whether what quantization drops is added later.")
    format = try file.text(
      "format", "a format such as int4:g64 (`pogo list formats`)", default: "int4:g64",
      example: "int4:g64", doc: "Format of what is published and of the twin.",
      accept: { try? QuantizationFormat(named: $0) })
    trainingShare = try file.number(
      "training_share", .positiveRate, default: 0.95,
      doc: "Share of the block time that training and committing may fill.")
    segmentCount = try file.integer(
      "segments", in: 1...100_000, default: 64, doc: "Most committed states of a block.")
    miner = try file.section("miner", doc: "What each miner computes with.")
    verifier = try file.section("verifier", doc: "What each verifier computes with.")
    minerCount = try file.integer(
      "miners", in: 1...64, default: 1, doc: "Miners, all of which mine every height.")
    verifierCount = try file.integer(
      "verifiers", in: 1...256, default: 8, doc: "Verifiers, with equal stakes.")
    network = try file.section("network", doc: "The lines between them.")
    blockHours = try file.numbers(
      "block_hours", .positive, default: [1, 2, 4, 8], unit: "hour",
      doc: "Block times to try.")
    windowShare = try file.number(
      "window_share", .positiveRate, default: 0.5,
      doc: "Attestation window as a share of the block time.")
    beaconPeriodMilliseconds = try file.duration(
      "beacon_period", default: "1m", doc: "Virtual time between two values of the beacon.")
    answerDeadlineMilliseconds = try file.duration(
      "answer_deadline", default: "10m", doc: "Time in which a miner must answer a verifier.")
    gigabits = try file.numbers(
      "gigabits", .positive, default: [1, 10, 100], unit: "Gbit/s",
      doc: "Bandwidths of every node to try.")
    leafRate = try file.number(
      "leaf_rate", .rate, default: 0.0001, doc: "Share of the leaves that each verifier opens.")
    leafByteCount = try file.size(
      "leaf_size", in: 256...(64 << 20), multipleOf: 4, default: "1MiB",
      doc: "float32 bytes of a Merkle leaf: whole groups of the format.")
    replayRate = try file.number(
      "replay_rate", .rate, default: 0.015, doc: "Share of the segments that it computes again.")
    progressTokens = try file.integer(
      "progress_tokens", in: 0...1_000_000_000, default: 1_000_000, unit: "token",
      doc: "Tokens on which it measures the quantized model.")
    blockCount = try file.integer(
      "blocks", in: 1...10_000, default: 8, unit: "block", doc: "Heights to simulate for each pair."
    )
  }

  /// Next to nothing: no model is held. Throws ``PlanError`` for a block that cannot be.
  public func estimate(_ inputs: Inputs) throws -> Estimate {
    _ = try block().costs()
    for hours in blockHours { _ = try constants(hours: hours) }
    let events = blockHours.count * gigabits.count * blockCount * (minerCount + 1) * verifierCount
    return Estimate(memoryBytes: Double(events) * 2000, fixedSeconds: Double(events) * 1e-5)
  }

  /// Simulates every pair of block time and bandwidth.
  public func run(_ context: RunContext) throws -> [ResultVariable] {
    let costs = try block().costs()
    var table = ScheduleTable(self, costs)
    for hours in blockHours {
      let constants = try constants(hours: hours)
      let budget = ScheduleBudget(self, costs, constants)
      for bandwidth in gigabits {
        try context.observer.progress(
          done: Double(table.rowCount), total: Double(blockHours.count * gigabits.count),
          activity: "\(hours) h at \(bandwidth) Gbit/s")
        var simulation = ScheduleSimulation(
          try scenario(budget, constants, bitsPerSecond: bandwidth * 1e9))
        table.append(budget, simulation.run())
      }
    }
    return table.variables()
  }

  /// One step of the model as a block.
  private func block() throws -> PlannedBlock {
    let length = min(contextLength, model.shape.contextLength)
    let batch = (tokensPerStep + length - 1) / length
    guard batch <= 1_000_000 else {
      throw PlanError.impossible("a step of \(batch) sequences; a million are the most")
    }
    return PlannedBlock(
      shape: model.shape, name: "model", contextLength: length, batchSize: batch, steps: 1,
      segment: 1, optimizer: optimizer, errorFeedback: errorFeedback, quantize: quantize,
      format: format, stateFormat: stateFormat, leafByteCount: leafByteCount)
  }

  private func rate(_ value: Double) throws -> PartsPerMillion {
    guard let rate = PartsPerMillion(fraction: value) else {
      throw PlanError.impossible("a rate must be in 0...1, but is \(value)")
    }
    return rate
  }

  private func constants(hours: Double) throws -> ProtocolConstants {
    var constants = ProtocolConstants.paper
    constants.blockTimeMilliseconds = UInt64(hours * 3_600_000)
    constants.attestationWindowMilliseconds = UInt64(hours * 3_600_000 * windowShare)
    constants.beaconPeriodMilliseconds = UInt64(beaconPeriodMilliseconds)
    constants.answerDeadlineMilliseconds = UInt64(answerDeadlineMilliseconds)
    constants.leafRate = try rate(leafRate)
    constants.replayRate = try rate(replayRate)
    constants.progressTokens = UInt32(progressTokens)
    guard constants.attestationWindowMilliseconds > constants.beaconPeriodMilliseconds else {
      throw PlanError.impossible(
        "a window of \(windowShare) times \(hours) h is shorter than beacon_period: no challenge "
          + "appears in it; a longer block time, a larger window_share or a shorter beacon_period do"
      )
    }
    return constants
  }

  private func scenario(
    _ budget: ScheduleBudget, _ constants: ProtocolConstants, bitsPerSecond: Double
  ) throws -> ScheduleScenario {
    let link = Link(
      latencyMilliseconds: UInt64(network.latencyMilliseconds),
      bitsPerSecond: max(1, UInt64(bitsPerSecond)))
    return ScheduleScenario(
      constants: constants,
      miners: (0..<minerCount).map {
        ScheduleScenario.Miner(
          name: "miner-\($0 + 1)",
          trainingMilliseconds: ScheduleBudget.milliseconds(
            budget.trainingSeconds + budget.commitmentSeconds), link: link)
      },
      verifiers: (0..<verifierCount).map {
        ScheduleScenario.Verifier(
          name: "verifier-\($0 + 1)", stake: Stake(100), link: link,
          leafMilliseconds: ScheduleBudget.milliseconds(budget.leafSeconds),
          replayMilliseconds: ScheduleBudget.milliseconds(budget.replaySeconds),
          progressMilliseconds: ScheduleBudget.milliseconds(budget.progressSeconds))
      },
      messages: budget.messages,
      propagation: network.fanOut == 0 ? .direct : .gossip(fanOut: network.fanOut),
      lossRate: try rate(network.lossRate), jitter: try rate(network.jitter),
      blockCount: blockCount, seed: Digest.tagged("PoGO/schedule", seed))
  }

  /// Which pairs leave room, and where the time goes.
  public static func report(_ result: ResultFile) throws(ResultError) -> ReportDocument {
    try ReportDocument(result, summary: ["parameters", "step_seconds"], showsEachPoint: true) {
      point throws(ResultError) in try ScheduleTable.sections(point)
    }
  }

  /// GPT-3 in two block times.
  public static let template = """
    # Which block times leave room for GPT-3's training, transfer and verification?
    name: my-schedule
    title: GPT-3 175B on 1024 accelerators
    kind: schedule
    seed: 1
    model: {preset: gpt3-175b}
    tokens_per_step: 3200000
    context: 2048
    quantize: block
    miner: {device: H100 SXM, accelerators: 1024}
    verifier: {device: H100 SXM, accelerators: 256}
    verifiers: 4
    block_hours: [1, 4]
    gigabits: [1, 10]
    blocks: 3

    """
}
