import Proofs
import Safetensors

/// Why a text is no proof document.
public struct ProofDocumentError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Where and what, and what was expected.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// Reads the members of one object, each at most once, and refuses the rest.
struct MemberReader {
  /// Longest text that is read: 2^16 leaves with their paths fit in.
  static let maximumByteCount = 256 << 20

  private let place: String
  private var members: [String: JSON] = [:]

  init(_ value: JSON, _ place: String) throws(ProofDocumentError) {
    guard let members = value.members else {
      throw ProofDocumentError("\(place) must be a mapping, but is \(value.kind)")
    }
    self.place = place
    for member in members { self.members[member.key] = member.value }
  }

  /// Opens a document, after looking at its length, its format and its version.
  init(
    document bytes: [UInt8], format: String, version: Int, writtenBy command: String
  ) throws(ProofDocumentError) {
    try self.init(try Self.parse(bytes), "the document")
    let (foundFormat, foundVersion) = (try text("format"), try count("version"))
    guard foundFormat == format, foundVersion == version else {
      throw ProofDocumentError(
        "format is '\(foundFormat)' version \(foundVersion), but '\(format)' version \(version) "
          + "is read; `\(command)` writes it")
    }
  }

  /// The format that a document says it has; nil if it says none.
  static func format(of bytes: [UInt8]) throws(ProofDocumentError) -> String? {
    try parse(bytes).members?.first { $0.key == "format" }?.value.string
  }

  private static func parse(_ bytes: [UInt8]) throws(ProofDocumentError) -> JSON {
    guard bytes.count <= maximumByteCount else {
      throw ProofDocumentError(
        "the document has \(bytes.count) bytes, but at most \(maximumByteCount) are read")
    }
    do throws(JSONError) { return try JSON(parsing: bytes) } catch {
      throw ProofDocumentError("byte \(error.offset): \(error.problem)")
    }
  }

  /// What was committed, once for each member that holds a root. Throws when the sizes contradict
  /// each other.
  mutating func commitments(under roots: [String]) throws(ProofDocumentError) -> [Commitment] {
    let kindName = try text("kind")
    guard let kind = CommitmentKind.allCases.first(where: { $0.name == kindName }) else {
      let names = CommitmentKind.allCases.map(\.name).joined(separator: ", ")
      throw ProofDocumentError("kind must be one of \(names), but is '\(kindName)'")
    }
    let byteCount = try count("byte_count")
    let leafSize = try count("leaf_size")
    let treeSize = try count("tree_size")
    guard (1...Int(UInt32.max)).contains(leafSize) else {
      throw ProofDocumentError("leaf_size must be in 1...\(UInt32.max), but is \(leafSize)")
    }
    let leafCount = MerkleTree.leafCount(byteCount: byteCount, leafSize: leafSize)
    guard leafCount == treeSize else {
      throw ProofDocumentError(
        "tree_size is \(treeSize), but \(byteCount) bytes in leaves of \(leafSize) are "
          + "\(leafCount) leaves")
    }
    var commitments: [Commitment] = []
    for root in roots {
      commitments.append(
        Commitment(kind, byteCount: byteCount, leafSize: leafSize, root: try digest(root)))
    }
    return commitments
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

  mutating func list(_ key: String) throws(ProofDocumentError) -> [JSON] {
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

extension Commitment {
  /// What documents say of a commitment beside its root.
  func members(format: String, version: Int) -> [JSON.Member] {
    [
      .init("format", .string(format)),
      .init("version", .number("\(version)")),
      .init("kind", .string(kind.name)),
      .init("byte_count", .number("\(byteCount)")),
      .init("leaf_size", .number("\(leafSize)")),
      .init("tree_size", .number("\(leafCount)")),
    ]
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
