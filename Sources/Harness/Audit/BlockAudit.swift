import Foundation
import Kernels
import Models
import Proofs
import Protocol

/// Judges one stored block again.
struct BlockAudit {
  let place: String
  let stored: StoredChain.StoredBlock
  /// The chain and the tip's model before the block.
  let before: ChainState
  let parent: ModelState
  let trainer: Trainer
  /// Number of the proposal, from 0, and the plan of the chain if disputes are settled again.
  let number: Int
  let plan: Plan?
  /// Whether what verifiers say they saw is looked at again; without, only the chain is carried on.
  let checksBallots: Bool

  private var header: BlockHeader { stored.block.header }
  private var task: TrainingTask { before.genesis.task }
  private let clock = StoppedClock()

  init(
    place: String, stored: StoredChain.StoredBlock, before: ChainState, parent: ModelState,
    trainer: Trainer, number: Int = 0, plan: Plan? = nil, checksBallots: Bool = true
  ) {
    self.place = place
    self.stored = stored
    self.before = before
    self.parent = parent
    self.trainer = trainer
    self.number = number
    self.plan = plan
    self.checksBallots = checksBallots
  }

  /// - Returns: the record as judged, the chain after the block, and the block's model.
  func run(_ summary: inout Audit.Summary) throws -> (BlockRecord, ChainState, ModelState?) {
    var state = before
    do { try state.propose(stored.block) } catch {
      throw AuditFailure("\(place), header: \(error)")
    }
    summary.signatures += 1
    try checkBeacon(stored.trainingBeacon, round: before.miningRound, "training beacon")
    try checkBeacon(stored.challengeBeacon, round: before.challengeRound, "challenge beacon")
    let model = try rebuildModel()
    let context = BlockContext(
      state: before, block: stored.block, parent: parent,
      trainingBeacon: stored.trainingBeacon, challengeBeacon: stored.challengeBeacon)
    let judge = EvidenceJudge(
      state: before, publication: stored.publication, parent: parent,
      trainingBeacon: stored.trainingBeacon, trainer: trainer, clock: clock)
    var ballots: [BallotRecord] = []
    for (index, ballot) in stored.ballots.enumerated() {
      let whose = "\(place), verifier \(index + 1)"
      var finding: Finding?
      if let evidence = ballot.evidence {
        do { finding = try judge.judge(evidence, against: header) } catch {
          // Evidence that proves nothing is a verifier's fault, unless it was altered: then its
          // digest is no longer the signed one, and `process` says so.
          finding = nil
        }
        summary.evidence += 1
      }
      do {
        try state.process(
          ballot.attestation, evidence: ballot.evidence, finding: finding,
          challengeInput: context.challengeInput,
          isGrounded: { challenge in
            TranscriptCheck.isGrounded(
              ballot.attestation.attestation, transcript: ballot.transcript, challenge: challenge,
              header: header, records: stored.publication.records, task: task)
          })
      } catch { throw AuditFailure("\(whose), attestation: \(error)") }
      summary.signatures += 1
      summary.randomOutputs += 1
      guard let counted = state.open?.ballots.last else {
        throw AuditFailure("\(whose), attestation: it was not counted")
      }
      if checksBallots {
        try check(ballot, challenge: counted.challenge, model: model, whose, &summary)
      }
      ballots.append(
        BallotRecord(
          attestation: ballot.attestation, evidence: ballot.evidence,
          transcript: ballot.transcript, seconds: [:]))
    }
    guard let closesAt = state.open?.closesAt else {
      throw AuditFailure("\(place): it was never open")
    }
    let verdict = try state.finalize(at: closesAt)
    if case .confirmed = verdict, model == nil {
      throw AuditFailure("\(place), publication: nothing stands behind a confirmed block")
    }
    summary.blocks += 1
    summary.verdicts += 1
    let record = BlockRecord(
      block: stored.block, publication: stored.publication,
      trainingBeacon: stored.trainingBeacon, challengeBeacon: stored.challengeBeacon,
      ballots: ballots, patch: stored.patch, auxiliary: stored.auxiliary, twin: stored.twin,
      rivals: stored.rivals, verdict: verdict, dispute: try settle(), ledger: state.ledger,
      miningSeconds: [:])
    return (record, state, model)
  }

