import Kernels
import Proofs

/// Proof of fraud that a stranger can check with public data alone: the signed header, what the
/// miner had to publish, the parent's model and the corpus (`docs/protocol.md`, section 8).
public struct Evidence: Sendable, Hashable, CanonicalCodable {
  /// Digest of the header that it speaks against.
  public let block: Digest
  /// What shows the contradiction.
  public let proof: Proof

  /// What shows the contradiction.
  public enum Proof: Sendable, Hashable {
    /// The signed header breaks a rule; nothing else is needed.
    case header
    /// The committed trace, which contradicts the header or itself.
    case trace([TraceRecord])
    /// A float32 leaf and its quantized twin, opened.
    case quantizedLeaf(after: LeafOpening, quantized: LeafOpening)
    /// A leaf before and after with every step's gradient, opened.
    case update(records: [TraceRecord], answer: LeafAnswer)
    /// The number of a segment that does not replay, with its first state where that does not
    /// follow from what was published.
    case segment(UInt32, state: SegmentState?)
    /// The number of a segment that is a microbatch, not the first of its step, and does not replay,
    /// with its step's state as in a segment and what was accumulated before.
    case microbatch(UInt32, state: SegmentState?, accumulation: [UInt8])
    /// Another header that the same miner signed at the same height.
    case equivocation(SignedHeader)
  }

  /// From its parts.
  public init(block: Digest, proof: Proof) {
    self.block = block
    self.proof = proof
  }

  /// What an attestation names it by.
  public var digest: Digest { Digest.tagged("PoGO/evidence", self) }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(block)
    switch proof {
    case .header:
      writer.append(UInt8(1))
    case .trace(let records):
      writer.append(UInt8(2))
      writer.append(records)
    case .quantizedLeaf(let after, let quantized):
      writer.append(UInt8(3))
      writer.append(after)
      writer.append(quantized)
    case .update(let records, let answer):
      writer.append(UInt8(4))
      writer.append(records)
      writer.append(answer)
    case .segment(let segment, let state):
      writer.append(UInt8(5))
      writer.append(segment)
      writer.append(state)
    case .equivocation(let other):
      writer.append(UInt8(6))
      writer.append(other)
    case .microbatch(let segment, let state, let accumulation):
      writer.append(UInt8(7))
      writer.append(segment)
      writer.append(state)
      writer.append(accumulation)
    }
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    block = try reader.readDigest()
    let start = reader.offset
    let tag = try reader.readUInt8()
    switch tag {
    case 1: proof = .header
    case 2: proof = .trace(try reader.readArray())
    case 3: proof = .quantizedLeaf(after: try reader.read(), quantized: try reader.read())
    case 4: proof = .update(records: try reader.readArray(), answer: try reader.read())
    case 5: proof = .segment(try reader.readUInt32(), state: try reader.read())
    case 6: proof = .equivocation(try reader.read())
    case 7:
      proof = .microbatch(
        try reader.readUInt32(), state: try reader.read(), accumulation: try reader.readBytes())
    default:
      throw .invalidValue(offset: start, expected: "a kind of evidence", actual: "\(tag)")
    }
  }
}

/// Why evidence proves nothing.
public enum EvidenceError: Error, Sendable, Hashable, CustomStringConvertible {
  case otherBlock
  case segmentOutOfRange(UInt32)
  /// Something that it relies on is not what the header committed to.
  case notCommitted(String)
  /// All of it is as committed, and nothing is wrong with it.
  case noContradiction

  public var description: String {
    switch self {
    case .otherBlock: "the evidence speaks about another block"
    case .segmentOutOfRange(let index):
      "the evidence names segment \(index), which the block lacks"
    case .notCommitted(let what): "the evidence rests on data that nobody committed to: \(what)"
    case .noContradiction: "the evidence shows no contradiction"
    }
  }
}

