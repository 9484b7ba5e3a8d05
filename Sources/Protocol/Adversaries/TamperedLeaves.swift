import Kernels
import Proofs

/// Trains honestly, then changes some leaves of the model before committing it, as one would to
/// plant a back door. Its quantized twin fits the changed model, so only the update check can see
/// it.
public struct TamperedLeaves: MinerBehaviour {
  /// Share of the leaves that are changed; at least one is.
  public let fraction: PartsPerMillion

  /// Changes this share of the leaves.
  public init(fraction: PartsPerMillion) { self.fraction = fraction }

  /// The leaves that are changed under `seed`, ascending.
  public func leaves(task: TrainingTask, seed: Digest) -> [Int] {
    var sampler = SeededSampler(seed: seed, domain: "adversary/tampered-leaves")
    return sampler.distinctIndices(
      max(1, fraction.sampleCount(of: task.leafCount)), below: task.leafCount)
  }

  /// Moves some parameters of the chosen leaves.
  public func finish(_ parameters: FloatBuffer, task: TrainingTask, seed: Digest) {
    for leaf in leaves(task: task, seed: seed) {
      // Every sixteenth parameter moves by a little: far below what a look at the loss shows.
      for index in stride(
        from: task.valueRange(ofLeaf: leaf).lowerBound,
        to: task.valueRange(ofLeaf: leaf).upperBound, by: 16)
      {
        parameters[index] += 0.01
      }
    }
  }
}