  /// The dispute about the block, where the chain's spec asks for one.
  private func settle() throws -> BlockDispute? {
    guard let plan, plan.spec.verification.settlesDisputes else { return nil }
    return try BlockDispute.settle(
      stored.ballots.map(\.evidence), of: number, plan: plan, before: before, parent: parent,
      trainingBeacon: stored.trainingBeacon, trainer: trainer)
  }

  private func checkBeacon(_ value: Digest, round: UInt64, _ name: String) throws {
    // Round 0 is the anchor itself, which genesis holds.
    guard round > 0 else {
      guard value == before.genesis.beaconAnchor else {
        throw AuditFailure("\(place), \(name): it is not the anchor")
      }
      return
    }
    do {
      try HashChainBeacon.verify(
        value: value, round: Int(clamping: round), anchor: before.genesis.beaconAnchor)
    } catch { throw AuditFailure("\(place), \(name): \(error)") }
  }

  /// The model that the header commits to: the parent's, what was published, and the leaves that
  /// the miner changed besides. nil where nothing stands behind the header's trace, and then no
  /// verifier can have looked inside.
  private func rebuildModel() throws -> ModelState? {
    let publication = stored.publication
    guard header.trace.root == TraceRecord.tree(publication.records).root else {
      guard !wasLookedInto else {
        throw AuditFailure(
          "\(place), publication: the records are not the committed trace, though leaves were opened"
        )
      }
      return nil
    }
    let roots = publication.publishedRoots(task)
    guard publication.records.count == Int(task.stepsPerBlock),
      publication.gradients.count == roots.count
    else { throw AuditFailure("\(place), publication: the records are not the committed trace") }
    let workers = trainer.arithmetic.workers
    for (index, gradient) in publication.gradients.enumerated() {
      guard gradient.count == task.gradientByteCount,
        task.gradientTree(gradient, workers: workers).root == roots[index]
      else {
        throw AuditFailure(
          "\(place), publication: the gradient of step \(index) is not the committed one")
      }
    }
    let derived: TrainingState
    do {
      derived = try trainer.derive(
        publication.gradients, firstStep: task.stepsBefore(height: header.height), from: parent)
    } catch { throw AuditFailure("\(place), publication: \(error)") }
    let parameters = derived.parameters
    for leaf in stored.patch {
      let range = try valueRange(leaf, "patch")
      guard leaf.bytes.count == 4 * range.count else {
        throw AuditFailure("\(place), patch: leaf \(leaf.index) has another size")
      }
      parameters.setLittleEndianBytes(leaf.bytes, at: range.lowerBound)
    }
    let model: ModelState
    do {
      model = try ModelState(
        parameters: parameters, auxiliary: try auxiliaryVectors(),
        twin: stored.twin.map { (Int($0.index), $0.bytes) }, task: task,
        workers: workers)
    } catch let failure as AuditFailure { throw failure } catch {
      throw AuditFailure("\(place), model: \(error)")
    }
    guard model.parameterCommitment == header.after else {
      throw AuditFailure("\(place), header: the parameters after have another root")
    }
    guard model.quantizedCommitment == header.quantizedAfter else {
      throw AuditFailure("\(place), header: the quantized model has another root")
    }
    guard model.auxiliaryCommitment == header.auxiliaryAfter else {
      throw AuditFailure("\(place), header: the optimizer state has another root")
    }
    return model
  }

  /// Whether some verifier was shown a leaf of the committed parameters: then they exist.
  private var wasLookedInto: Bool {
    stored.ballots.contains { ballot in
      ballot.transcript.answers.contains { answer in
        do {
          try header.after.verify(answer.after, at: Int(answer.leafIndex))
          return true
        } catch { return false }
      }
    }
  }

  private func valueRange(_ leaf: PatchedLeaf, _ what: String) throws -> Range<Int> {
    guard Int(leaf.index) < task.leafCount else {
      throw AuditFailure("\(place), \(what): leaf \(leaf.index) does not exist")
    }
    return task.valueRange(ofLeaf: Int(leaf.index))
  }

  private func auxiliaryVectors() throws -> [StateVector] {
    guard stored.auxiliary.count == task.auxiliaryByteCount else {
      throw AuditFailure("\(place), auxiliary: the optimizer state has another size")
    }
    return task.auxiliaryVectors(stored.auxiliary)
  }

