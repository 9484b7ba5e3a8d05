/// Root of an RFC 6962 tree whose leaves arrive one by one, in memory that grows only with the
/// logarithm of their number. For byte strings that are too long to keep their tree.
public struct MerkleAccumulator: Sendable {
  /// Roots of the complete subtrees so far, largest first: one for each set bit of `leafCount`.
  private var subtreeRoots: [Digest] = []

  /// Leaves added so far.
  public private(set) var leafCount = 0

  /// Inner nodes hashed so far, 65 bytes each; asking for `root` is not counted.
  public private(set) var hashedNodeCount = 0

  /// No leaves.
  public init() {}

  /// Adds the hash of the next leaf (`MerkleTree.leafHash`).
  public mutating func append(leafHash: Digest) {
    var stream = SHA256Stream()
    append(leafHash, &stream)
  }

  /// Adds the hashes of the next leaves, in order.
  public mutating func append(leafHashes: some Sequence<Digest>) {
    var stream = SHA256Stream()
    for leafHash in leafHashes { append(leafHash, &stream) }
  }

  /// The root over all leaves so far, equal to that of `MerkleTree`.
  public var root: Digest {
    guard var node = subtreeRoots.last else { return MerkleTree.emptyRoot }
    for left in subtreeRoots.dropLast().reversed() {
      node = MerkleTree.nodeHash(left, node)
    }
    return node
  }

  private mutating func append(_ leafHash: Digest, _ stream: inout SHA256Stream) {
    var node = leafHash
    // As in binary addition: each trailing 1 of the count is a subtree that becomes complete.
    for _ in 0..<(~leafCount).trailingZeroBitCount {
      node = stream.nodeHash(subtreeRoots.removeLast(), node)
      hashedNodeCount += 1
    }
    subtreeRoots.append(node)
    leafCount += 1
  }
}
