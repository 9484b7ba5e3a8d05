import Models
import Proofs

/// Structure of a header and of its trace: `docs/protocol.md`, section 6.1.
public enum StructureCheck {
  /// The first rule that `header` breaks by itself, or nil.
  public static func violation(
    in header: BlockHeader, state: ChainState
  ) -> HeaderViolation? {
    let task = state.genesis.task
    let constants = state.genesis.constants
    guard header.task == state.taskDigest else { return .wrongTask }
    guard header.trainingRound == state.miningRound else { return .wrongTrainingRound }
    guard header.startedAt == constants.time(ofRound: state.miningRound) else {
      return .wrongStart
    }
    guard header.committedAt == header.startedAt + constants.blockTimeMilliseconds else {
      return .wrongCommitmentTime
    }
    guard header.challengeRound == state.challengeRound else { return .wrongChallengeRound }
    guard header.before == state.parameters else { return .wrongBefore }
    guard header.after == task.parameterCommitment(root: header.after.root) else {
      return .wrongAfterSize
    }
    guard header.quantizedAfter == task.quantizedCommitment(root: header.quantizedAfter.root)
    else { return .wrongQuantizedSize }
    guard header.auxiliaryBefore == state.auxiliary else { return .wrongAuxiliaryBefore }
    guard
      header.auxiliaryAfter
        == header.auxiliaryAfter.flatMap({
          task.auxiliaryCommitment(root: $0.root)
        }), (header.auxiliaryAfter == nil) == (task.auxiliaryVectorCount == 0)
    else { return .wrongAuxiliarySize }
    guard header.trace == task.traceCommitment(root: header.trace.root) else {
      return .wrongTraceSize
    }
    guard header.diffByteCount == UInt64(task.publishedCount) * UInt64(task.gradientByteCount)
    else { return .wrongDiffSize }
    guard header.claimedFirstLoss.isFinite, header.claimedLastLoss.isFinite else {
      return .nonFiniteLoss
    }
    guard header.work.flops == task.trainingFLOPs else { return .wrongWork }
    guard constants.randomness.training == .minerChosen || header.trainingSalt == 0 else {
      return .chosenData
    }
    return nil
  }

  /// Throws unless `records` are the committed trace and agree with the header.
  public static func check(
    trace records: [TraceRecord], header: BlockHeader, task: TrainingTask
  ) throws(CheckFailure) {
    guard records.count == Int(task.stepsPerBlock) else {
      throw .unavailable("\(records.count) trace records instead of \(task.stepsPerBlock)")
    }
    guard TraceRecord.tree(records).root == header.trace.root else {
      throw .unavailable("the trace records do not hash to the header's trace root")
    }
    // From here on the records are the miner's own signed word.
    for (position, record) in records.enumerated() where record.step != UInt32(position) {
      throw .fraud(.trace(.wrongStepNumber(position: position)))
    }
    guard records[0].parametersRoot == header.before.root,
      records[0].auxiliaryRoot == header.auxiliaryBefore?.root ?? .zero
    else { throw .fraud(.trace(.wrongFirstState)) }
    for (position, record) in records.enumerated() {
      let isStart = task.isSegmentStart(position)
      guard isStart == (record.parametersRoot != .zero),
        (isStart && task.auxiliaryVectorCount > 0) == (record.auxiliaryRoot != .zero)
      else { throw .fraud(.trace(.misplacedState(position: position))) }
      guard task.publishesAfter(step: position) || record.gradientRoot == .zero else {
        throw .fraud(.trace(.misplacedGradient(position: position)))
      }
      guard record.accumulationRoots.count == task.accumulationCount else {
        throw .fraud(.trace(.misplacedAccumulations(position: position)))
      }
    }
    guard records[0].loss.bitPattern == header.claimedFirstLoss.bitPattern,
      records[records.count - 1].loss.bitPattern == header.claimedLastLoss.bitPattern
    else { throw .fraud(.trace(.wrongClaimedLoss)) }
  }
}

extension TrainingTask {
  /// Operations of the replay of one segment.
  public func replayFLOPs(ofSegment segment: Int) -> UInt64 {
    let parts = recipe.commitsMicrobatches ? recipe.microbatchCount : 1
    let once = trainable.stepFLOPs(
      sequenceCount: Int(batchSize / parts), contextLength: Int(contextLength)
    ).total
    let (product, isTooLarge) = once.multipliedReportingOverflow(
      by: UInt64(steps(ofSegment: segment).count))
    return isTooLarge ? .max : product
  }

  /// Operations of all training steps of a block; 2^64 - 1 for more than 64 bits count.
  public var trainingFLOPs: UInt64 {
    let step = trainable.stepFLOPs(
      sequenceCount: Int(batchSize), contextLength: Int(contextLength)
    ).total
    let (product, isTooLarge) = step.multipliedReportingOverflow(by: UInt64(stepsPerBlock))
    return isTooLarge ? .max : product
  }
}
