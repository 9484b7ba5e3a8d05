import Kernels
import Proofs

/// Trains nothing: it publishes zero gradients, so the model stays what it was.
public struct SkippedTraining: MinerBehaviour {
  /// Trains nothing.
  public init() {}

  /// A gradient of zeros.
  public func step(
    _ step: Int, after previous: [Trainer.Step], state: TrainingState, in context: MiningContext,
    meter: inout PhaseMeter
  ) throws -> Trainer.Step {
    Trainer.Step(
      loss: context.task.plausibleLoss(after: previous.last?.loss),
      gradient: try context.task.encodeStep(FloatBuffer(count: state.parameters.count)),
      batchDigest: try context.honestBatch(step))
  }

  /// The work that honest steps would have taken.
  public func claim(_ done: Work, task: TrainingTask) -> Work { task.claimingHonestWork(done) }
}

/// Computes one gradient and publishes it again and again.
public struct ReusedGradients: MinerBehaviour {
  /// Computes only the first step.
  public init() {}

  /// The first step honestly, then its gradient once more.
  public func step(
    _ step: Int, after previous: [Trainer.Step], state: TrainingState, in context: MiningContext,
    meter: inout PhaseMeter
  ) throws -> Trainer.Step {
    guard let first = previous.first else {
      return try context.honestStep(step, state: state, meter: &meter)
    }
    return Trainer.Step(
      loss: context.task.plausibleLoss(after: previous.last?.loss), gradient: first.gradient,
      batchDigest: try context.honestBatch(step))
  }

  /// The work that honest steps would have taken.
  public func claim(_ done: Work, task: TrainingTask) -> Work { task.claimingHonestWork(done) }
}

/// Trains honestly and lies about the loss.
public struct FalseLoss: MinerBehaviour {
  /// What the true loss is multiplied by.
  public let factor: Float

  /// Claims the true losses times `factor`.
  public init(factor: Float = 0.5) { self.factor = factor }

  /// An honest step with a false loss.
  public func step(
    _ step: Int, after previous: [Trainer.Step], state: TrainingState, in context: MiningContext,
    meter: inout PhaseMeter
  ) throws -> Trainer.Step {
    let honest = try context.honestStep(step, state: state, meter: &meter)
    return Trainer.Step(
      loss: honest.loss * factor, gradient: honest.gradient, batchDigest: honest.batchDigest)
  }
}

/// Computes each gradient at parameters rounded to bfloat16, as cheaper hardware would.
public struct LowerPrecision: MinerBehaviour {
  /// Computes in lower precision.
  public init() {}

  /// An honest step at rounded parameters.
  public func step(
    _ step: Int, after previous: [Trainer.Step], state: TrainingState, in context: MiningContext,
    meter: inout PhaseMeter
  ) throws -> Trainer.Step {
    var lower = state
    let rounded = FloatBuffer(count: state.parameters.count)
    lower.parameters = rounded
    for index in 0..<rounded.count {
      // Ties to even on the sixteen bits that bfloat16 lacks; trained parameters are finite.
      let bits = state.parameters[index].bitPattern
      rounded[index] = Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
    }
    return try context.honestStep(step, state: lower, meter: &meter)
  }
}
