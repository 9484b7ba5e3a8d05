import Proofs
import Protocol

/// Everything about one proposed block that a result file keeps.
public struct BlockRecord: Sendable {
  /// The signed header.
  public let block: SignedHeader
  /// What the miner published.
  public let publication: Publication
  /// Beacon value that fixed the training data.
  public let trainingBeacon: Digest
  /// Beacon value that fixed the challenges.
  public let challengeBeacon: Digest
  /// One a verifier, in the order of genesis.
  public let ballots: [BallotRecord]
  /// Leaves of the committed model that the published gradients do not lead to.
  public let patch: [PatchedLeaf]
  /// Optimizer state and residual after the block as they were committed, float32, little endian:
  /// one vector after the other; empty if the task has neither.
  public let auxiliary: [UInt8]
  /// Leaves of the committed quantized twin that are not the quantized form of the parameters.
  public let twin: [PatchedLeaf]
  /// Other headers that the miner signed at the same height.
  public let rivals: [SignedHeader]
  /// What finalization decided.
  public let verdict: Verdict
  /// How the first accusation of a segment was settled; nil if there was none or nobody asked.
  public let dispute: BlockDispute?
  /// Stakes and earnings after finalization.
  public let ledger: Ledger
  /// Measured seconds of mining, by phase; empty when nobody measured.
  public let miningSeconds: [Phase: Double]
}

/// What one verifier said about one block.
public struct BallotRecord: Sendable {
  /// The verifier's signed word.
  public let attestation: SignedAttestation
  /// What it brought against the block.
  public let evidence: Evidence?
  /// What it was shown.
  public let transcript: Transcript
  /// Measured seconds, by phase; empty when nobody measured.
  public let seconds: [Phase: Double]
}

/// A leaf whose committed bytes are not what the diff leads to.
public struct PatchedLeaf: Sendable, Hashable, CanonicalCodable {
  /// Number of the leaf.
  public let index: UInt32
  /// Its committed bytes.
  public let bytes: [UInt8]

  /// A leaf and its committed bytes.
  public init(index: Int, bytes: [UInt8]) {
    self.index = UInt32(index)
    self.bytes = bytes
  }
  /// All fields in their order.
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(index)
    writer.append(bytes)
  }
  /// Reads what `encode` wrote.
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    index = try reader.readUInt32()
    bytes = try reader.readBytes()
  }
}

/// A whole chain as it was run or read back.
public struct ChainRecord: Sendable {
  /// What everyone knew before the first block.
  public let genesis: Genesis
  /// All proposed blocks in their order.
  public let blocks: [BlockRecord]
}
