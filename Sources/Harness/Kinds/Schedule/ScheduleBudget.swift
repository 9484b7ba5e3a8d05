import Costs
import Models
import Protocol

/// What a block that fills a block time holds and takes, by the formulas of `docs/cost-model.md`.
struct ScheduleBudget {
  /// The block.
  let costs: BlockCosts
  /// What one verifier looks at.
  let parts: SampledParts
  /// One miner's training, and its quantizing and committing.
  let trainingSeconds, commitmentSeconds: Double
  /// One verifier's checks of header and leaves, its replay, its measuring of twins.
  let leafSeconds, replaySeconds, progressSeconds: Double
  /// Bytes of the messages.
  let messages: ScheduleScenario.Messages

  /// The longest block that mining makes in its share of the block time; at least one step: a block time
  /// in which not even that fits must show as one that never ends.
  ///
  /// - Parameter block: of any number of steps.
  init(_ spec: ScheduleExperiment, _ block: BlockCosts, _ constants: ProtocolConstants) {
    let available = Double(constants.blockTimeMilliseconds) / 1000 * spec.trainingShare
    func costs(_ steps: Int) -> BlockCosts {
      block.withSteps(steps, segment: (steps + spec.segmentCount - 1) / spec.segmentCount)
    }
    var (fits, tooLong) = (1, 1_000_001)
    while tooLong - fits > 1 {
      let middle = (fits + tooLong) / 2
      if spec.miner.fleet.seconds(costs(middle).mining().total) <= available {
        fits = middle
      } else {
        tooLong = middle
      }
    }
    self.costs = costs(fits)
    parts = SampledParts(evenlyOver: self.costs, constants: constants)
    let mining = self.costs.mining()
    trainingSeconds = spec.miner.fleet.seconds(mining[.training] ?? Workload())
    commitmentSeconds = spec.miner.fleet.seconds(mining.total) - trainingSeconds
    let verification = self.costs.verification(parts)
    func seconds(_ phases: Phase...) -> Double {
      spec.verifier.fleet.seconds(
        phases.reduce(Workload()) { $0 + (verification[$1] ?? Workload()) })
    }
    leafSeconds = seconds(.structure, .leaf, .update)
    replaySeconds = seconds(.replay)
    progressSeconds = seconds(.progress)
    let questions = self.costs.messages(parts)
    let answers = parts.leaves.reduce(UInt128(0)) { [costs = self.costs] in
      $0 + costs.answerBytes(leaf: $1)
    }
    messages = ScheduleScenario.Messages(
      header: UInt64(clamping: self.costs.headerBytes),
      publication: UInt64(clamping: self.costs.publicationBytes),
      answers: UInt64(clamping: answers),
      states: UInt64(
        clamping: UInt128(questions.states) * self.costs.stateBytes
          + UInt128(questions.twins) * self.costs.twinBytes),
      attestation: UInt64(clamping: BlockCosts.attestationBytes))
  }

  /// Steps that one verifier replays.
  var replayedSteps: Int {
    parts.segments.reduce(0) { $0 + costs.task.steps(ofSegment: $1).count }
  }

  /// Whole milliseconds of the virtual clock.
  static func milliseconds(_ seconds: Double) -> UInt64 {
    UInt64(min(seconds * 1000, 9e15).rounded(.up))
  }
}
