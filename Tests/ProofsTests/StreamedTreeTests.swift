import Dispatch
import Proofs
import Testing

@Suite struct StreamedTreeTests {
  static func parallel(_ tasks: Int, _ body: @Sendable (Int) -> Void) {
    DispatchQueue.concurrentPerform(iterations: tasks, execute: body)
  }

  /// Rounds of a few leaves, so that short byte strings have many.
  static let small = StreamedTree.Granularity(taskByteCount: 4096, tasks: 3)

  static func tree(
    _ data: [UInt8], _ retention: StreamedTree.Retention, leafSize: Int = 1024
  ) throws -> StreamedTree {
    try StreamedTree(
      ChangingPlaces(bytes: data), leafSize: leafSize, keeping: retention, granularity: small,
      concurrently: parallel, observe: { _ in })
  }

  static func leafHashes(_ data: [UInt8], leafSize: Int = 1024) -> [Digest] {
    stride(from: 0, to: data.count, by: leafSize).map {
      SHA256.hash([0x00] + data[$0..<min($0 + leafSize, data.count)])
    }
  }

  @Test func everySmallTreeHasTheRootOfTheDefinition() throws {
    var random = TestRandom(seed: 41)
    let data = random.bytes(1025 * 1024)
    let hashes = Self.leafHashes(data)
    for count in 0...1025 {
      let expected = MerkleOracle.root(leafHashes: hashes[..<count])
      let prefix = Array(data[..<(count * 1024)])
      for retention in [StreamedTree.Retention.leafHashes, .upperLevels(nodes: 1 + count % 7)] {
        let tree = try Self.tree(prefix, retention)
        #expect(tree.root == expected, "\(count) leaves, \(retention)")
        #expect(tree.leafCount == count)
        #expect(tree.hashedByteCount == count * 1025 + 65 * max(count - 1, 0))
      }
    }
  }

  @Test(arguments: 0..<12)
  func randomLargeTreesHaveTheRootOfTheDefinition(trial: Int) throws {
    var random = TestRandom(seed: 42 + UInt64(trial))
    let byteCount = Int.random(in: 1...6_000_000, using: &random)
    let leafSize = Int.random(in: 1024...70_000, using: &random)
    let data = random.bytes(byteCount)
    let expected = MerkleOracle.root(leafHashes: Self.leafHashes(data, leafSize: leafSize)[...])
    let nodes = Int.random(in: 1...300, using: &random)
    #expect(try Self.tree(data, .leafHashes, leafSize: leafSize).root == expected)
    #expect(try Self.tree(data, .upperLevels(nodes: nodes), leafSize: leafSize).root == expected)
    let usual = try StreamedTree(
      MemorySource(data), leafSize: leafSize, concurrently: Self.parallel)
    #expect(usual.root == expected)
  }

  @Test func everyLeafOpensWhateverIsKept() throws {
    var random = TestRandom(seed: 43)
    let data = random.bytes(77 * 1024 + 5)
    let whole = MerkleTree(bytes: data, leafSize: 1024)
    let source = MemorySource(data)
    for nodes in [1, 2, 5, 9, 38, 39, 77, 78, 100] {
      let tree = try Self.tree(data, .upperLevels(nodes: nodes))
      #expect(tree.keptNodes.count <= nodes)
      let commitment = try tree.commitment(.file)
      for index in 0..<78 {
        #expect(
          try tree.inclusionProof(at: index, from: source) == whole.inclusionProof(at: index))
      }
      try commitment.verify(tree.opening(at: 77, from: source), at: 77)
      for index in [-1, 78, .max] {
        #expect(throws: ProofError.indexOutOfRange(index: index, leafCount: 78)) {
          try tree.inclusionProof(at: index, from: source)
        }
      }
    }
  }

  @Test func bytesThatChangedMeanwhileGiveNoProof() throws {
    var random = TestRandom(seed: 44)
    let data = random.bytes(64 * 1024)
    let tree = try Self.tree(data, .upperLevels(nodes: 8))
    let changed = MemorySource(flipping(8 * 9000, of: data))
    // Leaves 8 to 15 are below the node of the flipped bit.
    #expect(throws: ProofError.sourceChanged(leaf: 8)) {
      try tree.inclusionProof(at: 15, from: changed)
    }
    _ = try tree.inclusionProof(at: 16, from: changed)
    #expect(throws: ProofError.sourceChanged(leaf: nil)) {
      try tree.inclusionProof(at: 0, from: MemorySource(Array(data.dropLast())))
    }
  }

  @Test func limitsAreKept() throws {
    for leafSize in [-1, 0, 1, 15, (1 << 26) + 1, .max] {
      #expect(throws: ProofError.invalidStreamLeafSize(leafSize)) {
        try StreamedTree(MemorySource([1]), leafSize: leafSize)
      }
    }
    for nodes in [-1, 0, StreamedTree.maximumKeptNodes + 1] {
      #expect(
        throws: ProofError.tooManyNodes(nodes, limit: StreamedTree.maximumKeptNodes)
      ) {
        try StreamedTree(MemorySource([1]), leafSize: 1024, keeping: .upperLevels(nodes: nodes))
      }
    }
    _ = try StreamedTree(MemorySource([1]), leafSize: 16)
    let huge = EndlessZeros(byteCount: 1 << 60)
    #expect(throws: ProofError.tooManyNodes(1 << 50, limit: StreamedTree.maximumKeptNodes)) {
      try StreamedTree(huge, leafSize: 1024, keeping: .leafHashes)
    }
    #expect(throws: ProofError.tooManyLeaves(1 << 50, limit: 1 << 34)) {
      try StreamedTree(huge, leafSize: 1024)
    }
  }

  @Test func failuresAndCancellationEndTheWork() throws {
    struct Stop: Error {}
    let zeros = EndlessZeros(byteCount: 1 << 20)
    var seen: [Int] = []
    #expect(throws: Stop.self) {
      try StreamedTree(
        zeros, leafSize: 1024, keeping: .leafHashes, granularity: Self.small,
        concurrently: Self.parallel
      ) { done in
        seen.append(done)
        if done > 20_000 { throw Stop() }
      }
    }
    #expect(seen == [12_288, 24_576])
    #expect(throws: EndlessZeros.Broken.self) {
      try StreamedTree(EndlessZeros(byteCount: 1 << 20, broken: 700_000), leafSize: 1024)
    }
  }
}

/// Zeros, up to a byte that cannot be read.
struct EndlessZeros: ByteSource {
  struct Broken: Error {}

  let byteCount: Int
  var broken: Int?

  func bytes(
    in range: Range<Int>, scratch: UnsafeMutableRawBufferPointer
  ) throws(Broken) -> UnsafeRawBufferPointer {
    if let broken, range.contains(broken) { throw Broken() }
    let zeros = UnsafeMutableRawBufferPointer(rebasing: scratch[..<range.count])
    zeros.initializeMemory(as: UInt8.self, repeating: 0)
    return UnsafeRawBufferPointer(zeros)
  }
}