  /// What a verifier says it saw is what there is to see. It may have signed what is not so: that is
  /// no fault of the file, and is counted.
  private func check(
    _ ballot: StoredChain.StoredBallot, challenge: Challenge, model: ModelState?, _ whose: String,
    _ summary: inout Audit.Summary
  ) throws {
    guard ballot.transcript.digest == ballot.attestation.attestation.transcript else {
      throw AuditFailure("\(whose), openings: they are not the ones that the verifier signed")
    }
    let isTrue =
      try checkOpenings(ballot, challenge, whose, &summary)
      && checkReplays(ballot.attestation.attestation, challenge, &summary)
      && checkLosses(ballot.attestation.attestation, challenge, model, &summary)
    if !isTrue { summary.untrueAttestations += 1 }
  }

  private func checkOpenings(
    _ ballot: StoredChain.StoredBallot, _ challenge: Challenge, _ whose: String,
    _ summary: inout Audit.Summary
  ) throws -> Bool {
    let attestation = ballot.attestation.attestation
    let answers = ballot.transcript.answers
    guard answers.count == Int(attestation.checkedLeaves), answers.count <= challenge.leaves.count
    else { return false }
    for (position, answer) in answers.enumerated() {
      let mayFail = position == answers.count - 1 && !attestation.isPositive
      do {
        try LeafCheck.checkOpenings(
          of: answer, leaf: challenge.leaves[position], header: header,
          records: stored.publication.records, task: task)
        summary.openings += 3 + answer.gradients.count + answer.auxiliary.count
        let checks = before.genesis.constants.checks
        if checks.contains(.leaf) {
          try LeafCheck.check(after: answer.after, quantized: answer.quantized, task: task)
        }
        if checks.contains(.update) {
          try UpdateCheck.check(
            answer, firstStep: task.stepsBefore(height: header.height), task: task,
            arithmetic: trainer.arithmetic)
        }
      } catch {
        guard mayFail, case CheckFailure.fraud = error else { return false }
      }
    }
    return true
  }

  private func checkLosses(
    _ attestation: Attestation, _ challenge: Challenge, _ model: ModelState?,
    _ summary: inout Audit.Summary
  ) throws -> Bool {
    guard attestation.evaluatedTokens > 0 else { return true }
    guard let model, !challenge.evaluationStarts.isEmpty else { return false }
    var work = Work()
    do {
      let measured = try ProgressCheck.measure(
        quantizedAfter: model.quantized, header: header, parent: parent,
        starts: challenge.evaluationStarts, trainer: trainer, work: &work)
      summary.lossMeasurements += 1
      return measured.before.bitPattern == attestation.lossBefore.bitPattern
        && measured.after.bitPattern == attestation.lossAfter.bitPattern
    } catch is CheckFailure { return false }
  }

  /// Steps that the verifier says it replayed without finding anything.
  private func checkReplays(
    _ attestation: Attestation, _ challenge: Challenge, _ summary: inout Audit.Summary
  ) throws -> Bool {
    guard attestation.replayedSteps > 0 else { return true }
    guard Int(attestation.replayedSteps) == challenge.steps.count else { return false }
    // Where states do not follow from the publication, everything up to the last segment is run
    // again instead, and so is a step up to the last microbatch: nobody has to have kept them.
    let segments =
      task.isWalkable
      ? task.withPrecedingMicrobatches(challenge.segments)
      : Array(0...(challenge.segments.last ?? 0))
    var meter = PhaseMeter(clock: clock)
    do {
      summary.replayedSteps += try ReplayCheck.check(
        segments: segments, header: header, publication: stored.publication, parent: parent,
        states: { _ in nil }, accumulations: { _ in nil },
        trainingSeed: Randomness.trainingSeed(
          of: header, beaconValue: stored.trainingBeacon,
          rules: before.genesis.constants.randomness),
        trainer: trainer, tolerance: before.genesis.constants.tolerance, meter: &meter)
      return true
    } catch is CheckFailure { return false }
  }
}

extension TrainingTask {
  /// Segments, and where those are microbatches the ones before them in their steps.
  func withPrecedingMicrobatches(_ segments: [Int]) -> [Int] {
    let all = segments.flatMap { segment in
      Array(segment - (microbatch(ofSegment: segment) ?? 0)...segment)
    }
    return Set(all).sorted()
  }
}

/// An audit measures no time.
struct StoppedClock: Stopwatch {
  func seconds() -> Double { 0 }
}
