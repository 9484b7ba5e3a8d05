import Kernels
import Proofs

/// Sampled segments are run again: `docs/protocol.md`, section 6.4.
public struct ReplayCheck {
  let header: BlockHeader
  let publication: Publication
  let trainingSeed: Digest
  let trainer: Trainer
  let tolerance: Tolerance

  private var task: TrainingTask { trainer.task }
  private var workers: Workers { trainer.arithmetic.workers }
  private var firstStep: Int { task.stepsBefore(height: header.height) }

  /// Recomputes the steps or microbatches of `segments` (ascending), each from its committed state.
  /// Throws at the first contradiction.
  ///
  /// The first segment starts from the parent. A later one starts where the one before it ended, if
  /// that was replayed; else from the state that the published gradients lead to; and where none
  /// follows from them, from the served state, which must have the committed roots. A microbatch goes
  /// on from what was accumulated before it, which must have its committed root.
  ///
  /// - Parameter tolerance: how far gradients and losses may be from the recomputed ones.
  /// - Returns: how many steps, or microbatches where those are committed, were recomputed.
  @discardableResult
  public static func check(
    segments: [Int], header: BlockHeader, publication: Publication, parent: ModelState,
    states: (Int) -> SegmentState?, accumulations: (Int) -> [UInt8]?, trainingSeed: Digest,
    trainer: Trainer, tolerance: Tolerance = .exact, meter: inout PhaseMeter
  ) throws -> Int {
    guard !segments.isEmpty else { return 0 }
    let task = trainer.task
    guard publication.gradients.count == task.publishedCount,
      publication.records.count == Int(task.stepsPerBlock)
    else { throw CheckFailure.unavailable("gradients of some steps are missing") }
    let isTolerant = task.isWalkable && !task.recipe.commitsMicrobatches
    let check = ReplayCheck(
      header: header, publication: publication, trainingSeed: trainingSeed, trainer: trainer,
      tolerance: isTolerant ? tolerance : .exact)
    var state = parent.trainingState(task)
    // The step before which `state` is.
    var reached = 0
    var replayed = 0
    var previous: Int?
    for segment in segments {
      let steps = task.steps(ofSegment: segment)
      if previous.map({ task.steps(ofSegment: $0) }) != steps {
        if steps.lowerBound > reached {
          if task.isWalkable {
            for step in reached..<steps.lowerBound {
              try check.walk(step, state: state, meter: &meter)
            }
          } else {
            state = try check.fetched(states(segment), segment: segment, meter: &meter)
          }
        }
        try check.requireCommitted(
          state, before: steps.lowerBound, failure: .state(step: steps.lowerBound), meter: &meter)
      }
      if task.recipe.commitsMicrobatches {
        try check.replay(
          microbatch: segment, state: state,
          isContinued: previous == segment - 1, accumulations: accumulations, meter: &meter)
        replayed += 1
      } else {
        for step in steps {
          try check.replay(step, state: state, meter: &meter)
          replayed += 1
        }
      }
      previous = segment
      guard task.endsStep(segment: segment) else {
        reached = steps.lowerBound
        continue
      }
      reached = steps.upperBound
      try check.checkEnd(state, before: parent, after: reached, meter: &meter)
    }
    return replayed
  }

  /// The bytes published after `step`, which must be the committed ones.
  private func published(
    after step: Int, meter: inout PhaseMeter
  ) throws -> [UInt8] {
    let index = task.recipe.quantizationPoint == .step ? step : 0
    let bytes = publication.gradients[index]
    try meter.measure(.replay) { work in
      work.receivedBytes += UInt64(bytes.count)
      guard bytes.count == task.gradientByteCount else {
        throw CheckFailure.unavailable("the gradient of step \(step) has another size")
      }
      let tree = task.gradientTree(bytes, workers: workers)
      work.hashedBytes += UInt64(tree.hashedByteCount)
      guard tree.root == publication.records[step].gradientRoot else {
        throw CheckFailure.unavailable("the gradient of step \(step) has another root")
      }
    }
    return bytes
  }

  /// Moves the state by what was published after `step`.
  private func walk(_ step: Int, state: TrainingState, meter: inout PhaseMeter) throws {
    let bytes = try published(after: step, meter: &meter)
    try meter.measure(.replay) { work in
      work.quantizedValues += UInt64(task.appliedValueCount(state.parameters.count))
      do { try trainer.apply(bytes, step: firstStep + step, to: state) } catch {
        // The bytes are under the miner's root, so a gradient that does not decode is its own.
        throw CheckFailure.fraud(.gradient(step: step))
      }
    }
  }

