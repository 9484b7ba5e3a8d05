/// What a stored tree is refused for.
public enum StoredTreeError: Error, Hashable, Sendable {
  /// The bytes are not those that `StreamedTree.storedBytes` writes.
  case malformed(CanonicalError)
  /// Another program, or another version of this one, wrote it.
  case wrongFormat(actual: String, version: UInt16)
  /// The bytes are longer than any stored tree.
  case tooLong(byteCount: Int, limit: Int)
  /// The SHA-256 at the end is not that of the bytes before it.
  case wrongDigest
  /// Sizes that contradict each other.
  case inconsistent(String)
}

extension StoredTreeError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .malformed(let error): "it is no stored tree: \(error)"
    case .wrongFormat(let actual, let version):
      "its format is '\(actual)' version \(version), but '\(StreamedTree.storedFormat)' version "
        + "\(StreamedTree.storedVersion) is read"
    case .tooLong(let byteCount, let limit):
      "it has \(byteCount) bytes, but a stored tree has at most \(limit)"
    case .wrongDigest: "it is damaged: its SHA-256 differs"
    case .inconsistent(let text): "it contradicts itself: \(text)"
    }
  }
}

extension StreamedTree {
  static let storedFormat = "PoGO tree"
  static let storedVersion: UInt16 = 1

  /// Longest stored tree, in bytes: the nodes and less than 256 bytes around them.
  public static let maximumStoredByteCount = maximumKeptNodes * Digest.byteCount + 256

  /// The tree as bytes: format text, version u16, byteCount u64, leafSize u64, keptLevel u8, nodes
  /// (u32 count, 32 bytes each), and the SHA-256 of all that.
  public var storedBytes: [UInt8] {
    var writer = CanonicalWriter(reservingCapacity: keptNodes.count * Digest.byteCount + 256)
    writer.append(Self.storedFormat)
    writer.append(Self.storedVersion)
    writer.append(UInt64(byteCount))
    writer.append(UInt64(leafSize))
    writer.append(UInt8(keptLevel))
    writer.append(keptNodes)
    writer.append(SHA256.hash(writer.bytes))
    return writer.bytes
  }

  /// The tree that `storedBytes` are. The root follows from the nodes; no byte of the source was
  /// hashed, so `hashedByteCount` counts the upper nodes only.
  public init(
    storedBytes bytes: [UInt8], concurrently execute: ConcurrentExecutor = MerkleTree.serially
  ) throws(StoredTreeError) {
    guard bytes.count <= Self.maximumStoredByteCount else {
      throw .tooLong(byteCount: bytes.count, limit: Self.maximumStoredByteCount)
    }
    let fields: StoredFields
    do throws(CanonicalError) { fields = try StoredFields(bytes) } catch {
      throw .malformed(error)
    }
    guard fields.format == Self.storedFormat, fields.version == Self.storedVersion else {
      throw .wrongFormat(actual: fields.format, version: fields.version)
    }
    guard SHA256.hash(bytes.dropLast(Digest.byteCount)) == fields.digest else {
      throw .wrongDigest
    }
    guard Self.leafSizes.contains(fields.leafSize), fields.keptLevel <= Self.maximumKeptLevel,
      fields.nodes.count <= Self.maximumKeptNodes
    else {
      throw .inconsistent("leaf size \(fields.leafSize), level \(fields.keptLevel)")
    }
    let leafCount = MerkleTree.leafCount(byteCount: fields.byteCount, leafSize: fields.leafSize)
    let nodeCount =
      (leafCount >> fields.keptLevel) + (leafCount & ((1 << fields.keptLevel) - 1) == 0 ? 0 : 1)
    guard fields.nodes.count == nodeCount else {
      throw .inconsistent(
        "\(fields.nodes.count) nodes of level \(fields.keptLevel), but \(leafCount) leaves have "
          + "\(nodeCount)")
    }
    self.init(
      byteCount: fields.byteCount, leafSize: fields.leafSize, keptLevel: fields.keptLevel,
      nodes: fields.nodes, hashedByteCount: 0, concurrently: execute)
  }
}

/// The fields of a stored tree as they were read.
private struct StoredFields {
  let format: String
  let version: UInt16
  let byteCount: Int
  let leafSize: Int
  let keptLevel: Int
  let nodes: [Digest]
  let digest: Digest

  init(_ bytes: [UInt8]) throws(CanonicalError) {
    var reader = CanonicalReader(bytes)
    format = try reader.readString()
    version = try reader.readUInt16()
    byteCount = try reader.readCount64("byte count")
    leafSize = try reader.readCount64("leaf size")
    keptLevel = Int(try reader.readUInt8())
    nodes = try reader.readArray()
    digest = try reader.readDigest()
    try reader.finish()
  }
}
