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

  /// The training seed of a block under the chain's rules. Where miners choose, the salt alone
  /// decides.
  public static func trainingSeed(
    of header: BlockHeader, beaconValue: Digest, rules: RandomnessRules
  ) -> Digest {
    switch rules.training {
    case .beacon:
      trainingSeed(parent: header.parent, beaconValue: beaconValue, miner: header.miner)
    case .minerChosen: chosenSeed(salt: header.trainingSalt)
    }
  }

  /// The training seed that a miner gets by choosing `salt`.
  public static func chosenSeed(salt: UInt64) -> Digest {
    Digest.tagged("PoGO/training-chosen", salt)
  }

  /// The weak form of phase two: what `verifier` looks at follows from the header alone, so the
  /// miner knows it before it commits.
  public static func earlyChallengeOutput(block: Digest, verifier: PublicKey) -> Digest {
    Digest.tagged("PoGO/challenge-early", block, verifier)
  }

  /// Phase two, born after the commitment: what a verifier's random function is applied to.
  public static func challengeInput(block: Digest, beaconValue: Digest) -> [UInt8] {
    Digest.tagged("PoGO/challenge", block, beaconValue).bytes
  }

  /// What the sequences of step `step` are drawn from.
  static func batchSampler(trainingSeed: Digest, step: Int) -> SeededSampler {
    SeededSampler(seed: Digest.tagged("PoGO/step", trainingSeed, UInt32(step)), domain: "batch")
  }

  /// `count` draws for step `step`, uniform below `windows`.
  public static func batchStarts(
    trainingSeed: Digest, step: Int, count: Int, windows: Int
  ) -> [Int] {
    var sampler = batchSampler(trainingSeed: trainingSeed, step: step)
    return (0..<count).map { _ in Int(sampler.uniform(below: UInt64(windows))) }
  }
}

/// What one verifier looks at in one block.
public struct Challenge: Sendable, Hashable {
  /// Leaves to open, ascending.
  public let leaves: [Int]
  /// Segments to replay, ascending.
  public let segments: [Int]
  /// Their steps, ascending.
  public let steps: [Int]
  /// Starts of the sequences on which the quantized model is measured.
  public let evaluationStarts: [Int]

  /// Derives the challenge from the verifier's random output; anyone who has the proof of that
  /// output derives the same.
  public init(output: Digest, task: TrainingTask, constants: ProtocolConstants) {
    var leafSampler = SeededSampler(seed: output, domain: "leaves")
    leaves = leafSampler.distinctIndices(
      constants.challengedLeaves(task), below: task.leafCount)
    var segmentSampler = SeededSampler(seed: output, domain: "segments")
    segments = segmentSampler.distinctIndices(
      constants.challengedSegments(task), below: task.segmentCount)
    steps = segments.flatMap { task.steps(ofSegment: $0) }
    var evaluationSampler = SeededSampler(seed: output, domain: "evaluation")
    let places = task.dataRule.evaluationPlaces(contextLength: Int(task.contextLength))
    evaluationStarts = (0..<constants.evaluationSequences(task)).map { _ in
      places[Int(evaluationSampler.uniform(below: UInt64(places.count)))]
    }
  }
}

extension ProtocolConstants {
  /// Leaves that a verifier opens; none where neither check looks at leaves.
  public func challengedLeaves(_ task: TrainingTask) -> Int {
    checks.isDisjoint(with: [.leaf, .update]) ? 0 : leafRate.sampleCount(of: task.leafCount)
  }

  /// Segments that a verifier replays.
  public func challengedSegments(_ task: TrainingTask) -> Int {
    checks.contains(.replay) ? replayRate.sampleCount(of: task.segmentCount) : 0
  }

  /// Sequences that a verifier measures the quantized model on: ``progressTokens`` rounded up to
  /// whole microbatches.
  public func evaluationSequences(_ task: TrainingTask) -> Int {
    guard checks.contains(.progress) else { return 0 }
    let batch = Int(task.batchSize / task.recipe.microbatchCount)
    let batchTokens = batch * Int(task.contextLength)
    return (Int(progressTokens) + batchTokens - 1) / batchTokens * batch
  }
}
