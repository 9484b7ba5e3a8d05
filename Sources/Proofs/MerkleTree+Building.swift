internal import Synchronization

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

  /// The tree over the bytes of `source` cut into leaves of `leafSize` (1 or more) bytes. The last
  /// leaf may be shorter; no bytes are no leaves. Throws what the source throws.
  public init<Source: ByteSource>(
    source: Source, leafSize: Int, concurrently execute: ConcurrentExecutor = MerkleTree.serially
  ) throws(Source.Failure) {
    let leafCount = MerkleTree.leafCount(byteCount: source.byteCount, leafSize: leafSize)
    let failure = FirstFailure<Source.Failure>()
    let perTask = MerkleTree.leavesPerTask(leafSize: leafSize)
    let hashes = MerkleTree.digests(
      count: leafCount, perTask: perTask, concurrently: execute
    ) { range, output in
      var hasher = SubtreeHasher(source, leafSize: leafSize)
      do throws(Source.Failure) {
        try hasher.hash(leaves: range, into: output)
      } catch { failure.record(error) }
    }
    try failure.rethrow()
    self.init(
      leafHashes: hashes, hashedLeafByteCount: source.byteCount + leafCount, concurrently: execute)
  }

  /// The tree over `bytes` cut into leaves of `leafSize` (1 or more) bytes. The last leaf may be
  /// shorter; no bytes are no leaves.
  public init(
    bytes: UnsafeRawBufferPointer, leafSize: Int,
    concurrently execute: ConcurrentExecutor = MerkleTree.serially
  ) {
    self.init(source: MemorySource(bytes), leafSize: leafSize, concurrently: execute)
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

  /// The next level above `level`, which has at least two nodes.
  static func parents(
    of level: [Digest], concurrently execute: ConcurrentExecutor
  ) -> [Digest] {
    digests(count: (level.count + 1) / 2, perTask: 2048, concurrently: execute) { range, output in
      var pair = SHA256Pair()
      level.withUnsafeBufferPointer { nodes in
        let children = 2 * range.lowerBound..<min(2 * range.upperBound, nodes.count)
        _ = NodeHasher.raise(UnsafeBufferPointer(rebasing: nodes[children]), into: output, &pair)
      }
    }
  }

  /// Enough leaves for one task to outweigh its start, few enough to keep all threads busy.
  private static func leavesPerTask(leafSize: Int) -> Int {
    max(2, min(4096, (1 << 18) / leafSize) & ~1)
  }

  /// `count` digests; `body(range, output)` writes those of its range to `output`.
  private static func digests(
    count: Int, perTask: Int, concurrently execute: ConcurrentExecutor,
    body: @escaping @Sendable (Range<Int>, UnsafeMutableBufferPointer<Digest>) -> Void
  ) -> [Digest] {
    var digests = [Digest](repeating: .zero, count: count)
    digests.withUnsafeMutableBufferPointer { buffer in
      let output = DigestOutput(buffer: buffer)
      let tasks = (count + perTask - 1) / perTask
      execute(tasks) { task in
        let range = task * perTask..<min((task + 1) * perTask, count)
        body(range, output.part(range))
      }
    }
    return digests
  }
}

/// Digests of which every task writes its own range, so no two touch the same one.
struct DigestOutput: @unchecked Sendable {
  let buffer: UnsafeMutableBufferPointer<Digest>

  func part(_ range: Range<Int>) -> UnsafeMutableBufferPointer<Digest> {
    UnsafeMutableBufferPointer(rebasing: buffer[range])
  }
}

/// The first failure of several tasks.
final class FirstFailure<Failure: Error>: Sendable {
  private let failure = Mutex<Failure?>(nil)

  func record(_ error: Failure) {
    failure.withLock { if $0 == nil { $0 = error } }
  }

  /// Whether a task has failed, so that the others need not go on.
  var isRecorded: Bool { failure.withLock { $0 != nil } }

  func rethrow() throws(Failure) {
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
