/// Evidence that several leaves are at their places in an RFC 6962 tree, with no hash that follows
/// from others.
///
/// `hashes` are the siblings that a verifier cannot work out: level by level from the leaves up, in
/// each level from left to right. Index set and tree size fix their number and their places, so the
/// verifier computes both itself and refuses a proof that differs.
public struct MultiProof: Sendable, Hashable {
  /// Places of the leaves, from 0, ascending and different; at least one.
  public let leafIndices: [Int]
  /// Leaves of the tree that the proof was made from.
  public let leafCount: Int
  /// The siblings, lowest level first, from left to right.
  public let hashes: [Digest]

  /// Most leaves of one proof.
  public static let maximumLeafCount = 1 << 16

  /// A proof with these fields, unverified.
  public init(leafIndices: [Int], leafCount: Int, hashes: [Digest]) {
    self.leafIndices = leafIndices
    self.leafCount = leafCount
    self.hashes = hashes
  }

  /// Throws unless `leafHashes[i]` is leaf `leafIndices[i]` of the tree of `expected` leaves under
  /// `root`, for each i.
  ///
  /// Throws `wrongLeafCount`, `noLeaves`, `tooManyProvenLeaves`, `indicesNotAscending`,
  /// `indexOutOfRange`, `wrongLeafHashCount`, `wrongPathLength` or `rootMismatch`.
  public func verify(
    leafHashes: [Digest], root: Digest, leafCount expected: Int
  ) throws(ProofError) {
    guard leafCount == expected else {
      throw .wrongLeafCount(actual: leafCount, expected: expected)
    }
    guard leafHashes.count == leafIndices.count else {
      throw .wrongLeafHashCount(actual: leafHashes.count, expected: leafIndices.count)
    }
    let needed = try MultiProof.hashCount(at: leafIndices, leafCount: expected)
    guard hashes.count == needed else {
      throw .wrongPathLength(actual: hashes.count, expected: needed)
    }
    let computed = computeRoot(leafHashes)
    guard computed == root else { throw .rootMismatch(computed: computed, claimed: root) }
  }

  /// The root that the leaves lead to; all sizes are checked.
  private func computeRoot(_ leafHashes: [Digest]) -> Digest {
    var stream = SHA256Stream()
    var positions = leafIndices
    var nodes = leafHashes
    var next = 0
    MultiProof.climb(&positions, leafCount: leafCount) { node, sibling, parent in
      switch sibling {
      case .known(let other): nodes[parent] = stream.nodeHash(nodes[node], nodes[other])
      case .left:
        nodes[parent] = stream.nodeHash(hashes[next], nodes[node])
        next += 1
      case .right:
        nodes[parent] = stream.nodeHash(nodes[node], hashes[next])
        next += 1
      case .none: nodes[parent] = nodes[node]
      }
    }
    return nodes[0]
  }

  /// Hashes in the proof for these leaves of a tree of `leafCount` leaves. Throws as `verify` for
  /// impossible leaves.
  public static func hashCount(at indices: [Int], leafCount: Int) throws(ProofError) -> Int {
    try check(indices, leafCount: leafCount)
    return siblingCount(of: indices, leafCount: leafCount)
  }

  /// Hashes that must stand beside some leaves so that the root follows from them, however many they are.
  ///
  /// - Parameter indices: places of the leaves, ascending and in the tree.
  public static func siblingCount(of indices: [Int], leafCount: Int) -> Int {
    var count = 0
    var positions = indices
    climb(&positions, leafCount: leafCount) { _, sibling, _ in
      switch sibling {
      case .left, .right: count += 1
      case .known, .none: break
      }
    }
    return count
  }

  /// Throws unless there are leaves, not too many, ascending, and all in the tree.
  static func check(_ indices: [Int], leafCount: Int) throws(ProofError) {
    guard !indices.isEmpty else { throw .noLeaves }
    guard indices.count <= maximumLeafCount else {
      throw .tooManyProvenLeaves(indices.count, limit: maximumLeafCount)
    }
    try checkPlaces(indices, leafCount: leafCount)
  }

  /// Throws unless the places are ascending and all in the tree.
  static func checkPlaces(_ indices: [Int], leafCount: Int) throws(ProofError) {
    guard let first = indices.first, let last = indices.last else { return }
    for (left, right) in zip(indices, indices.dropFirst()) where left >= right {
      throw .indicesNotAscending(left, right)
    }
    for index in [first, last] where index < 0 || index >= leafCount {
      throw .indexOutOfRange(index: index, leafCount: leafCount)
    }
  }

