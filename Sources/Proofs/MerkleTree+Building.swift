/// Runs `body(0)`, `body(1)` ... `body(tasks - 1)`, in any order and on any threads, and returns
/// when all are done. The caller lends its thread pool this way; the tree is the same for each.
public typealias ConcurrentExecutor = (_ tasks: Int, _ body: @Sendable (Int) -> Void) -> Void

extension MerkleTree {
  /// The executor without threads: one task after the other.
  public static func serially(_ tasks: Int, _ body: @Sendable (Int) -> Void) {
    for task in 0..<tasks { body(task) }
  }

  /// Leaves of a byte string: `byteCount` divided by `leafSize`, rounded up.
  /// `byteCount` is 0 or more, `leafSize` 1 or more.
  public static func leafCount(byteCount: Int, leafSize: Int) -> Int {
    precondition(byteCount >= 0 && leafSize > 0, "leaves have at least one byte")
    return byteCount / leafSize + (byteCount % leafSize == 0 ? 0 : 1)
  }

  /// The tree over leaves that are hashed already, with the inner nodes hashed by `execute`.
  public init(leafHashes: [Digest], concurrently execute: ConcurrentExecutor) {
    self.init(leafHashes: leafHashes, hashedLeafByteCount: 0, concurrently: execute)
  }

  /// The tree over `bytes` cut into leaves of `leafSize` (1 or more) bytes. The last leaf may be
  /// shorter; no bytes are no leaves.
  public init(
    bytes: UnsafeRawBufferPointer, leafSize: Int,
    concurrently execute: ConcurrentExecutor = MerkleTree.serially
  ) {
    let source = SharedBytes(bytes: bytes)
    let leafCount = MerkleTree.leafCount(byteCount: bytes.count, leafSize: leafSize)
    let leavesPerTask = MerkleTree.leavesPerTask(leafSize: leafSize)
    let hashes = MerkleTree.digests(
      count: leafCount, perTask: leavesPerTask, concurrently: execute
    ) { range, output in
      var stream = SHA256Stream()
      for leaf in range {
        let start = leaf * leafSize
        let end = start + min(leafSize, source.bytes.count - start)
        output[leaf] = stream.leafHash(UnsafeRawBufferPointer(rebasing: source.bytes[start..<end]))
      }
    }
    self.init(
      leafHashes: hashes, hashedLeafByteCount: bytes.count + leafCount, concurrently: execute)
  }

  /// The tree over `bytes` cut into leaves of `leafSize` (1 or more) bytes. The last leaf may be
  /// shorter; no bytes are no leaves.
  public init(
    bytes: [UInt8], leafSize: Int, concurrently execute: ConcurrentExecutor = MerkleTree.serially
  ) {
    self = bytes.withUnsafeBytes {
      MerkleTree(bytes: $0, leafSize: leafSize, concurrently: execute)
    }
  }

  /// The tree over a byte string that need not lie in memory: `fill(index, leaf)` writes the bytes
  /// of leaf `index` into `leaf`, which has the length of that leaf and undefined contents. Memory
  /// beside the tree is one leaf a running task.
  public init(
    byteCount: Int, leafSize: Int, concurrently execute: ConcurrentExecutor = MerkleTree.serially,
    fill: @escaping @Sendable (_ index: Int, _ leaf: UnsafeMutableRawBufferPointer) -> Void
  ) {
    let leafCount = MerkleTree.leafCount(byteCount: byteCount, leafSize: leafSize)
    let leavesPerTask = MerkleTree.leavesPerTask(leafSize: leafSize)
    let hashes = MerkleTree.digests(
      count: leafCount, perTask: leavesPerTask, concurrently: execute
    ) { range, output in
      var stream = SHA256Stream()
      let scratch = UnsafeMutableRawBufferPointer.allocate(
        byteCount: min(leafSize, byteCount), alignment: 64)
      defer { scratch.deallocate() }
      for index in range {
        let leafByteCount = min(leafSize, byteCount - index * leafSize)
        let leaf = UnsafeMutableRawBufferPointer(rebasing: scratch[..<leafByteCount])
        fill(index, leaf)
        output[index] = stream.leafHash(UnsafeRawBufferPointer(leaf))
      }
    }
    self.init(
      leafHashes: hashes, hashedLeafByteCount: byteCount + leafCount, concurrently: execute)
  }

  /// The next level above `level`, which has at least two nodes.
  static func parents(
    of level: [Digest], concurrently execute: ConcurrentExecutor
  ) -> [Digest] {
    digests(count: (level.count + 1) / 2, perTask: 2048, concurrently: execute) { range, output in
      var stream = SHA256Stream()
      for index in range {
        let left = 2 * index
        output[index] =
          left + 1 < level.count ? stream.nodeHash(level[left], level[left + 1]) : level[left]
      }
    }
  }

  /// Enough leaves for one task to outweigh its start, few enough to keep all threads busy.
  private static func leavesPerTask(leafSize: Int) -> Int {
    max(1, min(4096, (1 << 18) / leafSize))
  }

  /// `count` digests; `body(range, output)` computes `output[i]` for each i in its range.
  private static func digests(
    count: Int, perTask: Int, concurrently execute: ConcurrentExecutor,
    body: @escaping @Sendable (_ range: Range<Int>, _ output: DigestOutput) -> Void
  ) -> [Digest] {
    var digests = [Digest](repeating: .zero, count: count)
    digests.withUnsafeMutableBufferPointer { buffer in
      let output = DigestOutput(buffer: buffer)
      let tasks = (count + perTask - 1) / perTask
      execute(tasks) { task in
        let start = task * perTask
        body(start..<min(start + perTask, count), output)
      }
    }
    return digests
  }
}

/// Bytes that all tasks read and none writes.
private struct SharedBytes: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer
}

/// Digests of which every task writes its own range, so no two touch the same one.
private struct DigestOutput: @unchecked Sendable {
  let buffer: UnsafeMutableBufferPointer<Digest>

  subscript(index: Int) -> Digest {
    get { buffer[index] }
    nonmutating set { buffer[index] = newValue }
  }
}
