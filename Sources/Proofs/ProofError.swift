/// Why a Merkle proof, or a request for one, is refused.
public enum ProofError: Error, Hashable, Sendable {
  /// There is no leaf `index` in a tree of `leafCount` leaves.
  case indexOutOfRange(index: Int, leafCount: Int)
  /// The proof is for another leaf than the one asked for.
  case wrongIndex(actual: Int, expected: Int)
  /// The proof is for a tree of another size than the one committed to.
  case wrongLeafCount(actual: Int, expected: Int)
  /// The audit path has not the length that index and tree size fix.
  case wrongPathLength(actual: Int, expected: Int)
  /// Leaf `index` has not the length that the commitment fixes.
  case wrongLeafByteCount(index: Int, actual: Int, expected: Int)
  /// A proof for several leaves names none.
  case noLeaves
  /// A proof is for more leaves than one may hold.
  case tooManyProvenLeaves(Int, limit: Int)
  /// Two places in a row that are not in order, or equal.
  case indicesNotAscending(Int, Int)
  /// There are not as many leaf hashes as places.
  case wrongLeafHashCount(actual: Int, expected: Int)
  /// A leaf is said to have changed, but has the same hash before and after.
  case unchangedLeaf(Int)
  /// Leaf and audit path lead to another root.
  case rootMismatch(computed: Digest, claimed: Digest)
  /// A tree cannot have leaves of this many bytes.
  case invalidLeafSize(Int)
  /// A commitment names more bytes than an `Int` counts.
  case byteCountTooLarge(UInt64)
  /// A tree has another number of leaves than a byte string of this length.
  case treeDoesNotFit(treeLeafCount: Int, expected: Int)
  /// A streamed tree has not leaves of this many bytes.
  case invalidStreamLeafSize(Int)
  /// A tree would have to keep more nodes than it may.
  case tooManyNodes(Int, limit: Int)
  /// A byte string has more leaves than the nodes that are kept can cover.
  case tooManyLeaves(Int, limit: Int)
  /// The bytes are not those that the tree was built over: from `leaf` on, or their number.
  case sourceChanged(leaf: Int?)
}

extension ProofError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .indexOutOfRange(let index, let leafCount):
      "leaf index \(index) is outside a tree of \(leafCount) leaves"
    case .wrongIndex(let actual, let expected):
      "proof is for leaf \(actual), but leaf \(expected) was asked for"
    case .wrongLeafCount(let actual, let expected):
      "proof is for a tree of \(actual) leaves, but \(expected) are committed"
    case .wrongPathLength(let actual, let expected):
      "audit path has \(actual) digests, but must have \(expected)"
    case .wrongLeafByteCount(let index, let actual, let expected):
      "leaf \(index) has \(actual) bytes, but must have \(expected)"
    case .noLeaves:
      "proof names no leaf"
    case .tooManyProvenLeaves(let count, let limit):
      "proof is for \(count) leaves, but at most \(limit) go into one"
    case .indicesNotAscending(let left, let right):
      "leaf \(right) follows leaf \(left), but places must ascend"
    case .wrongLeafHashCount(let actual, let expected):
      "there are \(actual) leaf hashes for \(expected) places"
    case .unchangedLeaf(let index):
      "leaf \(index) is said to have changed, but has the same hash before and after"
    case .rootMismatch(let computed, let claimed):
      "leaf and audit path give root \(computed), but \(claimed) is claimed"
    case .invalidLeafSize(let leafSize):
      "leaf size must be in 1...\(UInt32.max) bytes, but is \(leafSize)"
    case .byteCountTooLarge(let byteCount):
      "byte count must be below 2^63, but is \(byteCount)"
    case .treeDoesNotFit(let treeLeafCount, let expected):
      "tree has \(treeLeafCount) leaves, but the byte string has \(expected)"
    case .invalidStreamLeafSize(let leafSize):
      "leaf size must be in \(StreamedTree.leafSizes) bytes, but is \(leafSize)"
    case .tooManyNodes(let count, let limit):
      "a tree keeps 1 to \(limit) nodes, not \(count); use larger leaves or keep upper levels only"
    case .tooManyLeaves(let count, let limit):
      "the nodes to keep cover at most \(limit) leaves, not \(count); use larger leaves"
    case .sourceChanged(let leaf):
      leaf.map { "the bytes from leaf \($0) on have changed since they were committed" }
        ?? "the number of bytes has changed since they were committed"
    }
  }
}
