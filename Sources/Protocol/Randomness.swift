import Models
import Proofs

/// The two phases of randomness, `docs/protocol.md` section 4.
public enum Randomness {
  /// Phase one, known before mining: which data a miner must train on. The parent, the beacon
  /// round that opened mining and the miner's key fix it, so no miner chooses its data and none can
  /// present another's work.
  public static func trainingSeed(
    parent: Digest, beaconValue: Digest, miner: PublicKey
  ) -> Digest {
    Digest.tagged("PoGO/training", parent, beaconValue, miner)
  }

  /// Phase two, born after the commitment: what a verifier's random function is applied to.
  public static func challengeInput(block: Digest, beaconValue: Digest) -> [UInt8] {
    Digest.tagged("PoGO/challenge", block, beaconValue).bytes
  }

  /// Starts of the sequences of step `step`: uniform over all windows of the corpus.
  public static func batchStarts(
    trainingSeed: Digest, step: Int, count: Int, windows: Int
  ) -> [Int] {
    var sampler = SeededSampler(
      seed: Digest.tagged("PoGO/step", trainingSeed, UInt32(step)), domain: "batch")
    return (0..<count).map { _ in Int(sampler.uniform(below: UInt64(windows))) }
  }
}

/// What one verifier looks at in one block.
public struct Challenge: Sendable, Hashable {
  /// Leaves to open, ascending.
  public let leaves: [Int]
  /// Steps to replay, ascending.
  public let steps: [Int]
  /// Starts of the sequences on which the quantized model is measured.
  public let evaluationStarts: [Int]

  /// Derives the challenge from the verifier's random output; anyone who has the proof of that
  /// output derives the same.
  public init(
    output: Digest, task: TrainingTask, constants: ProtocolConstants, corpusWindows: Int
  ) {
    var leafSampler = SeededSampler(seed: output, domain: "leaves")
    leaves = leafSampler.distinctIndices(
      constants.leafRate.sampleCount(of: task.leafCount), below: task.leafCount)
    let stepCount = Int(task.stepsPerBlock)
    var stepSampler = SeededSampler(seed: output, domain: "steps")
    steps = stepSampler.distinctIndices(
      constants.replayRate.sampleCount(of: stepCount), below: stepCount)
    var evaluationSampler = SeededSampler(seed: output, domain: "evaluation")
    evaluationStarts = (0..<constants.evaluationSequences(task)).map { _ in
      Int(evaluationSampler.uniform(below: UInt64(corpusWindows)))
    }
  }
}

extension ProtocolConstants {
  /// Sequences that a verifier measures the quantized model on: ``progressTokens`` rounded up to
  /// whole minibatches.
  public func evaluationSequences(_ task: TrainingTask) -> Int {
    let batch = Int(task.batchSize)
    let batchTokens = batch * Int(task.contextLength)
    return (Int(progressTokens) + batchTokens - 1) / batchTokens * batch
  }
}
