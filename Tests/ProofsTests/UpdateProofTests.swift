import Proofs
import Testing

@Suite struct UpdateProofTests {
  static let old = MultiProofTests.leafHashes(13)

  static func changing(_ indices: [Int]) -> [Digest] {
    var new = old
    for index in indices { new[index] = MerkleTree.leafHash([UInt8(index), 99]) }
    return new
  }

  static func accepts(_ proof: UpdateProof, _ old: Digest, _ new: Digest, _ count: Int = 13) -> Bool
  {
    (try? proof.verify(oldRoot: old, newRoot: new, leafCount: count)) != nil
  }

  @Test(arguments: [[], [0], [12], [4, 5], [1, 7, 12], Array(0..<13)])
  func changesAreProvedAndNothingElse(indices: [Int]) throws {
    let oldTree = MerkleTree(leafHashes: Self.old)
    let newTree = MerkleTree(leafHashes: Self.changing(indices))
    let proof = try UpdateProof(from: oldTree, to: newTree)
    #expect(proof.changes.map(\.leafIndex) == indices)
    try proof.verify(oldRoot: oldTree.root, newRoot: newTree.root, leafCount: 13)
    #expect(try UpdateProof(canonicalBytes: proof.canonicalBytes) == proof)
    // Any other leaf that moved, and any left out, is found.
    for other in 0..<13 {
      var moved = Self.changing(indices)
      moved[other] = MerkleTree.leafHash([UInt8(other), 123])
      let movedRoot = MerkleTree(leafHashes: moved).root
      #expect(!Self.accepts(proof, oldTree.root, movedRoot))
      #expect(!Self.accepts(proof, movedRoot, newTree.root))
    }
    for left in proof.changes.indices {
      var changes = proof.changes
      changes.remove(at: left)
      for hashes in [proof.hashes, proof.hashes + [changes.first?.oldLeafHash ?? .zero]] {
        let partial = UpdateProof(changes: changes, leafCount: 13, hashes: hashes)
        #expect(!Self.accepts(partial, oldTree.root, newTree.root))
      }
    }
  }

  @Test func everyFlippedBitIsRefused() throws {
    let oldTree = MerkleTree(leafHashes: Self.old)
    let newTree = MerkleTree(leafHashes: Self.changing([2, 9]))
    let bytes = try UpdateProof(from: oldTree, to: newTree).canonicalBytes
    for bit in 0..<(8 * bytes.count) {
      guard let broken = try? UpdateProof(canonicalBytes: flipping(bit, of: bytes)) else {
        continue
      }
      #expect(!Self.accepts(broken, oldTree.root, newTree.root), "bit \(bit)")
    }
  }

  @Test func formsThatSayNothingAreRefused() throws {
    let tree = MerkleTree(leafHashes: Self.old)
    let path = try tree.auditPath(at: 3)
    let idle = UpdateProof(
      changes: [.init(leafIndex: 3, oldLeafHash: Self.old[3], newLeafHash: Self.old[3])],
      leafCount: 13, hashes: path)
    #expect(throws: ProofError.unchangedLeaf(3)) {
      try idle.verify(oldRoot: tree.root, newRoot: tree.root, leafCount: 13)
    }
    let stuffed = UpdateProof(changes: [], leafCount: 13, hashes: [tree.root])
    #expect(throws: ProofError.wrongPathLength(actual: 1, expected: 0)) {
      try stuffed.verify(oldRoot: tree.root, newRoot: tree.root, leafCount: 13)
    }
    let smaller = MerkleTree(leafHashes: Array(Self.old.dropLast()))
    #expect(throws: ProofError.wrongLeafCount(actual: 12, expected: 13)) {
      try UpdateProof(from: tree, to: smaller)
    }
  }

  @Test func updatesHashOnlyTheChangedPaths() throws {
    var random = TestRandom(seed: 61)
    for count in [1, 2, 3, 7, 8, 9, 64, 65, 100] {
      for wanted in [0, 1, 2, 5, count].filter({ $0 <= count }) {
        let old = MultiProofTests.leafHashes(count)
        let indices = Array((0..<count).shuffled(using: &random).prefix(wanted)).sorted()
        var new = old
        for index in indices { new[index] = MerkleTree.leafHash([UInt8(index), 5, 5]) }
        var tree = MerkleTree(leafHashes: old)
        let hashed = try tree.replaceLeaves(indices.map { ($0, new[$0]) })
        let expected = MerkleTree(leafHashes: new)
        #expect(tree.root == expected.root && tree.leafHashes == expected.leafHashes)
        for index in 0..<count {
          #expect(try tree.auditPath(at: index) == expected.auditPath(at: index))
        }
        // Each node above a changed leaf that has two children, once.
        var nodes = 0
        var level = 1
        while count > 1 << (level - 1) {
          nodes += Set(indices.map { $0 >> level }).count {
            (2 * $0 + 1) << (level - 1) < count
          }
          level += 1
        }
        #expect(hashed == nodes)
        if wanted == count { #expect(hashed == count - 1) }
      }
    }
    var tree = MerkleTree(leafHashes: Self.old)
    for wrong in [[3, 3], [5, 4], [-1], [13], [2, 13]] {
      #expect(throws: ProofError.self) {
        try tree.replaceLeaves(wrong.map { ($0, Digest.zero) })
      }
      #expect(tree.leafHashes == Self.old && tree.root == MerkleTree(leafHashes: Self.old).root)
    }
  }

  @Test(arguments: [1, 3, 20, 100, 200])
  func streamedTreesReadOnlyWhatChanged(nodes: Int) throws {
    var random = TestRandom(seed: 62)
    let old = random.bytes(100 * 1024 + 17)
    let tree = try StreamedTree(
      MemorySource(old), leafSize: 1024, keeping: .upperLevels(nodes: nodes))
    for indices in [[], [0], [50, 51], [3, 99, 100], Array(0...100)] {
      var new = old
      for index in indices { new[index * 1024] ^= 1 }
      let updated = try tree.updated(at: indices, from: MemorySource(new))
      #expect(updated.root == MerkleTree(bytes: new, leafSize: 1024).root)
      #expect(updated.keptLevel == tree.keptLevel)
      if indices.isEmpty { #expect(updated.hashedByteCount == 0) }
      if indices.count == 101 { #expect(updated.hashedByteCount == tree.hashedByteCount) }
    }
    #expect(throws: ProofError.sourceChanged(leaf: nil)) {
      try tree.updated(at: [0], from: MemorySource([1, 2]))
    }
    #expect(throws: ProofError.indexOutOfRange(index: 101, leafCount: 101)) {
      try tree.updated(at: [101], from: MemorySource(old))
    }
  }
}