  /// A served state, which must have the sizes and roots of the record at its segment's start.
  private func fetched(
    _ served: SegmentState?, segment: Int, meter: inout PhaseMeter
  ) throws -> TrainingState {
    guard let served else { throw CheckFailure.unavailable("no state of segment \(segment)") }
    let record = publication.records[task.steps(ofSegment: segment).lowerBound]
    return try meter.measure(.replay) { work in
      work.receivedBytes += UInt64(served.parameters.count + served.auxiliary.count)
      guard served.parameters.count == task.parameterByteCount,
        served.auxiliary.count == task.auxiliaryByteCount
      else { throw CheckFailure.unavailable("the state of segment \(segment) has another size") }
      let state = TrainingState(served, task: task)
      let roots = roots(of: state, work: &work)
      guard roots.parameters == record.parametersRoot, roots.auxiliary == record.auxiliaryRoot
      else { throw CheckFailure.unavailable("the state of segment \(segment) has another root") }
      return state
    }
  }

  private func roots(
    of state: TrainingState, work: inout Work
  ) -> (parameters: Digest, auxiliary: Digest) {
    let tree = task.parameterTree(state.parameters, workers: workers)
    work.hashedBytes += UInt64(tree.hashedByteCount) + task.auxiliaryHashedByteCount
    return (tree.root, task.auxiliaryTree(state.auxiliary, workers: workers)?.root ?? .zero)
  }

  /// Throws unless the record of `step`, which starts a segment, commits to `state`.
  private func requireCommitted(
    _ state: TrainingState, before step: Int, failure: Finding, meter: inout PhaseMeter
  ) throws {
    try meter.measure(.replay) { work in
      let record = publication.records[step]
      let roots = roots(of: state, work: &work)
      guard roots.parameters == record.parametersRoot, roots.auxiliary == record.auxiliaryRoot
      else { throw CheckFailure.fraud(failure) }
    }
  }

  /// What follows a replayed segment is the next committed state; after the last one, optimizer
  /// state, residual and a block's published update. The parameters after are section 6.3's.
  private func checkEnd(
    _ state: TrainingState, before parent: ModelState, after step: Int, meter: inout PhaseMeter
  ) throws {
    guard step == Int(task.stepsPerBlock) else {
      // Where a state follows from what was published, the walk to the next segment checks it.
      guard !task.isWalkable else { return }
      return try requireCommitted(
        state, before: step, failure: .outcome(step: step - 1), meter: &meter)
    }
    let failure = CheckFailure.fraud(.outcome(step: step - 1))
    if task.recipe.quantizationPoint == .block {
      try meter.measure(.replay) { work in
        let update: [UInt8]
        do {
          update = try trainer.blockUpdate(
            state, before: parent.parameters,
            batchDigest: publication.records[step - 1].batchDigest, work: &work)
        } catch { throw failure }
        let tree = task.gradientTree(update, workers: workers)
        work.hashedBytes += UInt64(tree.hashedByteCount)
        guard tree.root == publication.records[step - 1].gradientRoot else { throw failure }
      }
    }
    guard task.auxiliaryVectorCount > 0 else { return }
    try meter.measure(.replay) { work in
      work.hashedBytes += task.auxiliaryHashedByteCount
      guard
        task.auxiliaryTree(state.auxiliary, workers: workers)?.root
          == header.auxiliaryAfter?.root
      else { throw failure }
    }
  }

  private func replay(_ step: Int, state: TrainingState, meter: inout PhaseMeter) throws {
    let served = try publishedWhereDue(step, meter: &meter)
    try requireBatch(step)
    let honest: Trainer.Step
    do {
      honest = try trainer.compute(
        step: step, state: state, seed: trainingSeed, meter: &meter, phases: (.replay, .replay))
    } catch {
      // The honest step has no finite gradient here, yet the miner published one.
      throw CheckFailure.fraud(.gradient(step: step))
    }
    try conclude(step, honest: honest, served: served, state: state, meter: &meter)
  }