  /// What stands beside a node.
  private enum Sibling {
    /// The node at this place among the known ones, to its right.
    case known(Int)
    /// A hash of the proof.
    case left, right
    /// Nothing: the node is lifted unchanged.
    case none
  }

  /// Walks from the leaves to the root. In each level `visit` is called for every node of the next
  /// that lies above known ones, from left to right, with the place of its (left) known child, what
  /// stands beside that, and its own place, which is no later. `positions` end as [0].
  private static func climb(
    _ positions: inout [Int], leafCount: Int,
    visit: (_ node: Int, _ sibling: Sibling, _ parent: Int) -> Void
  ) {
    var width = leafCount
    while width > 1 {
      var parents = 0
      var node = 0
      while node < positions.count {
        let position = positions[node]
        let hasPartner = node + 1 < positions.count && positions[node + 1] == position ^ 1
        if position & 1 == 1 {
          visit(node, .left, parents)
        } else if hasPartner {
          visit(node, .known(node + 1), parents)
        } else {
          visit(node, position + 1 < width ? .right : .none, parents)
        }
        positions[parents] = position >> 1
        parents += 1
        node += hasPartner ? 2 : 1
      }
      positions.removeLast(positions.count - parents)
      width = (width + 1) / 2
    }
  }

  /// The proof for `indices` (ascending, different), from the nodes that `node(level, position)`
  /// gives; level 0 are the leaves. Throws for impossible leaves, and what `node` throws.
  init(
    at indices: [Int], leafCount: Int, node: (_ level: Int, _ position: Int) throws -> Digest
  ) throws {
    try MultiProof.check(indices, leafCount: leafCount)
    var hashes: [Digest] = []
    var positions = indices
    var width = leafCount
    var level = 0
    while width > 1 {
      var parents: [Int] = []
      for (place, position) in positions.enumerated() {
        if parents.last == position >> 1 { continue }
        parents.append(position >> 1)
        let sibling = position ^ 1
        let isKnown = place + 1 < positions.count && positions[place + 1] == sibling
        if !isKnown && sibling < width { hashes.append(try node(level, sibling)) }
      }
      positions = parents
      width = (width + 1) / 2
      level += 1
    }
    self.init(leafIndices: indices, leafCount: leafCount, hashes: hashes)
  }
}

extension MerkleTree {
  /// The proof that the leaves `indices` (ascending, different) are in this tree.
  /// Throws `noLeaves`, `tooManyProvenLeaves`, `indicesNotAscending` or `indexOutOfRange`.
  public func multiProof(at indices: [Int]) throws(ProofError) -> MultiProof {
    do {
      return try MultiProof(at: indices, leafCount: leafCount) { levels[$0][$1] }
    } catch let error as ProofError {
      throw error
    } catch {
      preconditionFailure("nodes in memory are always there")
    }
  }
}

extension StreamedTree {
  /// The proof that the leaves `indices` (ascending, different) are in this tree; reads the
  /// subtrees of leaves that are not kept from `source`, each once.
  ///
  /// Throws what `MerkleTree.multiProof` throws, `sourceChanged`, and what the source throws.
  public func multiProof(
    at indices: [Int], from source: some ByteSource,
    concurrently execute: ConcurrentExecutor = MerkleTree.serially
  ) throws -> MultiProof {
    try MultiProof.check(indices, leafCount: leafCount)
    var lower: [Int: MerkleTree] = [:]
    for node in Set(indices.map { $0 >> keptLevel }).sorted() {
      lower[node] = try subtree(below: node, from: source, concurrently: execute)
    }
    return try MultiProof(at: indices, leafCount: leafCount) { level, position in
      if level >= keptLevel { return upper.levels[level - keptLevel][position] }
      let node = position >> (keptLevel - level)
      guard let tree = lower[node] else { preconditionFailure("a sibling has its leaf's subtree") }
      return tree.levels[level][position - node << (keptLevel - level)]
    }
  }
}

/// leafCount u64, leafIndices (u32 count, u64 each), hashes (u32 count, 32 bytes each).
extension MultiProof: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 16 }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(UInt64(bitPattern: Int64(leafCount)))
    writer.append(leafIndices.map { UInt64(bitPattern: Int64($0)) })
    writer.append(hashes)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    leafCount = try reader.readCount64("leaf count")
    let count = try reader.readElementCount("leaf indices", minimumByteCount: 8)
    var indices: [Int] = []
    indices.reserveCapacity(count)
    for _ in 0..<count { indices.append(try reader.readCount64("leaf index")) }
    leafIndices = indices
    hashes = try reader.readArray()
  }
}
