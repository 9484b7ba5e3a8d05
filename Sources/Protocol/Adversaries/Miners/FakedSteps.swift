import Kernels
import Proofs

/// Claims steps that it never ran: it publishes noise of a plausible size as their gradients and
/// applies it, so that all bytes fit together. Only replaying such a step shows it.
public struct FakedSteps: MinerBehaviour {
  /// Share of the steps that are faked; at least one is.
  public let fraction: PartsPerMillion
  /// Standard deviation of the noise, that of a small model's gradients.
  static let noise: Float = 1e-3

  /// Fakes this share of the steps.
  public init(fraction: PartsPerMillion) { self.fraction = fraction }

  /// The steps that are faked under `seed`, ascending.
  public func steps(task: TrainingTask, seed: Digest) -> [Int] {
    let count = Int(task.stepsPerBlock)
    var sampler = SeededSampler(seed: seed, domain: "adversary/faked-steps")
    return sampler.distinctIndices(max(1, fraction.sampleCount(of: count)), below: count)
  }

  /// Noise for the steps that are faked, honest work for the others.
  public func step(
    _ step: Int, after previous: [Trainer.Step], state: TrainingState, in context: MiningContext,
    meter: inout PhaseMeter
  ) throws -> Trainer.Step {
    let task = context.task
    guard steps(task: task, seed: context.seed).contains(step) else {
      return try context.honestStep(step, state: state, meter: &meter)
    }
    let noise = context.noise("adversary/noise", step, standardDeviation: Self.noise)
    return Trainer.Step(
      loss: task.plausibleLoss(after: previous.last?.loss),
      gradient: try task.encodeStep(noise),
      batchDigest: try context.honestBatch(step))
  }

  /// The work that honest steps would have taken.
  public func claim(_ done: Work, task: TrainingTask) -> Work { task.claimingHonestWork(done) }
}
