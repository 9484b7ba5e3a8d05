extension MerkleTree {
  /// Replaces the hashes of some leaves and hashes again only what lies above them, each node once.
  /// Returns the number of inner nodes that were hashed: all when all leaves change.
  ///
  /// Throws `indicesNotAscending` or `indexOutOfRange`, and then changes nothing.
  @discardableResult
  public mutating func replaceLeaves(
    _ changes: [(leafIndex: Int, leafHash: Digest)]
  ) throws(ProofError) -> Int {
    try MultiProof.checkPlaces(changes.map(\.leafIndex), leafCount: leafCount)
    for change in changes { levels[0][change.leafIndex] = change.leafHash }
    var stream = SHA256Stream()
    var positions = changes.map(\.leafIndex)
    var hashed = 0
    for level in levels.indices.dropFirst() {
      var parents: [Int] = []
      parents.reserveCapacity(positions.count)
      for position in positions where parents.last != position >> 1 {
        let parent = position >> 1
        parents.append(parent)
        let left = levels[level - 1][2 * parent]
        if 2 * parent + 1 < levels[level - 1].count {
          levels[level][parent] = stream.nodeHash(left, levels[level - 1][2 * parent + 1])
          hashed += 1
        } else {
          levels[level][parent] = left
        }
      }
      positions = parents
    }
    return hashed
  }
}

extension StreamedTree {
  /// The tree after the leaves `indices` (ascending, different) of its byte string have changed to
  /// what `source` now holds: reads the subtrees of those leaves below the kept level and nothing
  /// else. Its `hashedByteCount` is that of the update.
  ///
  /// Throws `indicesNotAscending`, `indexOutOfRange`, `sourceChanged` when the length differs, and
  /// what the source throws. That no other leaf changed is the caller's word; `UpdateProof` proves
  /// it to others.
  public func updated(
    at indices: [Int], from source: some ByteSource,
    concurrently execute: ConcurrentExecutor = MerkleTree.serially
  ) throws -> StreamedTree {
    guard source.byteCount == byteCount else { throw ProofError.sourceChanged(leaf: nil) }
    try MultiProof.checkPlaces(indices, leafCount: leafCount)
    var nodes: [Int] = []
    for index in indices where nodes.last != index >> keptLevel { nodes.append(index >> keptLevel) }
    if nodes.count == upper.leafCount {
      return try StreamedTree(
        source, leafSize: leafSize, keeping: .upperLevels(nodes: max(nodes.count, 1)),
        concurrently: execute)
    }
    var changes: [(leafIndex: Int, leafHash: Digest)] = []
    var hashedByteCount = 0
    for node in nodes {
      let leaves = leaves(below: node)
      let range = leaves.lowerBound * leafSize..<min(leaves.upperBound * leafSize, byteCount)
      let tree = try MerkleTree(
        source: SourceWindow(source: source, range: range), leafSize: leafSize,
        concurrently: execute)
      changes.append((node, tree.root))
      hashedByteCount += tree.hashedByteCount
    }
    var updated = self
    let hashedNodes = try updated.upper.replaceLeaves(changes)
    updated.hashedByteCount = hashedByteCount + hashedNodes * nodeInputByteCount
    return updated
  }
}