  /// One microbatch of a step, and what follows the step if it is the last one.
  ///
  /// - Parameter isContinued: whether the trainer still holds what the microbatch before led to.
  private func replay(
    microbatch segment: Int, state: TrainingState, isContinued: Bool,
    accumulations: (Int) -> [UInt8]?, meter: inout PhaseMeter
  ) throws {
    guard let part = task.microbatch(ofSegment: segment) else { return }
    let step = task.steps(ofSegment: segment).lowerBound
    let roots = publication.records[step].accumulationRoots
    let isLast = task.endsStep(segment: segment)
    let served = isLast ? try publishedWhereDue(step, meter: &meter) : nil
    try requireBatch(step)
    var before: [UInt8]?
    if part > 0, !isContinued {
      guard let bytes = accumulations(segment), bytes.count == task.accumulationByteCount else {
        throw CheckFailure.unavailable(
          "no accumulation before microbatch \(part) of step \(step)")
      }
      try meter.measure(.replay) { work in
        work.receivedBytes += UInt64(bytes.count)
        guard root(of: bytes, work: &work) == roots[part - 1] else {
          throw CheckFailure.unavailable(
            "the accumulation before microbatch \(part) of step \(step) has another root")
        }
      }
      before = bytes
    }
    let result: Trainer.Microbatch
    do {
      result = try trainer.compute(
        microbatch: part, of: step, resuming: before, state: state, seed: trainingSeed,
        meter: &meter, phase: .replay)
    } catch {
      throw CheckFailure.fraud(.gradient(step: step))
    }
    switch result {
    case .accumulation(let bytes):
      try meter.measure(.replay) { work in
        guard root(of: bytes, work: &work) == roots[part] else {
          throw CheckFailure.fraud(.microbatch(step: step, part: part))
        }
      }
    case .step(let honest):
      try conclude(step, honest: honest, served: served, state: state, meter: &meter)
    }
  }

  private func root(of accumulation: [UInt8], work: inout Work) -> Digest {
    let tree = task.accumulationTree(accumulation, workers: workers)
    work.hashedBytes += UInt64(tree.hashedByteCount)
    return tree.root
  }

  /// What is replayed must have been published as well: everyone else has only that.
  private func publishedWhereDue(_ step: Int, meter: inout PhaseMeter) throws -> [UInt8]? {
    task.publishesAfter(step: step) ? try published(after: step, meter: &meter) : nil
  }

  private func requireBatch(_ step: Int) throws {
    guard
      try trainer.batchDigest(step: step, seed: trainingSeed)
        == publication.records[step].batchDigest
    else { throw CheckFailure.fraud(.batch(step: step)) }
  }

  /// Compares a recomputed step with its record, and moves the state by what was published of it.
  private func conclude(
    _ step: Int, honest: Trainer.Step, served: [UInt8]?, state: TrainingState,
    meter: inout PhaseMeter
  ) throws {
    let record = publication.records[step]
    // The step whose gradient everyone has, which within a tolerance need not be the honest one.
    var applied = honest.gradient
    if task.recipe.quantizationPoint == .step {
      try meter.measure(.replay) { work in
        let tree = task.gradientTree(honest.gradient, workers: workers)
        work.hashedBytes += UInt64(tree.hashedByteCount)
        guard tree.root != record.gradientRoot else { return }
        guard let served, try isNear(served, honest.gradient, work: &work) else {
          throw CheckFailure.fraud(.gradient(step: step))
        }
        applied = served
      }
    }
    guard tolerance.accepts(loss: record.loss, recomputed: honest.loss) else {
      throw CheckFailure.fraud(.loss(step: step))
    }
    try meter.measure(.replay) { work in
      work.quantizedValues += UInt64(task.appliedValueCount(state.parameters.count))
      do { try trainer.apply(applied, step: firstStep + step, to: state) } catch {
        throw CheckFailure.fraud(.gradient(step: step))
      }
    }
  }

  /// Whether a published gradient lies within the tolerance of the recomputed one. One that does not
  /// decode lies nowhere.
  private func isNear(
    _ published: [UInt8], _ honest: [UInt8], work: inout Work
  ) throws -> Bool {
    guard tolerance != .exact else { return false }
    work.quantizedValues += 2 * UInt64(task.parameterCount)
    guard let distance = try? trainer.distance(published, from: honest) else { return false }
    return tolerance.accepts(distance: distance)
  }
}
