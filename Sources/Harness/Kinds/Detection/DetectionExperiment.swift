import Kernels
import Models
import Proofs
import Protocol

/// The kind `detection`: thousands of challenges against one really mined block.
public struct DetectionExperiment: ExperimentKind, Equatable {
  /// `detection`.
  public static let name = "detection"
  /// What it does.
  public static let summary =
    "thousands of challenges against a really tampered block, beside the closed form"
  /// Results of this version.
  public static let version = 1

  /// What verifiers sample.
  public enum Sample: String, CaseIterable, Sendable {
    /// Leaves, for the leaf and update checks.
    case leaves
    /// Segments, for the replay.
    case segments
  }

  let setup: MiningSetup
  /// What the miner does (`adversary`).
  let behaviour: Spec.Miner.Behaviour
  /// Name of the adversary.
  let adversary: String
  /// What is sampled (`sample`).
  let sample: Sample
  /// Shares that a verifier looks at (`rates`).
  let rates: [Double]
  /// Most verifiers that look (`verifiers`).
  let verifierCount: Int
  /// Independent beacon values for each rate (`trials`).
  let trials: Int

  /// Reads the sections of the kind.
  public init(reading file: inout SpecSection, header: Spec.Header) throws(SpecError) {
    setup = try MiningSetup(reading: &file, header: header)
    adversary = try file.choice(
      "adversary", among: Spec.Miner.behaviourNames, default: "tampered-leaves",
      doc: "What the miner of the block does.")
    let fraction = try file.number(
      "fraction", .positiveRate, default: 0.1,
      doc: "Part of the leaves or steps that it forges, where that can be chosen.")
    behaviour =
      MinerAdversary(rawValue: adversary).map { .adversary($0, fraction: fraction) } ?? .honest
    sample = try file.choice(
      "sample", of: Sample.self, default: .leaves,
      doc: "What verifiers sample: `leaves` for the leaf and update checks, `segments` to replay.")
    rates = try file.numbers(
      "rates", .rate, default: [0.01, 0.02, 0.05, 0.1, 0.2],
      doc: "Shares that each verifier looks at; one point of the curve each.")
    verifierCount = try file.integer(
      "verifiers", in: 1...64, default: 4,
      doc: "Most verifiers that look, each by its own draw.")
    trials = try file.integer(
      "trials", in: 1...10_000_000, default: 1000,
      doc: "Independent beacon values for each rate.")
  }

  /// The corpus.
  public var inputs: [InputFile] { setup.inputs }

  private func spec(rate: Double) -> ChainExperiment {
    setup.chain(
      miner: behaviour, verifiers: verifierCount,
      verification: Spec.Verification(
        leafRate: sample == .leaves ? rate : 0, replayRate: sample == .segments ? rate : 0,
        progressTokens: 0, progressMargin: 0,
        checks: sample == .leaves
          ? ["leaf", "update", "availability"] : ["replay", "availability"]))
  }

  /// Mining and looking at everything once a rate, and the samples of all trials.
  public func estimate(_ inputs: Inputs) throws -> Estimate {
    let plan = try Plan(
      spec: spec(rate: rates.max() ?? 0), corpus: inputs.files(setup.data),
      workers: Workers(threads: 1))
    let (task, looks) = (plan.task, Double(trials * verifierCount))
    let steps = Double(task.stepsPerBlock)
    let replayed = sample == .segments ? looks * rates.reduce(0, +) * steps : 0
    let opened = sample == .leaves ? looks * rates.reduce(0, +) * Double(task.leafCount) : 0
    let leaf = Double(task.parameterLeafSize) * 2 + Double(task.gradientByteCount / task.leafCount)
    return Estimate(
      flops: Double(task.trainingFLOPs) / steps * (replayed + 2 * steps * Double(rates.count)),
      hashedBytes: opened * leaf * (1 + steps / 8),
      memoryBytes: Plan.memoryByteCount(task))
  }

  /// Tries every rate.
  public func run(_ context: RunContext) throws -> [ResultVariable] {
    let corpus = context.inputs.files(setup.data)
    var curve = DetectionCurve(verifierCount: verifierCount)
    // In pieces, so that progress is told and a run can be stopped.
    let piece = max(1, min(trials, 250))
    for (index, rate) in rates.enumerated() {
      let block = try PreparedBlock(
        spec(rate: rate), corpus: corpus, arithmetic: context.arithmetic)
      let seed = Digest.tagged("PoGO/detection", setup.seed, UInt64(index))
      let start = context.clock.seconds()
      var outcome = DetectionTrial.Outcome(verifiers: verifierCount)
      for first in stride(from: 0, to: trials, by: piece) {
        outcome.merge(
          try block.trial.run(
            trials: first..<min(first + piece, trials), seed: seed,
            arithmetic: context.arithmetic))
        try context.observer.progress(
          done: Double(index * trials + outcome.trials), total: Double(rates.count * trials),
          activity: "rate \(rate): \(outcome.trials) of \(trials) trials")
      }
      curve.append(
        rate: rate, outcome: outcome, block: block, seconds: context.clock.seconds() - start)
    }
    return curve.variables(sample: sample, adversary: adversary)
  }

  /// The curve as a table, and how often the closed form lies inside the interval.
  public static func report(_ result: ResultFile) throws(ResultError) -> ReportDocument {
    try ReportDocument(result, summary: ["challenges"], showsEachPoint: true) {
      point throws(ResultError) in try DetectionReport(point).sections()
    }
  }

  /// A small curve.
  public static let template = """
    # How often do four verifiers find that a tenth of the leaves was tampered with?
    name: my-detection
    title: Detection of tampered leaves against the sampling rate
    kind: detection
    seed: 1
    model: {preset: gpt3-nano}
    data: {corpus: Data/kjv.txt, context: 64}
    training: {learning_rate: 0.1, batch: 4, steps_per_block: 4}
    adversary: tampered-leaves
    fraction: 0.1
    sample: leaves
    rates: [0.01, 0.05]
    verifiers: 4
    trials: 50

    """
}
