import Models
import Protocol

/// What one block of a shape costs in operations, bytes and time.
struct ScheduleCosts {
  let spec: ScheduleExperiment
  let parameterCount: Double
  /// Operations of one optimizer step, forward and backward.
  let stepFLOPs: Double
  /// Operations of one token forward.
  let tokenFLOPs: Double

  init(_ spec: ScheduleExperiment, shape: ModelShape) {
    self.spec = spec
    let context = min(spec.contextLength, shape.contextLength)
    // One sequence at a time, so that no product of a whole step leaves 64 bits.
    let forward = Double(
      shape.forwardFLOPs(sequenceCount: 1, contextLength: context).total)
    let backward = Double(
      shape.backwardFLOPs(sequenceCount: 1, contextLength: context).total)
    tokenFLOPs = forward / Double(context)
    stepFLOPs = (forward + backward) / Double(context) * Double(spec.tokensPerStep)
    parameterCount = Double(ParameterLayout(shape).count)
  }

  var stepSeconds: Double { stepFLOPs / spec.miner.fleet.totalFLOPsPerSecond }
  /// Bytes of one published gradient or block update.
  var publishedBytes: Double { parameterCount * spec.bitsPerValue / 8 }
  /// Bytes of a committed state: parameters and the optimizer's vectors.
  var stateBytes: Double { 4 * parameterCount * Double(1 + spec.optimizerVectors) }
  var leafCount: Double { (4 * parameterCount / Double(spec.leafByteCount)).rounded(.up) }

  /// Bytes that SHA-256 hashes in a second on one core with SHA extensions, at least.
  static let hashedBytesPerSecond = 1e9

  /// What a block of this length holds and takes.
  struct Budget {
    let steps: Double
    let trainingMilliseconds: UInt64
    let leafMilliseconds: UInt64
    let replayMilliseconds: UInt64
    let progressMilliseconds: UInt64
    let messages: ScheduleScenario.Messages
    let replayedSteps: Double
  }

  func budget(blockMilliseconds: UInt64) -> Budget {
    let seconds = Double(blockMilliseconds) / 1000
    // At least one: a block time in which not even a step fits must show as one that never ends.
    let steps = max(1, (seconds * spec.trainingShare / stepSeconds).rounded(.down))
    let segments = min(Double(spec.segmentCount), steps)
    let replayed = (segments * spec.replayRate).rounded(.up)
    let replayedSteps = min(steps, replayed * (steps / segments).rounded(.up))
    let drawn = (leafCount * spec.leafRate).rounded(.up)
    let published = spec.quantize == .step ? steps : 1
    // A leaf before and after, its twin, the optimizer's twice, each published gradient, and paths.
    let leaf = Double(spec.leafByteCount)
    let publishedLeaf = leaf / 32 * spec.bitsPerValue
    let answer =
      leaf * (2 + 2 * Double(spec.optimizerVectors)) + publishedLeaf * (1 + published)
      + 32 * 20 * (3 + published)
    let verifier = spec.verifier.fleet.totalFLOPsPerSecond
    func milliseconds(_ seconds: Double) -> UInt64 {
      UInt64(min(seconds * 1000, 9e15).rounded(.up))
    }
    return Budget(
      steps: steps, trainingMilliseconds: milliseconds(steps * stepSeconds),
      leafMilliseconds: milliseconds(drawn * answer / Self.hashedBytesPerSecond),
      replayMilliseconds: milliseconds(replayedSteps * stepFLOPs / verifier),
      progressMilliseconds: milliseconds(2 * Double(spec.progressTokens) * tokenFLOPs / verifier),
      messages: ScheduleScenario.Messages(
        header: 530, publication: UInt64(min(published * publishedBytes + 136 * steps, 1e18)),
        answers: UInt64(min(drawn * answer, 1e18)),
        // States follow from the publication where every step is published.
        states: spec.quantize == .step ? 0 : UInt64(min(replayed * stateBytes, 1e18)),
        attestation: 305),
      replayedSteps: replayedSteps)
  }
}
