import Kernels
import Models
import Proofs
import Protocol

/// A finalized block as the journal of a run keeps it: what cannot be computed without mining and
/// verifying again, and the seconds that these took.
struct BlockPiece {
  let stored: StoredChain.StoredBlock
  let dispute: BlockDispute?
  let miningSeconds: [Phase: Double]
  let ballotSeconds: [[Phase: Double]]

  /// The bytes of a record.
  static func bytes(_ record: BlockRecord) -> [UInt8] {
    var writer = CanonicalWriter()
    writer.append(record.trainingBeacon)
    writer.append(record.challengeBeacon)
    writer.append(record.block.canonicalBytes)
    writer.append(record.publication.canonicalBytes)
    writer.append(record.patch.canonicalBytes)
    writer.append(record.auxiliary)
    writer.append(record.twin.canonicalBytes)
    writer.append(record.rivals.canonicalBytes)
    writer.append(record.dispute)
    append(record.miningSeconds, to: &writer)
    writer.append(UInt32(record.ballots.count))
    for ballot in record.ballots {
      writer.append(ballot.attestation.canonicalBytes)
      writer.append(ballot.evidence?.canonicalBytes ?? [])
      writer.append(ballot.transcript.canonicalBytes)
      append(ballot.seconds, to: &writer)
    }
    return writer.bytes
  }

  /// Reads what ``bytes(_:)`` wrote.
  init(_ bytes: [UInt8]) throws(CanonicalError) {
    var reader = CanonicalReader(bytes)
    let training = try reader.readDigest()
    let challenge = try reader.readDigest()
    let block = try SignedHeader(canonicalBytes: reader.readBytes())
    let publication = try Publication(canonicalBytes: reader.readBytes())
    let patch = try [PatchedLeaf](canonicalBytes: reader.readBytes())
    let auxiliary = try reader.readBytes()
    let twin = try [PatchedLeaf](canonicalBytes: reader.readBytes())
    let rivals = try [SignedHeader](canonicalBytes: reader.readBytes())
    dispute = try reader.read()
    miningSeconds = try Self.seconds(from: &reader)
    var ballots: [StoredChain.StoredBallot] = []
    var seconds: [[Phase: Double]] = []
    for _ in 0..<(try reader.readUInt32()) {
      let attestation = try SignedAttestation(canonicalBytes: reader.readBytes())
      let evidence = try reader.readBytes()
      ballots.append(
        StoredChain.StoredBallot(
          attestation: attestation,
          evidence: evidence.isEmpty ? nil : try Evidence(canonicalBytes: evidence),
          transcript: try Transcript(canonicalBytes: reader.readBytes())))
      seconds.append(try Self.seconds(from: &reader))
    }
    try reader.finish()
    ballotSeconds = seconds
    stored = StoredChain.StoredBlock(
      trainingBeacon: training, challengeBeacon: challenge, block: block,
      publication: publication, patch: patch, auxiliary: auxiliary, twin: twin, rivals: rivals,
      ballots: ballots)
  }

  /// Carries the chain on over this block: the record, the chain after it, and its model.
  ///
  /// Roots, signatures and verdict are checked again; what verifiers saw is not.
  func replay(
    on state: ChainState, parent: ModelState, trainer: Trainer
  ) throws -> (record: BlockRecord, state: ChainState, model: ModelState?) {
    var summary = Audit.Summary()
    let (record, after, model) = try BlockAudit(
      place: "journal", stored: stored, before: state, parent: parent, trainer: trainer,
      checksBallots: false
    ).run(&summary)
    let timed = BlockRecord(
      block: record.block, publication: record.publication,
      trainingBeacon: record.trainingBeacon, challengeBeacon: record.challengeBeacon,
      ballots: zip(record.ballots, ballotSeconds).map { ballot, seconds in
        BallotRecord(
          attestation: ballot.attestation, evidence: ballot.evidence,
          transcript: ballot.transcript, seconds: seconds)
      },
      patch: record.patch, auxiliary: record.auxiliary, twin: record.twin,
      rivals: record.rivals, verdict: record.verdict, dispute: dispute, ledger: record.ledger,
      miningSeconds: miningSeconds)
    return (timed, after, model)
  }

  private static func append(_ seconds: [Phase: Double], to writer: inout CanonicalWriter) {
    let ordered = seconds.sorted { $0.key.rawValue < $1.key.rawValue }
    writer.append(UInt32(ordered.count))
    for (phase, value) in ordered {
      writer.append(phase.rawValue)
      writer.append(value)
    }
  }

  private static func seconds(
    from reader: inout CanonicalReader
  ) throws(CanonicalError) -> [Phase: Double] {
    var seconds: [Phase: Double] = [:]
    for _ in 0..<(try reader.readUInt32()) {
      let name = try reader.readString()
      let value = try reader.readDouble()
      // A phase that this program does not measure any more has no place in the result either.
      if let phase = Phase(rawValue: name) { seconds[phase] = value }
    }
    return seconds
  }
}
