import Kernels
import Proofs

/// What a miner does where an honest one follows the rules. Every adversary changes one thing.
public protocol MinerBehaviour: Sendable {
  /// Computes step `step` at `parameters`, or pretends to.
  func step(
    _ step: Int, after previousLoss: Float?, parameters: FloatBuffer, seed: Digest,
    trainer: Trainer, meter: inout PhaseMeter
  ) throws -> Trainer.Step

  /// Called after the last step, before the parameters are committed.
  func finish(_ parameters: FloatBuffer, task: TrainingTask, seed: Digest)

  /// The work that the header claims.
  func claim(_ done: Work, task: TrainingTask) -> Work
}

extension MinerBehaviour {
  /// Computes the step as the task says.
  public func step(
    _ step: Int, after previousLoss: Float?, parameters: FloatBuffer, seed: Digest,
    trainer: Trainer, meter: inout PhaseMeter
  ) throws -> Trainer.Step {
    try trainer.compute(
      step: step, parameters: parameters, seed: seed, meter: &meter,
      phases: (.training, .quantization))
  }

  /// Leaves the parameters as they are.
  public func finish(_ parameters: FloatBuffer, task: TrainingTask, seed: Digest) {}

  /// Claims what was done.
  public func claim(_ done: Work, task: TrainingTask) -> Work { done }
}

/// Follows every rule.
public struct HonestMiner: MinerBehaviour {
  /// An honest miner.
  public init() {}
}
