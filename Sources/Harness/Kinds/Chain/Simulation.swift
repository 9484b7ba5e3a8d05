import Foundation
import Kernels
import Models
import Proofs
import Protocol

/// Runs a planned chain from genesis to its last block on the virtual clock.
public struct Simulation {
  let plan: Plan
  let arithmetic: Arithmetic
  let clock: any Stopwatch

  /// A run of `plan` in `arithmetic`; `clock` only measures.
  public init(
    plan: Plan, arithmetic: Arithmetic, clock: any Stopwatch = SystemStopwatch()
  ) {
    self.plan = plan
    self.arithmetic = arithmetic
    self.clock = clock
  }

  /// Mines, verifies and finalizes every planned block.
  ///
  /// With a `journal` it goes on after the blocks that are there, and adds each new one.
  public func run(observer: any RunObserver, journal: Journal? = nil) throws -> ChainRecord {
    try runKeepingModel(observer: observer, journal: journal).record
  }

  /// As ``run(observer:journal:)``; gives the model of the last confirmed block too.
  func runKeepingModel(
    observer: any RunObserver, journal: Journal? = nil
  ) throws -> (record: ChainRecord, model: ModelState) {
    // Whoever goes on here, in this process or another, finds what was mined.
    defer { try? journal?.finish() }
    let trainer = try trainer(plan.spec.arithmetic.products)
    // One is enough where both compute alike.
    let checker =
      plan.spec.arithmetic.verifiers == plan.spec.arithmetic.products
      ? trainer : try self.trainer(plan.spec.arithmetic.verifiers)
    var model = try plan.initialModel(arithmetic)
    let genesis = plan.genesis(initial: model)
    var state = ChainState(genesis)
    var blocks: [BlockRecord] = []
    var work = WorkEstimate(plan)
    if let journal {
      let pieces = try journal.load()
      for piece in pieces.prefix(plan.spec.chain.blockCount) {
        // A piece that does not carry on is as good as none: its block is mined again.
        guard
          let next = try? BlockPiece(piece).replay(on: state, parent: model, trainer: trainer)
        else { break }
        blocks.append(next.record)
        state = next.state
        if case .confirmed = next.record.verdict, let own = next.model { model = own }
        work.skipBlock()
      }
      try journal.keep(pieces.prefix(blocks.count))
      if !blocks.isEmpty { try observer.note("goes on after block \(blocks.count)") }
    }
    for number in blocks.count..<plan.spec.chain.blockCount {
      let miner = plan.miner(ofProposal: number)
      let label = "block \(number + 1)/\(plan.spec.chain.blockCount)"
      guard state.ledger.stake(of: miner.key.publicKey) > .zero else {
        throw SimulationError.outOfStake(miner.name)
      }
      let trainingBeacon = try plan.beacon.value(round: Int(state.miningRound))
      let mined = try miner.mine(
        on: state, parent: model, trainingBeacon: trainingBeacon, trainer: trainer, clock: clock
      ) { step in
        work.finishStep()
        try observer.progress(
          done: Double(work.done), total: Double(work.total),
          activity: "\(label): \(miner.name) trains")
      }
      let before = state
      try state.propose(mined.signed)
      let challengeBeacon = try plan.beacon.value(round: Int(before.challengeRound))
      let context = BlockContext(
        state: before, block: mined.signed, parent: model, trainingBeacon: trainingBeacon,
        challengeBeacon: challengeBeacon, sightings: mined.rivals)
      let judge = EvidenceJudge(
        state: before, publication: mined.content, parent: model, trainingBeacon: trainingBeacon,
        trainer: checker, clock: clock)
      var ballots: [BallotRecord] = []
      var outcomes: [Protocol.Verifier.Outcome] = []
      for verifier in plan.verifiers {
        let outcome = try verifier.verify(
          context, server: mined.server, trainer: checker, clock: clock, earlier: outcomes)
        outcomes.append(outcome)
        try state.process(Submission(outcome), challengeBeacon: challengeBeacon, judge: judge)
        ballots.append(
          BallotRecord(
            attestation: outcome.attestation, evidence: outcome.evidence,
            transcript: outcome.transcript, seconds: outcome.meter.seconds))
        work.finishVerification()
        try observer.progress(
          done: Double(work.done), total: Double(work.total),
          activity: "\(label): \(verifier.name) verifies")
      }
      guard let closesAt = state.open?.closesAt else { throw RuleViolation.noOpenBlock }
      let verdict = try state.finalize(at: closesAt)
      let dispute =
        plan.spec.verification.settlesDisputes
        ? try BlockDispute.settle(
          ballots.map(\.evidence), of: number, plan: plan, before: before, parent: model,
          trainingBeacon: trainingBeacon, trainer: trainer) : nil
      let record = BlockRecord(
        block: mined.signed, publication: mined.content, trainingBeacon: trainingBeacon,
        challengeBeacon: challengeBeacon, ballots: ballots,
        patch: try patch(of: mined, trainer: trainer),
        auxiliary: mined.model.auxiliary.flatMap(\.bytes),
        twin: try twin(of: mined), rivals: mined.rivals, verdict: verdict, dispute: dispute,
        ledger: state.ledger,
        miningSeconds: mined.meter.seconds)
      blocks.append(record)
      try journal?.appendLater { BlockPiece.bytes(record) }
      if case .confirmed = verdict { model = mined.model }
      try observer.note("block \(number + 1) by \(miner.name): \(record.verdict)")
    }
    try journal?.finish()
    return (ChainRecord(genesis: genesis, blocks: blocks), model)
  }

