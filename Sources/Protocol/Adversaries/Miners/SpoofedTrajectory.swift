import Kernels
import Proofs

/// Makes up a path to a model that it wants to pass off as trained, by interpolating between two
/// checkpoints, as attacks on Proof-of-Learning do (arXiv 2108.09454). Every state, gradient, leaf
/// and twin fits together; only replaying a step shows that no data led there.
public struct SpoofedTrajectory: MinerBehaviour {
  /// How far the wanted model is from the parent's: standard deviation of each parameter's move.
  public let distance: Float

  /// Spoofs a path to a model at this distance.
  public init(distance: Float = 0.01) { self.distance = distance }

  /// An equal part of what is left of the way.
  public func step(
    _ step: Int, after previous: [Trainer.Step], state: TrainingState, in context: MiningContext,
    meter: inout PhaseMeter
  ) throws -> Trainer.Step {
    let task = context.task
    let target = context.noise("adversary/target", 0, standardDeviation: distance)
    for index in 0..<target.count { target[index] += context.parent.parameters[index] }
    return Trainer.Step(
      loss: task.plausibleLoss(after: previous.last?.loss),
      gradient: try context.gradient(
        from: state.parameters, to: target, share: Int(task.stepsPerBlock) - step),
      batchDigest: try context.honestBatch(step))
  }

  /// The work that honest steps would have taken.
  public func claim(_ done: Work, task: TrainingTask) -> Work { task.claimingHonestWork(done) }
}

/// Commits random weights with their correct quantized twin: it jumps there in the first step.
/// Consistency of model and twin, all that some systems check, holds for any numbers.
public struct RandomWeights: MinerBehaviour {
  /// Jumps to random weights.
  public init() {}

  /// To random weights first, then nowhere.
  public func step(
    _ step: Int, after previous: [Trainer.Step], state: TrainingState, in context: MiningContext,
    meter: inout PhaseMeter
  ) throws -> Trainer.Step {
    let target =
      step == 0 ? context.noise("adversary/random", 0, standardDeviation: 0.02) : state.parameters
    return Trainer.Step(
      loss: context.task.plausibleLoss(after: previous.last?.loss),
      gradient: try context.gradient(from: state.parameters, to: target, share: 1),
      batchDigest: try context.honestBatch(step))
  }

  /// The work that honest steps would have taken.
  public func claim(_ done: Work, task: TrainingTask) -> Work { task.claimingHonestWork(done) }
}
