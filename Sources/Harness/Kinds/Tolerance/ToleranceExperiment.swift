import Kernels
import Models
import Proofs
import Protocol

/// The kind `tolerance`: exact against tolerant replays, for honest machines that compute in other
/// orders and for cheats.
public struct ToleranceExperiment: ExperimentKind, Equatable {
  /// `tolerance`.
  public static let name = "tolerance"
  /// What it does.
  public static let summary =
    "exact against tolerant replays: other machines that are rejected, cheats that pass"
  /// Results of this version.
  public static let version = 1

  let setup: MiningSetup
  /// Parts that honest machines cut their sums into (`splits`).
  let splits: [Int]
  /// Whether a machine with OpenBLAS takes part (`openblas`).
  let includesOpenBLAS: Bool
  /// Dishonest miners (`cheats`).
  let cheats: [MinerAdversary]
  /// Part of the steps that they forge, where that can be chosen (`fraction`).
  let fraction: Double
  /// Strengths with which miners steer (`strengths`).
  let strengths: [Double]
  /// The text that they steer towards (`target`).
  let target: String
  /// Tolerances that are compared (`tolerances`).
  let tolerances: [Double]

  /// The dishonest miners that leave what they are caught by to the replay.
  private static let replayCheats: [MinerAdversary] = [
    .lowerPrecision, .fakedSteps, .reusedGradients, .skippedTraining, .spoofedTrajectory,
    .evaluationTraining, .falseLoss,
  ]

  /// Reads the sections of the kind.
  public init(reading file: inout SpecSection, header: Spec.Header) throws(SpecError) {
    setup = try MiningSetup(reading: &file, header: header)
    splits = try file.integers(
      "splits", in: 1...4096, default: [2, 4, 16],
      doc:
        "Honest machines: each cuts the sums of products into so many parts, as other kernels do.")
    includesOpenBLAS =
      try file.choice(
        "openblas", among: ["true", "false"], default: "false",
        doc: "Whether a machine with the OpenBLAS that is loaded takes part.") == "true"
    let names = Self.replayCheats.map(\.rawValue)
    cheats = try file.choices(
      "cheats", among: names,
      default: [MinerAdversary.lowerPrecision, .fakedSteps, .reusedGradients].map(\.rawValue),
      doc: "Dishonest miners that only a replay finds."
    ).compactMap(MinerAdversary.init(rawValue:))
    fraction = try file.number(
      "fraction", .positiveRate, default: 0.25,
      doc: "Part of the steps that they forge, where that can be chosen.")
    strengths = try file.numbers(
      "strengths", .rate, default: [0.003, 0.01, 0.03, 0.1, 0.3],
      doc: "Miners that steer the model: norm of what each adds to a gradient, over the gradient's."
    )
    target = try file.text(
      "target", "one line of at most 500 characters", default: "the quick brown fox ",
      example: "the quick brown fox", doc: "The text that they steer towards."
    ) { Spec.isLine($0, limit: 500) && !$0.isEmpty ? $0 : nil }
    tolerances = try file.numbers(
      "tolerances", .rate, default: [0, 0.000_001, 0.000_1, 0.01, 0.03, 0.1, 0.3, 1],
      doc: "Relative distances at which a replay still passes.")
  }

  /// The corpus.
  public var inputs: [InputFile] { setup.inputs }

  /// OpenBLAS takes part if it is asked for.
  public var usesOpenBLAS: Bool { includesOpenBLAS }

  private var contenderCount: Int {
    1 + splits.count + cheats.count + strengths.count + (includesOpenBLAS ? 1 : 0)
  }

  /// One block mined and replayed for each contender.
  public func estimate(_ inputs: Inputs) throws -> Estimate {
    let plan = try Plan(
      spec: chain, corpus: inputs.files(chain.data), workers: Workers(threads: 1))
    try requireWalkable(plan.task)
    return Estimate(
      flops: Double(plan.task.trainingFLOPs) * 2.5 * Double(contenderCount),
      memoryBytes: Plan.memoryByteCount(plan.task))
  }

  /// Mines and replays a block for each contender.
  public func run(_ context: RunContext) throws -> [ResultVariable] {
    let corpus = context.inputs.files(chain.data)
    let plan = try Plan(
      spec: chain, corpus: corpus, workers: context.arithmetic.workers)
    try requireWalkable(plan.task)
    let field = try ToleranceField(plan: plan, target: target, arithmetic: context.arithmetic)
    var table = ToleranceTable(tolerances: tolerances)
    var done = 0
    func tell(_ name: String) throws {
      try context.observer.progress(
        done: Double(done), total: Double(contenderCount), activity: name)
      done += 1
    }
    func add(
      _ name: String, _ role: ToleranceTable.Role, arithmetic: Arithmetic? = nil,
      _ behaviour: any MinerBehaviour = HonestMiner()
    ) throws {
      try tell(name)
      table.append(
        try field.outcome(of: behaviour, arithmetic: arithmetic ?? context.arithmetic),
        name: name, role: role)
    }
    try add("fixed", .honest)
    for parts in splits {
      var other = Arithmetic(
        kind: .split, instructionSet: context.arithmetic.instructionSet,
        workers: context.arithmetic.workers)
      other.summationParts = parts
      try add("sums in \(parts) parts", .honest, arithmetic: other)
    }
    for cheat in cheats {
      try add(
        cheat.rawValue, .cheat,
        cheat.behaviour(
          fraction: PartsPerMillion(fraction: fraction) ?? PartsPerMillion(fraction: 1)!,
          victim: plan.miners[0].key.publicKey,
          deadlineMilliseconds: plan.constants.answerDeadlineMilliseconds))
    }
    for strength in strengths {
      try add(
        "steered by \(strength)", .steered,
        SteeredTraining(strength: Float(strength), target: field.target))
    }
    var variables = table.variables
    if includesOpenBLAS {
      let other = Arithmetic(
        kind: .openblas, instructionSet: context.arithmetic.instructionSet,
        workers: context.arithmetic.workers)
      try tell("openblas")
      variables += ToleranceTable.openBLAS(
        try field.outcome(of: HonestMiner(), arithmetic: other), record: other.record)
    }
    return variables
  }

  /// A chain of the one block that all mine.
  private var chain: ChainExperiment {
    setup.chain(
      miner: .honest, verifiers: 1,
      verification: Spec.Verification(
        leafRate: 0, replayRate: 1, progressTokens: 0, progressMargin: 0, checks: ["replay"]))
  }

  private func requireWalkable(_ task: TrainingTask) throws(PlanError) {
    guard task.isWalkable else {
      throw .impossible(
        "a tolerance needs states that follow from published gradients: training.quantize: step "
          + "without error_feedback")
    }
  }

  /// Who is rejected and who passes, at each tolerance.
  public static func report(_ result: ResultFile) throws(ResultError) -> ReportDocument {
    try ReportDocument(
      result, summary: ["honest_tolerance", "cheat_tolerance"], showsEachPoint: true
    ) {
      point throws(ResultError) in try ToleranceTable.sections(point)
    }
  }

  /// A small comparison.
  public static let template = """
    # Which tolerance lets honest machines pass that sum in other orders, and what may cheats do in it?
    name: my-tolerance
    title: Exact against tolerant replays
    kind: tolerance
    seed: 1
    model: {preset: gpt3-nano}
    data: {corpus: Data/kjv.txt, context: 64}
    training: {learning_rate: 0.1, batch: 4, steps_per_block: 4}
    splits: [4]
    cheats: [lower-precision]
    strengths: [0.01, 0.1]

    """
}
