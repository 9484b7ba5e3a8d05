import Kernels
import Models
import Proofs
import Protocol

/// The kind `adversaries`: every dishonest miner against every check, and an honest one beside them.
public struct AdversariesExperiment: ExperimentKind, Equatable {
  /// `adversaries`.
  public static let name = "adversaries"
  /// What it does.
  public static let summary = "every adversary against every check, as a matrix"
  /// Results of this version.
  public static let version = 1

  let setup: MiningSetup
  let adversaries: [String]
  let fraction: Double
  let verifierCount: Int
  let leafRate: Double
  let replayRate: Double
  let progressTokens: Int
  let progressMargin: Double

  /// A column: a check by itself, or all of them. Availability alone would ask for nothing, so it
  /// stands with the questions of the leaf check.
  static let columns: [(name: String, checks: [String])] =
    ["leaf", "update", "replay", "progress"].map { ($0, [$0]) }
    + [("availability", ["availability", "leaf"]), ("all", Checks.named.map(\.name))]

  /// Reads the sections of the kind.
  public init(reading file: inout SpecSection, header: Spec.Header) throws(SpecError) {
    setup = try MiningSetup(reading: &file, header: header)
    let names = Spec.Miner.behaviourNames
    adversaries = try file.choices(
      "adversaries", among: names, default: names,
      doc: "Miners of the rows; `honest` is the twin that no check may touch.")
    fraction = try file.number(
      "fraction", .positiveRate, default: 0.25,
      doc: "Part of the leaves or steps that they forge, where that can be chosen.")
    verifierCount = try file.integer(
      "verifiers", in: 1...64, default: 3, doc: "Verifiers of each block, with equal stakes.")
    leafRate = try file.number(
      "leaf_rate", .rate, default: 1, doc: "Share of the leaves that each verifier opens.")
    replayRate = try file.number(
      "replay_rate", .rate, default: 1, doc: "Share of the segments that it computes again.")
    progressTokens = try file.integer(
      "progress_tokens", in: 0...1_000_000_000, default: 4096, unit: "token",
      doc: "Tokens on which it measures the quantized model.")
    progressMargin = try file.number(
      "progress_margin", .notNegative, default: 0.05, unit: "nat a token",
      doc: "Rise of the loss that is still accepted.")
  }

  /// The corpus.
  public var inputs: [InputFile] { setup.inputs }

  private func spec(_ adversary: String, checks: [String]) -> ChainExperiment {
    setup.chain(
      miner: MinerAdversary(rawValue: adversary).map { .adversary($0, fraction: fraction) }
        ?? .honest,
      verifiers: verifierCount,
      verification: Spec.Verification(
        leafRate: leafRate, replayRate: replayRate, progressTokens: progressTokens,
        progressMargin: progressMargin, checks: checks))
  }

  /// One block for each cell, and its verifications.
  public func estimate(_ inputs: Inputs) throws -> Estimate {
    let plan = try Plan(
      spec: spec("honest", checks: Checks.named.map(\.name)), corpus: inputs.files(setup.data),
      workers: Workers(threads: 1))
    let cells = Double(adversaries.count * Self.columns.count)
    return Estimate(
      flops: cells * Double(WorkEstimate(plan).total), memoryBytes: Plan.memoryByteCount(plan.task))
  }

  /// Runs every cell.
  public func run(_ context: RunContext) throws -> [ResultVariable] {
    let corpus = context.inputs.files(setup.data)
    var matrix = AdversaryMatrix(adversaries: adversaries, columns: Self.columns.map(\.name))
    let total = Double(adversaries.count * Self.columns.count)
    for adversary in adversaries {
      for (name, checks) in Self.columns {
        try context.observer.progress(
          done: Double(matrix.cellCount), total: total, activity: "\(adversary) against \(name)")
        let plan = try Plan(
          spec: spec(adversary, checks: checks), corpus: corpus,
          workers: context.arithmetic.workers)
        matrix.append(try AdversaryMatrix.cell(plan, arithmetic: context.arithmetic))
      }
      try context.observer.note("\(adversary): \(matrix.lastRowSummary)")
    }
    return matrix.variables()
  }

  /// The matrix.
  public static func report(_ result: ResultFile) throws(ResultError) -> ReportDocument {
    try ReportDocument(result, summary: [], showsEachPoint: true) {
      point throws(ResultError) in try AdversaryMatrix.sections(point)
    }
  }

  /// Three rows.
  public static let template = """
    # Who is caught by which check alone, and by all together?
    name: my-adversaries
    title: Three miners against every check
    kind: adversaries
    seed: 1
    model: {preset: gpt3-nano}
    data: {corpus: Data/kjv.txt, context: 64}
    training: {learning_rate: 0.1, batch: 4, steps_per_block: 4}
    adversaries: [honest, tampered-leaves, random-weights]
    verifiers: 3
    leaf_rate: 0.5
    replay_rate: 0.5
    progress_tokens: 512
    progress_margin: 0.1

    """
}
