import Proofs
import Testing

/// Which hashes a multi-proof must hold, by sets instead of walks.
enum MultiProofOracle {
  /// Level and position of the siblings of paths that lie on no path themselves and have no proved leaf
  /// below, lowest level first, from left to right.
  static func hashes(_ indices: [Int], _ leafHashes: [Digest]) -> [Digest] {
    var wanted: [(level: Int, position: Int)] = []
    var level = 0
    while leafHashes.count > 1 << level {
      let onPath = Set(indices.map { $0 >> level })
      for sibling in Set(onPath.map { $0 ^ 1 }).subtracting(onPath).sorted()
      where sibling << level < leafHashes.count {
        wanted.append((level, sibling))
      }
      level += 1
    }
    return wanted.map { level, position in
      let end = min((position + 1) << level, leafHashes.count)
      return MerkleOracle.root(leafHashes: leafHashes[position << level..<end])
    }
  }
}

@Suite struct MultiProofTests {
  static func leafHashes(_ count: Int) -> [Digest] {
    (0..<count).map { MerkleTree.leafHash([UInt8($0 & 255), UInt8($0 >> 8), 7]) }
  }

  static func accepts(_ proof: MultiProof, _ hashes: [Digest], _ tree: MerkleTree) -> Bool {
    (try? proof.verify(leafHashes: hashes, root: tree.root, leafCount: tree.leafCount)) != nil
  }

  @Test func everySetOfLeavesOfEverySmallTree() throws {
    for count in 1...9 {
      let hashes = Self.leafHashes(count)
      let tree = MerkleTree(leafHashes: hashes)
      for set in 1..<(1 << count) {
        let indices = (0..<count).filter { set >> $0 & 1 == 1 }
        let proof = try tree.multiProof(at: indices)
        #expect(proof.hashes == MultiProofOracle.hashes(indices, hashes))
        try proof.verify(
          leafHashes: indices.map { hashes[$0] }, root: tree.root, leafCount: count)
        #expect(try MultiProof(canonicalBytes: proof.canonicalBytes) == proof)
        if indices.count == 1 {
          #expect(proof.hashes == (try tree.auditPath(at: indices[0])))
        }
      }
    }
  }

  @Test func randomSetsOfLargeTrees() throws {
    var random = TestRandom(seed: 51)
    for _ in 0..<60 {
      let count = Int.random(in: 1...1025, using: &random)
      let hashes = Self.leafHashes(count)
      let tree = MerkleTree(leafHashes: hashes)
      let wanted = Int.random(in: 1...min(count, 200), using: &random)
      let indices = Array((0..<count).shuffled(using: &random).prefix(wanted)).sorted()
      let proof = try tree.multiProof(at: indices)
      #expect(proof.hashes == MultiProofOracle.hashes(indices, hashes))
      #expect(Set(proof.hashes).count == proof.hashes.count, "a hash twice")
      try proof.verify(
        leafHashes: indices.map { hashes[$0] }, root: tree.root, leafCount: count)
    }
  }

  @Test(arguments: [[0], [10], [3, 4], [0, 1, 2, 9], [2, 5, 10], Array(0..<11)])
  func everyFlippedBitIsRefused(indices: [Int]) throws {
    let hashes = Self.leafHashes(11)
    let tree = MerkleTree(leafHashes: hashes)
    let proof = try tree.multiProof(at: indices)
    let leaves = indices.map { hashes[$0] }
    #expect(Self.accepts(proof, leaves, tree))
    for bit in 0..<(8 * proof.canonicalBytes.count) {
      let bytes = flipping(bit, of: proof.canonicalBytes)
      guard let broken = try? MultiProof(canonicalBytes: bytes) else { continue }
      #expect(!Self.accepts(broken, leaves, tree), "bit \(bit)")
    }
    for leaf in leaves.indices {
      for bit in 0..<256 {
        var wrong = leaves
        wrong[leaf] = flipping(bit, of: wrong[leaf])
        #expect(!Self.accepts(proof, wrong, tree))
      }
    }
  }

  @Test func impossibleSetsAreRefused() throws {
    let hashes = Self.leafHashes(11)
    let tree = MerkleTree(leafHashes: hashes)
    #expect(throws: ProofError.noLeaves) { try tree.multiProof(at: []) }
    #expect(throws: ProofError.indicesNotAscending(3, 3)) { try tree.multiProof(at: [3, 3]) }
    #expect(throws: ProofError.indicesNotAscending(4, 2)) { try tree.multiProof(at: [4, 2]) }
    for index in [-1, 11, .max, .min] {
      let indices = index < 0 ? [index, 3] : [3, index]
      #expect(throws: ProofError.indexOutOfRange(index: index, leafCount: 11)) {
        try tree.multiProof(at: indices)
      }
      let proof = MultiProof(leafIndices: indices, leafCount: 11, hashes: [])
      #expect(!Self.accepts(proof, [hashes[3], hashes[3]], tree))
    }
    let none = MultiProof(leafIndices: [], leafCount: 11, hashes: [tree.root])
    #expect(!Self.accepts(none, [], tree))
    let good = try tree.multiProof(at: [3, 7])
    let leaves = [hashes[3], hashes[7]]
    for hashes in [[], Array(good.hashes.dropLast()), good.hashes + [tree.root]] {
      let wrong = MultiProof(leafIndices: [3, 7], leafCount: 11, hashes: hashes)
      #expect(
        throws: ProofError.wrongPathLength(actual: hashes.count, expected: good.hashes.count)
      ) { try wrong.verify(leafHashes: leaves, root: tree.root, leafCount: 11) }
    }
    #expect(throws: ProofError.wrongLeafHashCount(actual: 1, expected: 2)) {
      try good.verify(leafHashes: [hashes[3]], root: tree.root, leafCount: 11)
    }
    #expect(!Self.accepts(good, leaves.reversed(), tree))
    for size in [-1, 0, 8, 10, 12, .max] {
      let wrong = MultiProof(leafIndices: [3, 7], leafCount: size, hashes: good.hashes)
      #expect(throws: ProofError.wrongLeafCount(actual: size, expected: 11)) {
        try wrong.verify(leafHashes: leaves, root: tree.root, leafCount: 11)
      }
    }
    let many = Array(0...MultiProof.maximumLeafCount)
    #expect(
      throws: ProofError.tooManyProvenLeaves(many.count, limit: MultiProof.maximumLeafCount)
    ) { try MultiProof.hashCount(at: many, leafCount: 1 << 20) }
  }

  @Test func streamedTreesGiveTheSameProofs() throws {
    var random = TestRandom(seed: 52)
    let data = random.bytes(150 * 1024 + 1)
    let source = MemorySource(data)
    let whole = MerkleTree(bytes: data, leafSize: 1024)
    for nodes in [1, 2, 7, 40, 151] {
      let tree = try StreamedTree(source, leafSize: 1024, keeping: .upperLevels(nodes: nodes))
      for indices in [[0], [150], [0, 150], [3, 4, 5, 6, 77, 78], Array(0..<151)] {
        #expect(
          try tree.multiProof(at: indices, from: source) == whole.multiProof(at: indices))
      }
    }
  }
}
