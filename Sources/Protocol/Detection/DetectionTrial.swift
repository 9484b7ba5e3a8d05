import Kernels
import Models
import Proofs
import Synchronization

/// Thousands of challenges against one really committed block, through the real verifier.
public struct DetectionTrial: Sendable {
  /// The chain before the block.
  public let state: ChainState
  /// The block, its honest or dishonest server and its rivals.
  public let block: MinedBlock
  /// Value of the round that fixed the training data.
  public let trainingBeacon: Digest
  /// Who looks.
  public let verifiers: [Verifier]
  /// The text that is trained on.
  public let corpus: Corpus

  /// From its parts.
  public init(
    state: ChainState, block: MinedBlock, trainingBeacon: Digest, verifiers: [Verifier],
    corpus: Corpus
  ) {
    self.state = state
    self.block = block
    self.trainingBeacon = trainingBeacon
    self.verifiers = verifiers
    self.corpus = corpus
  }

  /// What came of the trials.
  public struct Outcome: Sendable {
    /// Independent beacon values that were tried.
    public internal(set) var trials = 0
    /// In how many trials the first v + 1 verifiers found a failure, for each v.
    public internal(set) var detections: [Int]
    /// In how many verifications each reason was attested.
    public internal(set) var reasons: [Attestation.Reason: Int] = [:]
    /// Exact work of all verifications, by phase.
    public internal(set) var work: [Phase: Work] = [:]
    /// Challenges that were answered: trials times verifiers.
    public var challenges: Int { trials * detections.count }

    /// Nothing tried yet.
    public init(verifiers: Int) { detections = [Int](repeating: 0, count: verifiers) }

    /// Adds other trials of the same block.
    public mutating func merge(_ other: Outcome) {
      trials += other.trials
      for index in detections.indices { detections[index] += other.detections[index] }
      reasons.merge(other.reasons, uniquingKeysWith: +)
      for (phase, done) in other.work { work[phase, default: Work()] += done }
    }

    /// All work together.
    public var totalWork: Work {
      Phase.allCases.reduce(into: Work()) { $0 += work[$1] ?? Work() }
    }

    /// The share of trials in which at least one of the first `verifiers` found a failure.
    public func detected(byFirst verifiers: Int) -> WilsonInterval {
      WilsonInterval(successes: detections[verifiers - 1], trials: trials)
    }
  }

  /// The beacon value of trial `number`: as unforeseeable as a real one.
  public static func beacon(seed: Digest, trial number: Int) -> Digest {
    Digest.tagged("PoGO/detection-trial", seed, UInt64(number))
  }

  /// Runs trials `range` one after the other. Equal arguments give equal outcomes.
  public func run(
    trials range: Range<Int>, seed: Digest, trainer: Trainer
  ) throws -> Outcome {
    var outcome = Outcome(verifiers: verifiers.count)
    let server = block.server
    for number in range {
      let context = BlockContext(
        state: state, block: block.signed, parent: block.parent, trainingBeacon: trainingBeacon,
        challengeBeacon: Self.beacon(seed: seed, trial: number), sightings: block.rivals)
      var isDetected = false
      for (index, verifier) in verifiers.enumerated() {
        let found = try verifier.verify(
          context, server: server, trainer: trainer, clock: NoClock())
        isDetected = isDetected || found.failure != nil
        if isDetected { outcome.detections[index] += 1 }
        outcome.reasons[found.attestation.attestation.reason, default: 0] += 1
        for (phase, work) in found.meter.work { outcome.work[phase, default: Work()] += work }
      }
      outcome.trials += 1
    }
    return outcome
  }

  /// Runs `count` trials on all workers of `arithmetic`; the outcome does not depend on how many.
  public func run(count: Int, seed: Digest, arithmetic: Arithmetic) throws -> Outcome {
    try run(trials: 0..<count, seed: seed, arithmetic: arithmetic)
  }

  /// Runs trials `all` on all workers of `arithmetic`.
  public func run(
    trials all: Range<Int>, seed: Digest, arithmetic: Arithmetic
  ) throws -> Outcome {
    let chunks = max(1, min(arithmetic.workers.threads, all.count))
    let results = Mutex<[Int: Result<Outcome, any Error>]>([:])
    let task = state.genesis.task
    arithmetic.workers.run(tasks: chunks) { chunk in
      let first = all.lowerBound
      let range =
        first + chunk * all.count / chunks..<first + (chunk + 1) * all.count / chunks
      let result = Result {
        try run(
          trials: range, seed: seed,
          trainer: Trainer(task: task, corpus: corpus, arithmetic: arithmetic.serial))
      }
      results.withLock { $0[chunk] = result }
    }
    var total = Outcome(verifiers: verifiers.count)
    let done = results.withLock { $0 }
    // In order, so that of several errors the same one is thrown every time.
    for chunk in 0..<chunks { if let result = done[chunk] { total.merge(try result.get()) } }
    return total
  }
}

/// Nobody asks how long a trial took.
struct NoClock: Stopwatch {
  func seconds() -> Double { 0 }
}
