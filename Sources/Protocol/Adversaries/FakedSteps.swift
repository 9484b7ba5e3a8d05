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
    _ step: Int, after previousLoss: Float?, parameters: FloatBuffer, seed: Digest,
    trainer: Trainer, meter: inout PhaseMeter
  ) throws -> Trainer.Step {
    let task = trainer.task
    guard steps(task: task, seed: seed).contains(step) else {
      return try trainer.compute(
        step: step, parameters: parameters, seed: seed, meter: &meter,
        phases: (.training, .quantization))
    }
    let noise = FloatBuffer(count: parameters.count)
    var sampler = SeededSampler(seed: seed, domain: "adversary/noise")
    trainer.arithmetic.fillNormal(
      Vector(noise, count: noise.count), seed: sampler.next(), stream: UInt64(step),
      standardDeviation: Self.noise)
    return Trainer.Step(
      // A loss that falls a little raises no eyebrow; the first one is that of guessing.
      loss: (previousLoss ?? 5.545_177) * 0.999,
      gradient: try task.gradientFormat.quantize(noise),
      batchDigest: try trainer.batchDigest(step: step, seed: seed))
  }

  /// The work that honest steps would have taken.
  public func claim(_ done: Work, task: TrainingTask) -> Work {
    var claimed = done
    claimed.flops = task.trainingFLOPs
    return claimed
  }
}
