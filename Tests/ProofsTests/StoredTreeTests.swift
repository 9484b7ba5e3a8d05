import Proofs
import Testing

@Suite struct StoredTreeTests {
  @Test(arguments: [(0, 1), (1, 1), (5000, 2), (50_000, 7), (50_000, 1000)])
  func storedTreesComeBack(byteCount: Int, nodes: Int) throws {
    var random = TestRandom(seed: 71)
    let source = MemorySource(random.bytes(byteCount))
    let tree = try StreamedTree(source, leafSize: 1024, keeping: .upperLevels(nodes: nodes))
    let read = try StreamedTree(storedBytes: tree.storedBytes)
    #expect(read.root == tree.root && read.keptNodes == tree.keptNodes)
    #expect(read.leafCount == tree.leafCount && read.keptLevel == tree.keptLevel)
    #expect(try read.commitment(.file) == tree.commitment(.file))
    for index in 0..<tree.leafCount {
      #expect(
        try read.inclusionProof(at: index, from: source)
          == tree.inclusionProof(at: index, from: source))
    }
  }

  @Test func damageIsFound() throws {
    var random = TestRandom(seed: 72)
    let source = MemorySource(random.bytes(9000))
    let bytes = try StreamedTree(source, leafSize: 1024).storedBytes
    for bit in 0..<(8 * bytes.count) {
      #expect(throws: StoredTreeError.self) {
        try StreamedTree(storedBytes: flipping(bit, of: bytes))
      }
    }
    for count in 0..<bytes.count {
      #expect(throws: StoredTreeError.self) {
        try StreamedTree(storedBytes: Array(bytes[..<count]))
      }
    }
    #expect(throws: StoredTreeError.self) { try StreamedTree(storedBytes: bytes + [0]) }
    let long = [UInt8](repeating: 0, count: StreamedTree.maximumStoredByteCount + 1)
    #expect(
      throws: StoredTreeError.tooLong(
        byteCount: long.count, limit: StreamedTree.maximumStoredByteCount)
    ) { try StreamedTree(storedBytes: long) }
  }

  @Test func sizesThatContradictEachOtherAreRefused() throws {
    func stored(byteCount: UInt64, leafSize: UInt64, level: UInt8, nodes: Int) -> [UInt8] {
      var writer = CanonicalWriter()
      writer.append("PoGO tree")
      writer.append(UInt16(1))
      writer.append(byteCount)
      writer.append(leafSize)
      writer.append(level)
      writer.append([Digest](repeating: countingSeed, count: nodes))
      writer.append(SHA256.hash(writer.bytes))
      return writer.bytes
    }
    _ = try StreamedTree(storedBytes: stored(byteCount: 4096, leafSize: 1024, level: 1, nodes: 2))
    for (byteCount, leafSize, level, nodes) in [
      (4096, 1024, 1, 3), (4096, 1024, 1, 1), (4096, 1024, 17, 1), (4096, 15, 0, 274),
      (4096, 0, 0, 1), (4097, 1024, 0, 4), (0, 1024, 0, 1), (1 << 62, 1024, 16, 1),
    ] as [(UInt64, UInt64, UInt8, Int)] {
      let bytes = stored(byteCount: byteCount, leafSize: leafSize, level: level, nodes: nodes)
      #expect(throws: StoredTreeError.self) { try StreamedTree(storedBytes: bytes) }
    }
  }
}
