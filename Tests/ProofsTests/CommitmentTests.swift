import Proofs
import Testing

@Suite struct CommitmentTests {
  static let data: [UInt8] = (0..<37).map { UInt8($0 * 5 % 256) }
  static let tree = MerkleTree(bytes: data, leafSize: 8)
  static let commitment = try! Commitment(
    kind: .gradient, tree: tree, byteCount: 37, leafSize: 8)

  static func opening(_ index: Int) throws -> LeafOpening {
    LeafOpening(
      leaf: Array(data[try commitment.byteRange(ofLeaf: index)]),
      proof: try tree.inclusionProof(at: index))
  }

  @Test func everyLeafOpens() throws {
    #expect(Self.commitment.leafCount == 5)
    #expect(try Self.commitment.byteRange(ofLeaf: 4) == 32..<37)
    for index in 0..<5 {
      let opening = try Self.opening(index)
      try Self.commitment.verify(leaf: opening.leaf, proof: opening.proof)
      try Self.commitment.verify(opening, at: index)
      for other in [-1, 0, 1, 2, 3, 4, 5] where other != index {
        #expect(throws: ProofError.wrongIndex(actual: index, expected: other)) {
          try Self.commitment.verify(opening, at: other)
        }
      }
    }
    for index in [-1, 5, .max, .min] {
      #expect(throws: ProofError.indexOutOfRange(index: index, leafCount: 5)) {
        try Self.commitment.byteRange(ofLeaf: index)
      }
    }
  }

  @Test(arguments: 0..<5)
  func leavesOfAnotherLengthAreRefused(index: Int) throws {
    let opening = try Self.opening(index)
    let expected = opening.leaf.count
    for leaf in [[], Array(opening.leaf.dropLast()), opening.leaf + [0]] {
      #expect(
        throws: ProofError.wrongLeafByteCount(
          index: index, actual: leaf.count, expected: expected)
      ) {
        try Self.commitment.verify(leaf: leaf, proof: opening.proof)
      }
    }
  }

  /// Every bit of the encoding matters: it no longer decodes, or no longer verifies.
  @Test(arguments: 0..<5)
  func everyFlippedBitOfAnEncodedOpeningIsRefused(index: Int) throws {
    let encoded = try Self.opening(index).canonicalBytes
    try Self.commitment.verify(try LeafOpening(canonicalBytes: encoded), at: index)
    for bit in 0..<(8 * encoded.count) {
      guard let decoded = try? LeafOpening(canonicalBytes: flipping(bit, of: encoded)) else {
        continue
      }
      #expect(throws: ProofError.self) {
        try Self.commitment.verify(leaf: decoded.leaf, proof: decoded.proof)
      }
    }
  }

  /// The bits of kind do not change what a leaf must be, so they are bound by the digest.
  @Test func everyFlippedBitOfAnEncodedCommitmentIsNoticed() throws {
    let encoded = Self.commitment.canonicalBytes
    let opening = try Self.opening(1)
    for bit in 0..<(8 * encoded.count) {
      guard let decoded = try? Commitment(canonicalBytes: flipping(bit, of: encoded)) else {
        continue
      }
      #expect(decoded != Self.commitment)
      #expect(decoded.digest != Self.commitment.digest)
      // Flips that keep the number of leaves and the length of leaf 1 change only the digest.
      if decoded.leafCount != 5 || decoded.leafSize != 8 || decoded.root != Self.tree.root {
        #expect(throws: ProofError.self) { try decoded.verify(opening, at: 1) }
      }
    }
  }

  @Test func impossibleCommitmentsAreRefused() {
    #expect(throws: ProofError.invalidLeafSize(0)) {
      try Commitment(kind: .corpus, byteCount: 5, leafSize: 0, root: .zero)
    }
    #expect(throws: ProofError.byteCountTooLarge(1 << 63)) {
      try Commitment(kind: .corpus, byteCount: 1 << 63, leafSize: 1, root: .zero)
    }
    for leafSize in [-1, 1 << 32] {
      #expect(throws: ProofError.invalidLeafSize(leafSize)) {
        try Commitment(kind: .corpus, tree: Self.tree, byteCount: 37, leafSize: leafSize)
      }
    }
    #expect(throws: ProofError.treeDoesNotFit(treeLeafCount: 5, expected: 6)) {
      try Commitment(kind: .corpus, tree: Self.tree, byteCount: 41, leafSize: 8)
    }
  }

  @Test func extremesDoNotOverflow() throws {
    let largest = try Commitment(
      kind: .parameters, byteCount: .max >> 1, leafSize: 1, root: .zero)
    #expect(largest.leafCount == .max)
    #expect(try largest.byteRange(ofLeaf: .max - 1) == (.max - 1)..<(.max))
    let path = [Digest](repeating: .zero, count: 63)
    let proof = InclusionProof(leafIndex: 5, leafCount: .max, auditPath: path)
    #expect(throws: ProofError.self) { try largest.verify(leaf: [0], proof: proof) }
    let empty = try Commitment(
      kind: .trace, tree: MerkleTree(bytes: [], leafSize: 8), byteCount: 0, leafSize: 8)
    #expect(empty.leafCount == 0)
    #expect(throws: ProofError.indexOutOfRange(index: 0, leafCount: 0)) {
      try empty.byteRange(ofLeaf: 0)
    }
  }
}
