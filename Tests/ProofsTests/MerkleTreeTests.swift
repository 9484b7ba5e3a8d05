import Dispatch
import Proofs
import Testing

/// The test data of certificate-transparency, as in transparency-dev/merkle, proof/verify_test.go.
enum CertificateTransparencyVectors {
  static let leaves = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
  ]

  /// Root of the first 0, 1, 2 ... 8 leaves.
  static let roots = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ]

  static let proofs: [(index: Int, leafCount: Int, path: [String])] = [
    (0, 1, []),
    (
      0, 8,
      [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
      ]
    ),
    (
      5, 8,
      [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      ]
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
      1, 5,
      [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      ]
    ),
  ]

  static func tree(_ leafCount: Int) throws -> MerkleTree {
    MerkleTree(leafHashes: try leaves.prefix(leafCount).map { MerkleTree.leafHash(try bytes($0)) })
  }
}

@Suite struct MerkleTreeTests {
  @Test(arguments: 0...8)
  func publishedRoots(leafCount: Int) throws {
    let tree = try CertificateTransparencyVectors.tree(leafCount)
    #expect(tree.root.hex == CertificateTransparencyVectors.roots[leafCount])
    #expect(tree.leafCount == leafCount)
  }

  @Test(arguments: CertificateTransparencyVectors.proofs.indices)
  func publishedPaths(vector: Int) throws {
    let (index, leafCount, path) = CertificateTransparencyVectors.proofs[vector]
    let tree = try CertificateTransparencyVectors.tree(leafCount)
    #expect(try tree.auditPath(at: index).map(\.hex) == path)
    let leaf = try bytes(CertificateTransparencyVectors.leaves[index])
    let proof = InclusionProof(
      leafIndex: index, leafCount: leafCount, auditPath: try path.map { try digest($0) })
    let root = try digest(CertificateTransparencyVectors.roots[leafCount])
    try proof.verify(leafHash: MerkleTree.leafHash(leaf), root: root, leafCount: leafCount)
  }

  @Test func everySmallTreeAndIndexEqualsTheDefinition() throws {
    var random = TestRandom(seed: 4)
    let leaves = (0..<130).map { random.bytes($0 % 40) }
    for count in 0...130 {
      let prefix = leaves[..<count]
      let tree = MerkleTree(leafHashes: prefix.map { MerkleTree.leafHash($0) })
      #expect(tree.root == MerkleOracle.root(prefix))
      #expect(tree.hashedByteCount == max(count - 1, 0) * 65)
      for index in 0..<count {
        let proof = try tree.inclusionProof(at: index)
        #expect(proof.auditPath == MerkleOracle.path(index, prefix))
        let leafHash = MerkleTree.leafHash(leaves[index])
        try proof.verify(leafHash: leafHash, root: tree.root, leafCount: count)
        #expect(
          try InclusionProof.hashedByteCount(at: index, leafCount: count)
            == proof.auditPath.count * 65)
      }
      for index in [-1, count, count + 1, .min, .max] {
        #expect(throws: ProofError.indexOutOfRange(index: index, leafCount: count)) {
          try tree.inclusionProof(at: index)
        }
      }
    }
  }

  @Test(arguments: [0, 1, 2, 3, 63, 64, 65, 128, 1000, 4097])
  func byteStringsAreCutIntoLeaves(byteCount: Int) {
    var random = TestRandom(seed: 5)
    let data = random.bytes(byteCount)
    for leafSize in [1, 2, 7, 64, 100, 5000] {
      let leaves = stride(from: 0, to: byteCount, by: leafSize).map {
        Array(data[$0..<min($0 + leafSize, byteCount)])
      }
      let tree = MerkleTree(bytes: data, leafSize: leafSize)
      #expect(tree.root == MerkleOracle.root(leaves[...]))
      #expect(tree.leafCount == leaves.count)
      #expect(
        tree.hashedByteCount == byteCount + leaves.count + 65 * max(leaves.count - 1, 0))
      #expect(tree.leafHashes == leaves.map { MerkleTree.leafHash($0) })
      let streamed = MerkleTree(source: ChangingPlaces(bytes: data), leafSize: leafSize)
      #expect(streamed.leafHashes == tree.leafHashes)
      #expect(streamed.hashedByteCount == tree.hashedByteCount)
    }
  }

  @Test func threadsAndTaskOrderDoNotChangeTheTree() {
    var random = TestRandom(seed: 6)
    let data = random.bytes(300_000)
    let parallel: ConcurrentExecutor = { tasks, body in
      DispatchQueue.concurrentPerform(iterations: tasks, execute: body)
    }
    let backwards: ConcurrentExecutor = { tasks, body in
      for task in (0..<tasks).reversed() { body(task) }
    }
    for leafSize in [16, 4096, 100_000] {
      let serial = MerkleTree(bytes: data, leafSize: leafSize)
      for executor in [parallel, backwards] {
        let other = MerkleTree(bytes: data, leafSize: leafSize, concurrently: executor)
        #expect(other.root == serial.root)
        #expect(other.leafHashes == serial.leafHashes)
        #expect(other.hashedByteCount == serial.hashedByteCount)
        let inner = MerkleTree(leafHashes: serial.leafHashes, concurrently: executor)
        #expect(inner.root == serial.root)
        let streamed = MerkleTree(
          source: ChangingPlaces(bytes: data), leafSize: leafSize, concurrently: executor)
        #expect(streamed.root == serial.root)
      }
    }
  }

  @Test func accumulatorHasTheRootOfEveryPrefix() {
    let hashes = (0..<130).map { SHA256.hash([UInt8($0)]) }
    var accumulator = MerkleAccumulator()
    for count in 0...130 {
      #expect(accumulator.leafCount == count)
      #expect(accumulator.root == MerkleTree(leafHashes: Array(hashes[..<count])).root)
      if count < 130 { accumulator.append(leafHash: hashes[count]) }
    }
    var atOnce = MerkleAccumulator()
    atOnce.append(leafHashes: hashes)
    #expect(atOnce.root == accumulator.root)
    // 128 leaves make 127 nodes, the other two leaves one more.
    #expect(atOnce.hashedNodeCount == 128)
  }
}
