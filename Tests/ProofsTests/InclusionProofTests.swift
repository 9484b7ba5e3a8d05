import Proofs
import Testing

/// Good proofs, made wrong in every way that has a name. None may pass.
@Suite struct InclusionProofTests {
  static let leaves: [[UInt8]] = (0..<11).map { [UInt8($0), 0xaa, UInt8($0 * 3)] }
  static let tree = MerkleTree(leafHashes: leaves.map { MerkleTree.leafHash($0) })

  /// Whether the proof is accepted.
  static func accepts(
    _ proof: InclusionProof, leafHash: Digest, root: Digest = tree.root, leafCount: Int = 11
  ) -> Bool {
    (try? proof.verify(leafHash: leafHash, root: root, leafCount: leafCount)) != nil
  }

  @Test(arguments: 0..<11)
  func everySingleFlippedBitIsRefused(index: Int) throws {
    let proof = try Self.tree.inclusionProof(at: index)
    let leaf = MerkleTree.leafHash(Self.leaves[index])
    #expect(Self.accepts(proof, leafHash: leaf))
    for bit in 0..<256 {
      #expect(!Self.accepts(proof, leafHash: flipping(bit, of: leaf)))
      #expect(!Self.accepts(proof, leafHash: leaf, root: flipping(bit, of: Self.tree.root)))
      for level in proof.auditPath.indices {
        var path = proof.auditPath
        path[level] = flipping(bit, of: path[level])
        let broken = InclusionProof(leafIndex: index, leafCount: 11, auditPath: path)
        #expect(!Self.accepts(broken, leafHash: leaf))
      }
    }
  }

  @Test(arguments: 0..<11)
  func everyOtherIndexIsRefused(index: Int) throws {
    let proof = try Self.tree.inclusionProof(at: index)
    let leaf = MerkleTree.leafHash(Self.leaves[index])
    for other in Array(-3..<40) + [.min, .max, index - (1 << 60)] where other != index {
      let moved = InclusionProof(leafIndex: other, leafCount: 11, auditPath: proof.auditPath)
      #expect(!Self.accepts(moved, leafHash: leaf))
    }
  }

  @Test(arguments: 0..<11)
  func everyOtherTreeSizeIsRefused(index: Int) throws {
    let proof = try Self.tree.inclusionProof(at: index)
    let leaf = MerkleTree.leafHash(Self.leaves[index])
    for size in Array(-3..<64) + [.min, .max] where size != 11 {
      // A size that the proof claims, and one that proof and verifier agree on.
      let claimed = InclusionProof(leafIndex: index, leafCount: size, auditPath: proof.auditPath)
      #expect(throws: ProofError.wrongLeafCount(actual: size, expected: 11)) {
        try claimed.verify(leafHash: leaf, root: Self.tree.root, leafCount: 11)
      }
      // Where the path would be as long, only the committed size tells two trees apart: the left
      // 8 leaves have the same path among 11 leaves as among 12.
      guard (1..<64).contains(size), index < size else { continue }
      let other = MerkleTree(leafHashes: [Digest](repeating: .zero, count: size))
      if try other.auditPath(at: index).count != proof.auditPath.count {
        #expect(!Self.accepts(claimed, leafHash: leaf, leafCount: size))
      }
    }
  }

  @Test(arguments: 0..<11)
  func longerShorterAndReorderedPathsAreRefused(index: Int) throws {
    let path = try Self.tree.auditPath(at: index)
    let leaf = MerkleTree.leafHash(Self.leaves[index])
    let root = Self.tree.root
    let wrongLengths = [
      [], Array(path.dropLast()), Array(path.dropFirst()), path + [root], [root] + path,
      path + path, [Digest](repeating: root, count: 100),
    ]
    for wrong in wrongLengths {
      let proof = InclusionProof(leafIndex: index, leafCount: 11, auditPath: wrong)
      #expect(
        throws: ProofError.wrongPathLength(actual: wrong.count, expected: path.count)
      ) {
        try proof.verify(leafHash: leaf, root: root, leafCount: 11)
      }
    }
    for wrong in [Array(path.reversed()), [path[1], path[0]] + path[2...]] {
      let proof = InclusionProof(leafIndex: index, leafCount: 11, auditPath: wrong)
      #expect(!Self.accepts(proof, leafHash: leaf))
    }
  }

  @Test func aNodeIsNotALeafAndNoTreeHasNoProofs() throws {
    // Second preimage: the two halves of the root as one leaf of a tree of one leaf.
    let left = MerkleTree(leafHashes: Array(Self.tree.leafHashes[..<8])).root
    let right = MerkleTree(leafHashes: Array(Self.tree.leafHashes[8...])).root
    #expect(MerkleTree.nodeHash(left, right) == Self.tree.root)
    let proof = InclusionProof(leafIndex: 0, leafCount: 1, auditPath: [])
    let fake = MerkleTree.leafHash(left.bytes + right.bytes)
    #expect(!Self.accepts(proof, leafHash: fake, leafCount: 1))
    let empty = InclusionProof(leafIndex: 0, leafCount: 0, auditPath: [])
    #expect(throws: ProofError.indexOutOfRange(index: 0, leafCount: 0)) {
      try empty.verify(leafHash: .zero, root: MerkleTree.emptyRoot, leafCount: 0)
    }
  }

  @Test func errorsCarryTheirValues() throws {
    let proof = try Self.tree.inclusionProof(at: 4)
    let wrong = MerkleTree.leafHash([1, 2, 3])
    do {
      try proof.verify(leafHash: wrong, root: Self.tree.root, leafCount: 11)
      Issue.record("a wrong leaf was accepted")
    } catch .rootMismatch(let computed, let claimed) {
      #expect(claimed == Self.tree.root)
      #expect(computed != claimed)
      let text = ProofError.rootMismatch(computed: computed, claimed: claimed).description
      #expect(text.contains(computed.hex) && text.contains(claimed.hex))
    }
  }
}
