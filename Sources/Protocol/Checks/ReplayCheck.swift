import Kernels
import Proofs

/// Sampled steps are run again: `docs/protocol.md`, section 6.4.
public enum ReplayCheck {
  /// Walks through the published gradients from the parent's parameters and recomputes the steps
  /// in `steps` (ascending). Throws at the first contradiction.
  ///
  /// - Returns: how many steps were recomputed.
  @discardableResult
  public static func check(
    steps: [Int], header: BlockHeader, publication: Publication, parent: ModelState,
    trainingSeed: Digest, trainer: Trainer, meter: inout PhaseMeter
  ) throws -> Int {
    guard let last = steps.last else { return 0 }
    let task = trainer.task
    let workers = trainer.arithmetic.workers
    guard publication.gradients.count == publication.records.count else {
      throw CheckFailure.unavailable("gradients of some steps are missing")
    }
    let parameters = FloatBuffer(count: parent.parameters.count)
    parameters.copy(from: parent.parameters)
    var replayed = 0
    for step in 0...last {
      let record = publication.records[step]
      let published = publication.gradients[step]
      try meter.measure(.replay) { work in
        work.receivedBytes += UInt64(published.count)
        guard published.count == task.gradientByteCount else {
          throw CheckFailure.unavailable("the gradient of step \(step) has another size")
        }
        let tree = task.gradientTree(published, workers: workers)
        work.hashedBytes += UInt64(tree.hashedByteCount)
        guard tree.root == record.gradientRoot else {
          throw CheckFailure.unavailable("the gradient of step \(step) has another root")
        }
      }
      if steps.contains(step) {
        try replay(
          step, record: record, parameters: parameters, trainingSeed: trainingSeed,
          trainer: trainer, meter: &meter)
        replayed += 1
      }
      // Parameters after the last step that is asked for are nobody's question.
      guard step < last else { break }
      try meter.measure(.replay) { work in
        work.quantizedValues += UInt64(parameters.count)
        do { try trainer.apply(published, to: parameters) } catch {
          // The bytes are under the miner's root, so a gradient that does not decode is its own.
          throw CheckFailure.fraud(.gradient(step: step))
        }
      }
    }
    return replayed
  }

  private static func replay(
    _ step: Int, record: TraceRecord, parameters: FloatBuffer, trainingSeed: Digest,
    trainer: Trainer, meter: inout PhaseMeter
  ) throws {
    let task = trainer.task
    let workers = trainer.arithmetic.workers
    try meter.measure(.replay) { work in
      let tree = task.parameterTree(parameters, workers: workers)
      work.hashedBytes += UInt64(tree.hashedByteCount)
      guard tree.root == record.parametersRoot else {
        throw CheckFailure.fraud(.state(step: step))
      }
    }
    guard try trainer.batchDigest(step: step, seed: trainingSeed) == record.batchDigest else {
      throw CheckFailure.fraud(.batch(step: step))
    }
    let honest: Trainer.Step
    do {
      honest = try trainer.compute(
        step: step, parameters: parameters, seed: trainingSeed, meter: &meter,
        phases: (.replay, .replay))
    } catch {
      // The honest step has no finite gradient here, yet the miner published one.
      throw CheckFailure.fraud(.gradient(step: step))
    }
    try meter.measure(.replay) { work in
      let tree = task.gradientTree(honest.gradient, workers: workers)
      work.hashedBytes += UInt64(tree.hashedByteCount)
      guard tree.root == record.gradientRoot else {
        throw CheckFailure.fraud(.gradient(step: step))
      }
    }
    guard honest.loss.bitPattern == record.loss.bitPattern else {
      throw CheckFailure.fraud(.loss(step: step))
    }
  }
}
