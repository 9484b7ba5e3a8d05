import Proofs
import Safetensors

/// Why a text is no proof document.
public struct ProofDocumentError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Where and what, and what was expected.
  public let description: String

  init(_ description: String) { self.description = description }
}

extension ProofDocument {
  /// The document as indented JSON, with a newline at the end.
  public var json: String {
    var members: [JSON.Member] = [
      .init("format", .string(Self.format)),
      .init("version", .number("\(Self.version)")),
      .init("kind", .string(commitment.kind.name)),
      .init("byte_count", .number("\(commitment.byteCount)")),
      .init("leaf_size", .number("\(commitment.leafSize)")),
      .init("tree_size", .number("\(commitment.leafCount)")),
      .init("root", .string(commitment.root.hex)),
    ]
    if !proofs.isEmpty { members.append(.init("proofs", .array(proofs.map(\.json)))) }
    if let several { members.append(.init("multi_proof", several.json)) }
    return JSON.object(members).indentedText() + "\n"
  }

  /// Reads a document. Throws at a text longer than `maximumByteCount`, before anything is parsed,
  /// and at everything that `json` would not write: unknown or missing members, other types, sizes
  /// that contradict each other. Hexadecimal digits must be lower case.
  public init(json bytes: [UInt8]) throws(ProofDocumentError) {
    guard bytes.count <= Self.maximumByteCount else {
      throw ProofDocumentError(
        "the document has \(bytes.count) bytes, but at most \(Self.maximumByteCount) are read")
    }
    let value: JSON
    do throws(JSONError) { value = try JSON(parsing: bytes) } catch {
      throw ProofDocumentError("byte \(error.offset): \(error.problem)")
    }
    var reader = try MemberReader(value, "the document")
    let format = try reader.text("format")
    let version = try reader.count("version")
    guard format == Self.format, version == Self.version else {
      throw ProofDocumentError(
        "format is '\(format)' version \(version), but '\(Self.format)' version \(Self.version) "
          + "is read; `pogo commit --json` writes it")
    }
    let kindName = try reader.text("kind")
    guard let kind = CommitmentKind.allCases.first(where: { $0.name == kindName }) else {
      let names = CommitmentKind.allCases.map(\.name).joined(separator: ", ")
      throw ProofDocumentError("kind must be one of \(names), but is '\(kindName)'")
    }
    let byteCount = try reader.count("byte_count")
    let leafSize = try reader.count("leaf_size")
    let treeSize = try reader.count("tree_size")
    let root = try reader.digest("root")
    guard (1...Int(UInt32.max)).contains(leafSize) else {
      throw ProofDocumentError("leaf_size must be in 1...\(UInt32.max), but is \(leafSize)")
    }
    let commitment = Commitment(kind, byteCount: byteCount, leafSize: leafSize, root: root)
    guard commitment.leafCount == treeSize else {
      throw ProofDocumentError(
        "tree_size is \(treeSize), but \(byteCount) bytes in leaves of \(leafSize) are "
          + "\(commitment.leafCount) leaves")
    }
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

extension CommitmentKind {
  /// The word for the kind in documents.
  public var name: String {
    switch self {
    case .parameters: "parameters"
    case .quantizedModel: "quantized-model"
    case .gradient: "gradient"
    case .optimizerState: "optimizer-state"
    case .trace: "trace"
    case .corpus: "corpus"
    case .quantizationState: "quantization-state"
    case .residual: "residual"
    case .difference: "difference"
    case .file: "file"
    }
  }
}

/// Reads the members of one object, each at most once, and refuses the rest.
private struct MemberReader {
  private let place: String
  private var members: [String: JSON] = [:]

  init(_ value: JSON, _ place: String) throws(ProofDocumentError) {
    guard let members = value.members else {
      throw ProofDocumentError("\(place) must be a mapping, but is \(value.kind)")
    }
    self.place = place
    for member in members { self.members[member.key] = member.value }
  }

  mutating func optional(_ key: String) -> JSON? { members.removeValue(forKey: key) }

  private mutating func required(_ key: String) throws(ProofDocumentError) -> JSON {
    guard let value = optional(key) else { throw ProofDocumentError("\(place) lacks '\(key)'") }
    return value
  }

  private func wrong(_ key: String, _ expected: String, _ value: JSON) -> ProofDocumentError {
    ProofDocumentError("'\(key)' of \(place) must be \(expected), but is \(value.kind)")
  }

  mutating func text(_ key: String) throws(ProofDocumentError) -> String {
    let value = try required(key)
    guard let text = value.string else { throw wrong(key, "a text", value) }
    return text
  }

  mutating func count(_ key: String) throws(ProofDocumentError) -> Int {
    let value = try required(key)
    guard let count = Self.count(value) else { throw wrong(key, "a number of things", value) }
    return count
  }

  mutating func digest(_ key: String) throws(ProofDocumentError) -> Digest {
    let value = try required(key)
    guard let digest = Self.digest(value) else { throw wrong(key, Self.digestWords, value) }
    return digest
  }

  mutating func optionalList(_ key: String) throws(ProofDocumentError) -> [JSON]? {
    guard let value = optional(key) else { return nil }
    guard let list = value.array else { throw wrong(key, "a list", value) }
    return list
  }

  private mutating func list(_ key: String) throws(ProofDocumentError) -> [JSON] {
    guard let list = try optionalList(key) else {
      throw ProofDocumentError("\(place) lacks '\(key)'")
    }
    return list
  }

  mutating func counts(_ key: String) throws(ProofDocumentError) -> [Int] {
    var counts: [Int] = []
    for value in try list(key) {
      guard let count = Self.count(value) else { throw wrong(key, "numbers of things", value) }
      counts.append(count)
    }
    return counts
  }

  mutating func digests(_ key: String) throws(ProofDocumentError) -> [Digest] {
    var digests: [Digest] = []
    for value in try list(key) {
      guard let digest = Self.digest(value) else {
        throw wrong(key, "a list of \(Self.digestWords)", value)
      }
      digests.append(digest)
    }
    return digests
  }

  func finish() throws(ProofDocumentError) {
    guard let key = members.keys.sorted().first else { return }
    throw ProofDocumentError("\(place) has a member '\(key)' that is not known")
  }

  private static let digestWords = "64 lower-case hexadecimal digits"

  /// A number as `json` writes it: no sign, no leading zero.
  private static func count(_ value: JSON) -> Int? {
    guard let count = value.count, value == .number("\(count)") else { return nil }
    return count
  }

  private static func digest(_ value: JSON) -> Digest? {
    guard let text = value.string, let digest = Digest(hex: text), digest.hex == text else {
      return nil
    }
    return digest
  }
}
