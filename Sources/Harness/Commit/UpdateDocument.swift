import Proofs
import Safetensors

/// The JSON that `pogo prove-update` writes and `pogo prove-check` reads: between two byte
/// strings of one length these leaves changed, and no others; docs/proofs.md describes it.
public struct UpdateDocument: Sendable, Equatable {
  /// What the roots are of: kind, length and leaf size of both byte strings; the root is the new one.
  public let commitment: Commitment
  /// Root of the bytes before.
  public let oldRoot: Digest
  /// Which leaves changed, and what leads from them to both roots.
  public let proof: UpdateProof

  /// The format that this program writes and reads.
  public static let format = "pogo-update-proof"
  /// Its version.
  public static let version = 1

  /// From its parts.
  public init(commitment: Commitment, oldRoot: Digest, proof: UpdateProof) {
    self.commitment = commitment
    self.oldRoot = oldRoot
    self.proof = proof
  }

  /// Throws unless the tree of `leafCount` leaves under `oldRoot` becomes that under `newRoot` by the
  /// changes of the document, and by no others.
  public func verify(oldRoot: Digest, newRoot: Digest, leafCount: Int) throws(ProofError) {
    try proof.verify(oldRoot: oldRoot, newRoot: newRoot, leafCount: leafCount)
  }

  /// The document as indented JSON, with a newline at the end.
  public var json: String {
    let changes = proof.changes.map { change in
      JSON.object([
        .init("leaf_index", .number("\(change.leafIndex)")),
        .init("old_leaf_hash", .string(change.oldLeafHash.hex)),
        .init("new_leaf_hash", .string(change.newLeafHash.hex)),
      ])
    }
    let members =
      commitment.members(format: Self.format, version: Self.version) + [
        .init("old_root", .string(oldRoot.hex)),
        .init("new_root", .string(commitment.root.hex)),
        .init("changes", .array(changes)),
        .init("hashes", .array(proof.hashes.map { .string($0.hex) })),
      ]
    return JSON.object(members).indentedText() + "\n"
  }

  /// Reads a document. Throws at everything that `json` would not write.
  public init(json bytes: [UInt8]) throws(ProofDocumentError) {
    var reader = try MemberReader(
      document: bytes, format: Self.format, version: Self.version,
      writtenBy: "pogo prove-update")
    let commitments = try reader.commitments(under: ["old_root", "new_root"])
    var changes: [UpdateProof.Change] = []
    for value in try reader.list("changes") {
      var members = try MemberReader(value, "a change")
      changes.append(
        .init(
          leafIndex: try members.count("leaf_index"),
          oldLeafHash: try members.digest("old_leaf_hash"),
          newLeafHash: try members.digest("new_leaf_hash")))
      try members.finish()
    }
    let hashes = try reader.digests("hashes")
    try reader.finish()
    self.init(
      commitment: commitments[1], oldRoot: commitments[0].root,
      proof: UpdateProof(changes: changes, leafCount: commitments[1].leafCount, hashes: hashes))
  }
}
