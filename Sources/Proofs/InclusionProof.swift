/// Evidence that a leaf is at a place in an RFC 6962 tree (section 2.1.1).
///
/// A verifier trusts none of its fields: it knows the size of the tree from the commitment, works
/// out the length of the path, and refuses a proof that differs.
public struct InclusionProof: Sendable, Hashable {
  /// Place of the leaf, from 0.
  public let leafIndex: Int
  /// Leaves of the tree that the proof was made from.
  public let leafCount: Int
  /// Siblings from the leaf up to the root.
  public let auditPath: [Digest]

  /// A proof with these fields, unverified.
  public init(leafIndex: Int, leafCount: Int, auditPath: [Digest]) {
    self.leafIndex = leafIndex
    self.leafCount = leafCount
    self.auditPath = auditPath
  }

  /// Throws unless `leafHash` is leaf `leafIndex` of the tree of `expected` leaves under `root`.
  ///
  /// Throws `wrongLeafCount`, `indexOutOfRange`, `wrongPathLength` or `rootMismatch`.
  public func verify(
    leafHash: Digest, root: Digest, leafCount expected: Int
  ) throws(ProofError) {
    guard leafCount == expected else {
      throw .wrongLeafCount(actual: leafCount, expected: expected)
    }
    let pathLength = try InclusionProof.pathLength(at: leafIndex, leafCount: expected)
    guard auditPath.count == pathLength.total else {
      throw .wrongPathLength(actual: auditPath.count, expected: pathLength.total)
    }
    var stream = SHA256Stream()
    var node = leafHash
    for (level, sibling) in auditPath.enumerated() {
      // Above the inner levels the path runs along the right border: siblings are on the left.
      let isLeftChild = level < pathLength.inner && (leafIndex >> level) & 1 == 0
      node = isLeftChild ? stream.nodeHash(node, sibling) : stream.nodeHash(sibling, node)
    }
    guard node == root else { throw .rootMismatch(computed: node, claimed: root) }
  }

  /// Digests in the audit path of leaf `index` in a tree of `leafCount` leaves: in all, and below
  /// the level where the path meets the right border of the tree.
  /// Throws `indexOutOfRange` unless there is such a leaf.
  static func pathLength(
    at index: Int, leafCount: Int
  ) throws(ProofError) -> (total: Int, inner: Int) {
    guard 0 <= index, index < leafCount else {
      throw .indexOutOfRange(index: index, leafCount: leafCount)
    }
    let inner = Int.bitWidth - (index ^ (leafCount - 1)).leadingZeroBitCount
    let border = (index >> inner).nonzeroBitCount
    return (inner + border, inner)
  }

  /// Digests in the audit path of leaf `index`. Throws `indexOutOfRange` unless there is such a leaf.
  public static func auditPathLength(at index: Int, leafCount: Int) throws(ProofError) -> Int {
    try pathLength(at: index, leafCount: leafCount).total
  }

  /// Bytes that `verify` runs through SHA-256 for the path of leaf `index`, without the leaf:
  /// 65 for each level. Throws `indexOutOfRange` unless there is such a leaf.
  public static func hashedByteCount(
    at index: Int, leafCount: Int
  ) throws(ProofError) -> Int {
    try auditPathLength(at: index, leafCount: leafCount) * nodeInputByteCount
  }
}

/// leafIndex u64, leafCount u64, auditPath (u32 count, 32 bytes each).
extension InclusionProof: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 20 }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(UInt64(bitPattern: Int64(leafIndex)))
    writer.append(UInt64(bitPattern: Int64(leafCount)))
    writer.append(auditPath)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    leafIndex = try reader.readCount64("leaf index")
    leafCount = try reader.readCount64("leaf count")
    auditPath = try reader.readArray()
  }
}
