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

  private var header: BlockHeader { stored.block.header }
  private var task: TrainingTask { before.genesis.task }
  private let clock = StoppedClock()

  init(
    place: String, stored: StoredChain.StoredBlock, before: ChainState, parent: ModelState,
    trainer: Trainer
  ) {
    self.place = place
    self.stored = stored
    self.before = before
    self.parent = parent
    self.trainer = trainer
  }

  /// - Returns: the record as judged, the chain after the block, and the block's model.
  func run(_ summary: inout Audit.Summary) throws -> (BlockRecord, ChainState, ModelState) {
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
          challengeInput: context.challengeInput, corpusWindows: trainer.corpusWindows,
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
      try check(ballot, challenge: counted.challenge, model: model, whose, &summary)
      ballots.append(
        BallotRecord(
          attestation: ballot.attestation, evidence: ballot.evidence,
          transcript: ballot.transcript, seconds: [:]))
    }
    guard let closesAt = state.open?.closesAt else {
      throw AuditFailure("\(place): it was never open")
    }
    let verdict = try state.finalize(at: closesAt)
    summary.blocks += 1
    summary.verdicts += 1
    let record = BlockRecord(
      block: stored.block, publication: stored.publication,
      trainingBeacon: stored.trainingBeacon, challengeBeacon: stored.challengeBeacon,
      ballots: ballots, patch: stored.patch, verdict: verdict, ledger: state.ledger,
      miningSeconds: [:])
    return (record, state, model)
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

  /// The model that the header commits to: the parent's, the published gradients, and the leaves
  /// that the miner changed besides.
  private func rebuildModel() throws -> ModelState {
    let publication = stored.publication
    guard header.trace.root == TraceRecord.tree(publication.records).root,
      publication.gradients.count == publication.records.count
    else { throw AuditFailure("\(place), publication: the records are not the committed trace") }
    let parameters = FloatBuffer(count: parent.parameters.count)
    parameters.copy(from: parent.parameters)
    let workers = trainer.arithmetic.workers
    for (step, gradient) in publication.gradients.enumerated() {
      guard gradient.count == task.gradientByteCount,
        task.gradientTree(gradient, workers: workers).root
          == publication.records[step].gradientRoot
      else {
        throw AuditFailure(
          "\(place), publication: the gradient of step \(step) is not the committed one")
      }
      do { try trainer.apply(gradient, to: parameters) } catch {
        throw AuditFailure("\(place), publication: step \(step): \(error)")
      }
    }
    for leaf in stored.patch {
      guard Int(leaf.index) < task.leafCount else {
        throw AuditFailure("\(place), patch: leaf \(leaf.index) does not exist")
      }
      let range = task.valueRange(ofLeaf: Int(leaf.index))
      guard leaf.bytes.count == 4 * range.count else {
        throw AuditFailure("\(place), patch: leaf \(leaf.index) has another size")
      }
      parameters.setLittleEndianBytes(leaf.bytes, at: range.lowerBound)
    }
    let model: ModelState
    do {
      model = try ModelState(parameters: parameters, task: task, workers: workers)
    } catch { throw AuditFailure("\(place), model: \(error)") }
    guard model.parameterCommitment == header.after else {
      throw AuditFailure("\(place), header: the parameters after have another root")
    }
    guard model.quantizedCommitment == header.quantizedAfter else {
      throw AuditFailure("\(place), header: the quantized model has another root")
    }
    return model
  }

  /// What a verifier says it saw is what there is to see.
  private func check(
    _ ballot: StoredChain.StoredBallot, challenge: Challenge, model: ModelState, _ whose: String,
    _ summary: inout Audit.Summary
  ) throws {
    let attestation = ballot.attestation.attestation
    guard ballot.transcript.digest == attestation.transcript else {
      throw AuditFailure("\(whose), openings: they are not the ones that the verifier signed")
    }
    let answers = ballot.transcript.answers
    guard answers.count == Int(attestation.checkedLeaves), answers.count <= challenge.leaves.count
    else { throw AuditFailure("\(whose), openings: another number than the attestation says") }
    for (position, answer) in answers.enumerated() {
      let mayFail = position == answers.count - 1 && !attestation.isPositive
      do {
        try LeafCheck.checkOpenings(
          of: answer, leaf: challenge.leaves[position], header: header,
          records: stored.publication.records, task: task)
        summary.openings += 3 + answer.gradients.count
        try LeafCheck.check(after: answer.after, quantized: answer.quantized, task: task)
        try UpdateCheck.check(answer, task: task, arithmetic: trainer.arithmetic)
      } catch {
        guard mayFail, case .fraud = error else {
          throw AuditFailure("\(whose), openings: \(error)")
        }
      }
    }
    try checkReplays(attestation, challenge, whose, &summary)
    guard attestation.evaluatedTokens > 0 else { return }
    var work = Work()
    let measured = try ProgressCheck.measure(
      quantizedAfter: model.quantized, header: header, parent: parent,
      starts: challenge.evaluationStarts, trainer: trainer, work: &work)
    guard measured.before.bitPattern == attestation.lossBefore.bitPattern,
      measured.after.bitPattern == attestation.lossAfter.bitPattern
    else { throw AuditFailure("\(whose), attestation: the losses are others") }
    summary.lossMeasurements += 1
  }

  /// Steps that the verifier says it replayed without finding anything.
  private func checkReplays(
    _ attestation: Attestation, _ challenge: Challenge, _ whose: String,
    _ summary: inout Audit.Summary
  ) throws {
    guard attestation.replayedSteps > 0 else { return }
    guard Int(attestation.replayedSteps) == challenge.steps.count else {
      throw AuditFailure("\(whose), attestation: another number of replayed steps")
    }
    var meter = PhaseMeter(clock: clock)
    do {
      summary.replayedSteps += try ReplayCheck.check(
        steps: challenge.steps, header: header, publication: stored.publication, parent: parent,
        trainingSeed: Randomness.trainingSeed(
          of: header, beaconValue: stored.trainingBeacon,
          rules: before.genesis.constants.randomness),
        trainer: trainer, meter: &meter)
    } catch let failure as CheckFailure {
      throw AuditFailure("\(whose), attestation: it calls good what is not: \(failure)")
    }
  }
}

/// An audit measures no time.
private struct StoppedClock: Stopwatch {
  func seconds() -> Double { 0 }
}
