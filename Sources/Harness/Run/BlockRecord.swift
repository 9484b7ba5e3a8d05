import Proofs
import Protocol

/// Everything about one proposed block that a result file keeps.
public struct BlockRecord: Sendable {
  public let block: SignedHeader
  public let publication: Publication
  public let trainingBeacon: Digest
  public let challengeBeacon: Digest
  /// One a verifier, in the order of genesis.
  public let ballots: [BallotRecord]
  /// Leaves of the committed model that the published gradients do not lead to.
  public let patch: [PatchedLeaf]
  public let verdict: Verdict
  /// Stakes and earnings after finalization.
  public let ledger: Ledger
  /// Measured seconds of mining, by phase; empty when nobody measured.
  public let miningSeconds: [Phase: Double]
}

/// What one verifier said about one block.
public struct BallotRecord: Sendable {
  public let attestation: SignedAttestation
  public let evidence: Evidence?
  public let transcript: Transcript
  /// Measured seconds, by phase; empty when nobody measured.
  public let seconds: [Phase: Double]
}

/// A leaf whose committed bytes are not what the diff leads to.
public struct PatchedLeaf: Sendable, Hashable, CanonicalCodable {
  public let index: UInt32
  public let bytes: [UInt8]

  public init(index: Int, bytes: [UInt8]) {
    self.index = UInt32(index)
    self.bytes = bytes
  }
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(index)
    writer.append(bytes)
  }
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    index = try reader.readUInt32()
    bytes = try reader.readBytes()
  }
}

/// A whole chain as it was run or read back.
public struct ChainRecord: Sendable {
  public let genesis: Genesis
  public let blocks: [BlockRecord]
}