/// Judges evidence without trusting whoever brings it.
public struct EvidenceJudge {
  /// The chain before the block.
  public let state: ChainState
  /// What the miner published with the block, from anyone who kept it.
  public let publication: Publication?
  /// The parent's model.
  public let parent: ModelState
  /// Value of the beacon round that fixed the training data.
  public let trainingBeacon: Digest
  let trainer: Trainer
  let clock: any Stopwatch

  /// From its parts.
  public init(
    state: ChainState, publication: Publication?, parent: ModelState, trainingBeacon: Digest,
    trainer: Trainer, clock: any Stopwatch
  ) {
    self.state = state
    self.publication = publication
    self.parent = parent
    self.trainingBeacon = trainingBeacon
    self.trainer = trainer
    self.clock = clock
  }

  /// The contradiction that `evidence` proves against `block`.
  ///
  /// Throws ``EvidenceError`` if it proves none.
  public func judge(_ evidence: Evidence, against block: BlockHeader) throws -> Finding {
    guard evidence.block == block.digest else { throw EvidenceError.otherBlock }
    do {
      try search(evidence.proof, block)
    } catch CheckFailure.fraud(let finding) {
      return finding
    } catch CheckFailure.unavailable(let what) {
      throw EvidenceError.notCommitted(what)
    }
    throw EvidenceError.noContradiction
  }

  /// Runs the check that the evidence is about; returns if nothing is wrong.
  private func search(_ proof: Evidence.Proof, _ header: BlockHeader) throws {
    let task = state.genesis.task
    if case .equivocation(let other) = proof {
      if EquivocationCheck.contradicts(header, other) { throw CheckFailure.fraud(.equivocation) }
      return
    }
    // Sizes must be known good before openings mean anything.
    let headerViolation = StructureCheck.violation(in: header, state: state)
    if case .header = proof {
      if let headerViolation { throw CheckFailure.fraud(.header(headerViolation)) }
      return
    }
    guard headerViolation == nil else {
      throw CheckFailure.unavailable("the header itself is invalid")
    }
    switch proof {
    case .header, .equivocation: return
    case .trace(let records):
      try StructureCheck.check(trace: records, header: header, task: task)
    case .quantizedLeaf(let after, let quantized):
      do {
        try header.after.verify(after, at: after.proof.leafIndex)
        try header.quantizedAfter.verify(quantized, at: after.proof.leafIndex)
      } catch { throw CheckFailure.unavailable("\(error)") }
      try LeafCheck.check(after: after, quantized: quantized, task: task)
    case .update(let records, let answer):
      try StructureCheck.check(trace: records, header: header, task: task)
      try LeafCheck.checkOpenings(
        of: answer, leaf: Int(answer.leafIndex), header: header, records: records, task: task)
      try UpdateCheck.check(
        answer, firstStep: task.stepsBefore(height: header.height), task: task,
        arithmetic: trainer.arithmetic)
    case .segment(let index, let served):
      try replay(index, state: served, accumulation: nil, header)
    case .microbatch(let index, let served, let accumulation):
      try replay(index, state: served, accumulation: accumulation, header)
    }
  }

  private func replay(
    _ index: UInt32, state served: SegmentState?, accumulation: [UInt8]?, _ header: BlockHeader
  ) throws {
    let task = state.genesis.task
    guard Int(index) < task.segmentCount else { throw EvidenceError.segmentOutOfRange(index) }
    guard let publication else { throw CheckFailure.unavailable("nothing was published") }
    try StructureCheck.check(trace: publication.records, header: header, task: task)
    let seed = Randomness.trainingSeed(
      of: header, beaconValue: trainingBeacon, rules: state.genesis.constants.randomness)
    var meter = PhaseMeter(clock: clock)
    try ReplayCheck.check(
      segments: [Int(index)], header: header, publication: publication, parent: parent,
      states: { _ in served }, accumulations: { _ in accumulation }, trainingSeed: seed,
      trainer: trainer, tolerance: state.genesis.constants.tolerance, meter: &meter)
  }
}