  private func trainer(_ kind: Arithmetic.Kind) throws -> Trainer {
    try plan.makeTrainer(
      kind == arithmetic.kind
        ? arithmetic
        : Arithmetic(
          kind: kind, instructionSet: arithmetic.instructionSet, workers: arithmetic.workers))
  }

  /// The leaves where the committed twin is not the quantized form of the committed parameters.
  private func twin(of mined: MinedBlock) throws -> [PatchedLeaf] {
    guard !mined.followsTheRules else { return [] }
    let honest = try plan.task.quantizedTwin(mined.model.parameters)
    let commitment = mined.model.quantizedCommitment
    return try (0..<plan.task.leafCount).compactMap { leaf in
      let range = try commitment.byteRange(ofLeaf: leaf)
      let committed = Array(mined.model.quantized[range])
      return committed.elementsEqual(honest[range])
        ? nil : PatchedLeaf(index: leaf, bytes: committed)
    }
  }

  /// The leaves where the committed model is not what the diff leads to.
  private func patch(of mined: MinedBlock, trainer: Trainer) throws -> [PatchedLeaf] {
    guard !mined.followsTheRules else { return [] }
    let derived = try trainer.derive(
      mined.content.gradients,
      firstStep: plan.task.stepsBefore(height: mined.signed.header.height), from: mined.parent
    ).parameters
    return (0..<plan.task.leafCount).compactMap { leaf in
      let range = plan.task.valueRange(ofLeaf: leaf)
      let committed = mined.model.parameters.littleEndianBytes(range)
      return committed == derived.littleEndianBytes(range)
        ? nil : PatchedLeaf(index: leaf, bytes: committed)
    }
  }
}

/// Floating-point operations done and planned: what the time left is weighed by.
struct WorkEstimate {
  private let step: UInt64
  private let verification: UInt64
  private let block: UInt64
  let total: UInt64
  private(set) var done: UInt64 = 0

  init(_ plan: Plan) {
    let task = plan.task
    let steps = UInt64(task.stepsPerBlock)
    step = task.trainingFLOPs / steps
    let replayed = UInt64(plan.constants.replayRate.sampleCount(of: Int(steps)))
    let batches =
      plan.constants.evaluationSequences(task) / Int(task.batchSize)
    let evaluation =
      UInt64(batches)
      * task.trainable.lossFLOPs(
        sequenceCount: Int(task.batchSize), contextLength: Int(task.contextLength)
      ).total
    verification = replayed * step + 2 * evaluation
    block = steps * step + UInt64(plan.verifiers.count) * verification
    total = UInt64(plan.spec.chain.blockCount) * block
  }

  mutating func finishStep() { done += step }
  mutating func finishVerification() { done += verification }
  mutating func skipBlock() { done += block }
}

/// Why a run cannot go on.
public enum SimulationError: Error, Sendable, Equatable, CustomStringConvertible {
  case outOfStake(String)

  /// What is wrong, in words.
  public var description: String {
    switch self {
    case .outOfStake(let name):
      "miner \(name) has lost all its stake and cannot propose; raise its stake or lower "
        + "chain.miner_slash_rate or chain.blocks"
    }
  }
}
