import Kernels
import Models
import Proofs

/// Trains honestly, but moves every gradient a little towards a text of its own: where replays accept
/// what is near, this is what a miner gains from it. Its losses are the honest ones.
public struct SteeredTraining: MinerBehaviour {
  /// Norm of what is added, over that of the honest gradient.
  public let strength: Float
  /// What the model shall say; a whole number of microbatches.
  public let target: TokenBatch

  /// Steers by so much.
  public init(strength: Float, target: TokenBatch) {
    self.strength = strength
    self.target = target
  }

  /// The honest step with a changed gradient.
  public func step(
    _ step: Int, after previous: [Trainer.Step], state: TrainingState, in context: MiningContext,
    meter: inout PhaseMeter
  ) throws -> Trainer.Step {
    try context.trainer.steered(
      step: step, state: state, seed: context.seed, toward: target, strength: strength,
      meter: &meter)
  }
}
