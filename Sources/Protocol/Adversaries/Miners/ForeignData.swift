import Kernels
import Proofs

/// Trains on the data that verifiers will measure the model on, and says that it trained on the
/// data that the beacon fixed. Where the challenge is known early it knows those data; where it is
/// not, it can only guess them.
public struct EvaluationTraining: MinerBehaviour {
  /// Trains on evaluation data.
  public init() {}

  /// A step on evaluation data under the digest of the assigned batch.
  public func step(
    _ step: Int, after previous: [Trainer.Step], state: TrainingState, in context: MiningContext,
    meter: inout PhaseMeter
  ) throws -> Trainer.Step {
    let guess = Challenge(
      output: Digest.tagged("adversary/guess", context.seed), task: context.task,
      constants: context.state.genesis.constants)
    let starts = guess.evaluationStarts.isEmpty ? [0] : guess.evaluationStarts
    let batch = Int(context.task.batchSize)
    let computed = try context.trainer.compute(
      startingAt: (0..<batch).map { starts[(step * batch + $0) % starts.count] },
      state: state, meter: &meter, phases: (.training, .quantization))
    return Trainer.Step(
      loss: computed.loss, gradient: computed.gradient,
      batchDigest: try context.honestBatch(step))
  }
}

/// Presents another miner's block at the same height as its own: it takes over everything that the
/// other published and signs it with its own key.
public struct CopiedBlock: MinerBehaviour {
  /// Whose block it is.
  public let victim: PublicKey

  /// Copies the block of `victim`.
  public init(of victim: PublicKey) { self.victim = victim }

  /// The step that the victim published. Its cost is the victim's, so none is metered here.
  public func step(
    _ step: Int, after previous: [Trainer.Step], state: TrainingState, in context: MiningContext,
    meter: inout PhaseMeter
  ) throws -> Trainer.Step {
    // Where miners choose their data the copy names the victim's choice as its own.
    let seed =
      context.state.genesis.constants.randomness.training == .minerChosen
      ? context.seed
      : Randomness.trainingSeed(
        parent: context.state.tip, beaconValue: context.trainingBeacon, miner: victim)
    var unmetered = meter
    let copied = try context.trainer.compute(
      step: step, state: state, seed: seed, meter: &unmetered,
      phases: (.training, .quantization))
    meter.measure(.commitment) { $0.receivedBytes += UInt64(copied.gradient.count) }
    return copied
  }

  /// The work that the victim did.
  public func claim(_ done: Work, task: TrainingTask) -> Work { task.claimingHonestWork(done) }
}
