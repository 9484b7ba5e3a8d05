/// The RFC 6962 tree over a byte string of any length, built in one pass in bounded memory.
///
/// It keeps one level of the tree, the nodes that cover 2^keptLevel leaves each, and what is above.
/// Level 0 are the leaf hashes themselves: every proof comes from memory. From a higher level a
/// proof reads the subtree of the leaf again: less memory, more time for each answer.
///
/// Memory while it is built, beside the source's own: 64 bytes for each kept node, of which there are
/// at most `maximumKeptNodes`, the kept nodes of one round (4 MiB), and 128 KiB with the leaf hashes
/// of one task (at most 2 MiB) for each thread. With 16 threads that is below 180 MiB, whatever the
/// byte string.
public struct StreamedTree: Sendable {
  /// Length of the byte string.
  public let byteCount: Int
  /// Bytes of each leaf but the last.
  public let leafSize: Int
  /// Number of leaves.
  public let leafCount: Int
  /// A kept node covers 2^keptLevel leaves, the last one maybe fewer.
  public let keptLevel: Int
  /// The tree over the kept nodes as leaf hashes: subtrees are complete from the left, so its root is
  /// that of all leaves.
  var upper: MerkleTree
  /// Bytes that went through SHA-256 to make it: each leaf with a prefix byte, 65 for each inner
  /// node.
  public internal(set) var hashedByteCount: Int

  /// Most nodes that a tree keeps.
  public static let maximumKeptNodes = 1 << 21

  /// What to keep.
  public enum Retention: Sendable, Hashable {
    /// All leaf hashes, for at most `maximumKeptNodes` leaves.
    case leafHashes
    /// The lowest level that has at most this many nodes (1...maximumKeptNodes).
    case upperLevels(nodes: Int)

    /// 2^18 nodes: 16 MiB.
    public static let upperLevels = upperLevels(nodes: 1 << 18)
  }

  /// From its parts; `nodes` are those of `keptLevel`.
  init(
    byteCount: Int, leafSize: Int, keptLevel: Int, nodes: [Digest], hashedByteCount: Int,
    concurrently execute: ConcurrentExecutor
  ) {
    self.byteCount = byteCount
    self.leafSize = leafSize
    self.keptLevel = keptLevel
    leafCount = MerkleTree.leafCount(byteCount: byteCount, leafSize: leafSize)
    upper = MerkleTree(leafHashes: nodes, concurrently: execute)
    self.hashedByteCount = hashedByteCount + upper.hashedByteCount
  }

  /// The root.
  public var root: Digest { upper.root }

  /// The nodes of `keptLevel`, in order.
  public var keptNodes: [Digest] { upper.leafHashes }

  /// Leaves that the kept node `node` covers.
  func leaves(below node: Int) -> Range<Int> {
    node << keptLevel..<min((node + 1) << keptLevel, leafCount)
  }

  /// The commitment to the byte string as one of `kind`. Throws `invalidLeafSize` for leaves of
  /// 2^32 bytes or more.
  public func commitment(_ kind: CommitmentKind) throws(ProofError) -> Commitment {
    guard let size = UInt32(exactly: leafSize) else { throw .invalidLeafSize(leafSize) }
    return try Commitment(kind: kind, byteCount: UInt64(byteCount), leafSize: size, root: root)
  }
}

extension StreamedTree {
  /// The proof that leaf `index` is in this tree; reads the 2^keptLevel leaves around it from
  /// `source` unless they are kept.
  ///
  /// Throws `ProofError.indexOutOfRange`, `ProofError.sourceChanged` when the bytes are not those that
  /// the tree was built over, and what the source throws.
  public func inclusionProof(
    at index: Int, from source: some ByteSource,
    concurrently execute: ConcurrentExecutor = MerkleTree.serially
  ) throws -> InclusionProof {
    guard 0 <= index, index < leafCount else {
      throw ProofError.indexOutOfRange(index: index, leafCount: leafCount)
    }
    let node = index >> keptLevel
    let lower = try subtree(below: node, from: source, concurrently: execute)
    let path =
      try lower.auditPath(at: index - node << keptLevel) + upper.auditPath(at: node)
    return InclusionProof(leafIndex: index, leafCount: leafCount, auditPath: path)
  }

  /// Leaf `index` and the proof of its place. Throws as `inclusionProof`.
  public func opening(
    at index: Int, from source: some ByteSource,
    concurrently execute: ConcurrentExecutor = MerkleTree.serially
  ) throws -> LeafOpening {
    let proof = try inclusionProof(at: index, from: source, concurrently: execute)
    let start = index * leafSize
    let leaf = try source.copy(of: start..<min(start + leafSize, byteCount))
    return LeafOpening(leaf: leaf, proof: proof)
  }

  /// The tree below the kept node `node`. Throws `sourceChanged` unless it leads to that node.
  func subtree(
    below node: Int, from source: some ByteSource, concurrently execute: ConcurrentExecutor
  ) throws -> MerkleTree {
    if keptLevel == 0 { return MerkleTree(leafHashes: [upper.leafHashes[node]]) }
    guard source.byteCount == byteCount else { throw ProofError.sourceChanged(leaf: nil) }
    let leaves = leaves(below: node)
    let tree = try MerkleTree(
      source: SourceWindow(
        source: source,
        range: leaves.lowerBound * leafSize..<min(leaves.upperBound * leafSize, byteCount)),
      leafSize: leafSize, concurrently: execute)
    guard tree.root == upper.leafHashes[node] else {
      throw ProofError.sourceChanged(leaf: leaves.lowerBound)
    }
    return tree
  }
}

/// Part of a source as a byte string of its own.
struct SourceWindow<Source: ByteSource>: ByteSource {
  let source: Source
  let range: Range<Int>

  var byteCount: Int { range.count }

  func bytes(
    in part: Range<Int>, scratch: UnsafeMutableRawBufferPointer
  ) throws(Source.Failure) -> UnsafeRawBufferPointer {
    let start = range.lowerBound
    return try source.bytes(
      in: start + part.lowerBound..<start + part.upperBound, scratch: scratch)
  }

  func release(_ part: Range<Int>) {
    source.release(range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
  }
}
