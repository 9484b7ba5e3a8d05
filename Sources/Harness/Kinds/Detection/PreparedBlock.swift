import Kernels
import Models
import Proofs
import Protocol

extension MiningSetup {
  /// A chain of one block of a miner with this behaviour.
  func chain(
    miner behaviour: Spec.Miner.Behaviour, verifiers: Int, verification: Spec.Verification
  ) -> ChainExperiment {
    ChainExperiment(
      self,
      chain: Spec.Chain(
        blockCount: 1, blockTimeMilliseconds: 7_200_000, beaconPeriodMilliseconds: 600_000,
        attestationWindowMilliseconds: 3_600_000,
        miners: [Spec.Miner(name: "miner", behaviour: behaviour, stake: 1000)],
        verifiers: (0..<verifiers).map {
          Spec.Verifier(
            name: "verifier-\($0 + 1)", behaviour: .honest, stake: 100, accomplice: nil)
        },
        blockReward: 50, verifierReward: 10, minerSlashRate: 0.5, reporterRate: 0.1,
        verifierPenaltyRate: 0.1, answerDeadlineMilliseconds: nil, trainingRandomness: .beacon,
        challengeRandomness: .afterCommitment),
      verification: verification)
  }
}

/// One really mined block with what is really wrong with it.
struct PreparedBlock {
  let plan: Plan
  let trial: DetectionTrial
  let truth: GroundTruth

  /// Mines the block of the plan's first miner and looks at all of it.
  init(_ spec: ChainExperiment, corpus: [[UInt8]], arithmetic: Arithmetic) throws {
    plan = try Plan(spec: spec, corpus: corpus, workers: arithmetic.workers)
    let trainer = try Trainer(task: plan.task, corpus: plan.corpus, arithmetic: arithmetic)
    let parent = try ModelState.initial(task: plan.task, arithmetic: arithmetic)
    let state = ChainState(plan.genesis(initial: parent))
    let beacon = try plan.beacon.value(round: Int(state.miningRound))
    let block = try plan.miners[0].mine(
      on: state, parent: parent, trainingBeacon: beacon, trainer: trainer,
      clock: UnreadClock())
    truth = GroundTruth(of: block, state: state, trainingBeacon: beacon, trainer: trainer)
    trial = DetectionTrial(
      state: state, block: block, trainingBeacon: beacon, verifiers: plan.verifiers,
      corpus: plan.corpus)
  }
}

/// Nothing here is measured by time.
struct UnreadClock: Stopwatch {
  func seconds() -> Double { 0 }
}
