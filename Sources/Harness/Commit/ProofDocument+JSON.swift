import Proofs
import Safetensors

extension ProofDocument {
  /// The document as indented JSON, with a newline at the end.
  public var json: String {
    var members = commitment.members(format: Self.format, version: Self.version)
    members.append(.init("root", .string(commitment.root.hex)))
    if !proofs.isEmpty { members.append(.init("proofs", .array(proofs.map(\.json)))) }
    if let several { members.append(.init("multi_proof", several.json)) }
    return JSON.object(members).indentedText() + "\n"
  }

  /// Reads a document. Throws at a text longer than `maximumByteCount`, before anything is parsed,
  /// and at everything that `json` would not write: unknown or missing members, other types, sizes
  /// that contradict each other. Hexadecimal digits must be lower case.
  public init(json bytes: [UInt8]) throws(ProofDocumentError) {
    var reader = try MemberReader(
      document: bytes, format: Self.format, version: Self.version, writtenBy: "pogo commit --json")
    let commitment = try reader.commitments(under: ["root"])[0]
    let treeSize = commitment.leafCount
    var proofs: [Proof] = []
    for value in try reader.optionalList("proofs") ?? [] {
      proofs.append(try Proof(value, treeSize: treeSize))
    }
    let several = try reader.optional("multi_proof").map { value throws(ProofDocumentError) in
      try Several(value, treeSize: treeSize)
    }
    try reader.finish()
    self.init(commitment: commitment, proofs: proofs, several: several)
  }
}

extension ProofDocument.Proof {
  var json: JSON {
    .object([
      .init("leaf_index", .number("\(inclusion.leafIndex)")),
      .init("leaf_hash", .string(leafHash.hex)),
      .init("audit_path", .array(inclusion.auditPath.map { .string($0.hex) })),
    ])
  }

  init(_ value: JSON, treeSize: Int) throws(ProofDocumentError) {
    var reader = try MemberReader(value, "a proof")
    let index = try reader.count("leaf_index")
    let hash = try reader.digest("leaf_hash")
    let path = try reader.digests("audit_path")
    try reader.finish()
    self.init(
      leafHash: hash,
      inclusion: InclusionProof(leafIndex: index, leafCount: treeSize, auditPath: path))
  }
}

extension ProofDocument.Several {
  var json: JSON {
    .object([
      .init("leaf_indices", .array(multiProof.leafIndices.map { .number("\($0)") })),
      .init("leaf_hashes", .array(leafHashes.map { .string($0.hex) })),
      .init("hashes", .array(multiProof.hashes.map { .string($0.hex) })),
    ])
  }

  init(_ value: JSON, treeSize: Int) throws(ProofDocumentError) {
    var reader = try MemberReader(value, "the multi-proof")
    let indices = try reader.counts("leaf_indices")
    let leafHashes = try reader.digests("leaf_hashes")
    let hashes = try reader.digests("hashes")
    try reader.finish()
    self.init(
      leafHashes: leafHashes,
      multiProof: MultiProof(leafIndices: indices, leafCount: treeSize, hashes: hashes))
  }
}
