extension StreamedTree {
  /// Leaf sizes that trees over long byte strings may have, in bytes. Users choose 1 KiB and more;
  /// the leaves of a quantized twin are smaller.
  public static let leafSizes = 16...1 << 26

  /// Builds the tree over `source` in one pass; `execute` shares the leaves out.
  ///
  /// `observe` is told now and then how many bytes are done, on the calling thread; what it throws
  /// ends the work. Throws besides `ProofError.invalidLeafSize` for a leaf size outside of `leafSizes`,
  /// `ProofError.tooManyNodes` when more would be kept than `maximumKeptNodes`, `tooManyLeaves` when a
  /// kept node would cover more than 2^16 leaves, and what the source throws.
  public init<Source: ByteSource>(
    _ source: Source, leafSize: Int, keeping retention: Retention = .upperLevels,
    concurrently execute: ConcurrentExecutor = MerkleTree.serially,
    observe: (_ byteCount: Int) throws -> Void = { _ in }
  ) throws {
    try self.init(
      source, leafSize: leafSize, keeping: retention, granularity: Granularity(),
      concurrently: execute, observe: observe)
  }

  /// As the public one; tests make rounds so small that short byte strings have several.
  package init<Source: ByteSource>(
    _ source: Source, leafSize: Int, keeping retention: Retention, granularity: Granularity,
    concurrently execute: ConcurrentExecutor, observe: (_ byteCount: Int) throws -> Void
  ) throws {
    guard Self.leafSizes.contains(leafSize) else {
      throw ProofError.invalidStreamLeafSize(leafSize)
    }
    let leafCount = MerkleTree.leafCount(byteCount: source.byteCount, leafSize: leafSize)
    let keptLevel = try retention.level(leafCount: leafCount)
    let rounds = Rounds(leafSize: leafSize, keptLevel: keptLevel, granularity)
    var nodes: [Digest] = []
    nodes.reserveCapacity(rounds.nodeCount(leafCount))
    var first = 0
    while first < leafCount {
      let last = min(first + rounds.leavesPerRound, leafCount)
      try rounds.hash(first..<last, of: source, concurrently: execute, appendingTo: &nodes)
      first = last
      try observe(min(first * leafSize, source.byteCount))
    }
    self.init(
      byteCount: source.byteCount, leafSize: leafSize, keptLevel: keptLevel, nodes: nodes,
      // Each kept node of m leaves took m - 1 inner nodes.
      hashedByteCount: source.byteCount + leafCount
        + (leafCount - nodes.count) * nodeInputByteCount,
      concurrently: execute)
  }
}

extension StreamedTree {
  /// How much work is given out at once.
  package struct Granularity: Sendable {
    /// Bytes of a task, if leaves are small: long against starting it.
    let taskByteCount: Int
    /// Tasks of a round: enough for the threads of large machines to end about together.
    let tasks: Int

    package init(taskByteCount: Int = 2 << 20, tasks: Int = 64) {
      self.taskByteCount = taskByteCount
      self.tasks = tasks
    }
  }

  /// Highest level that is kept: a task hashes 2^16 leaves at most, 2 MiB of digests.
  static let maximumKeptLevel = 16
}

extension StreamedTree.Retention {
  /// The level that is kept of a tree of `leafCount` leaves. Throws `tooManyNodes` or
  /// `tooManyLeaves`.
  func level(leafCount: Int) throws(ProofError) -> Int {
    let limit: Int
    switch self {
    case .leafHashes:
      guard leafCount <= StreamedTree.maximumKeptNodes else {
        throw .tooManyNodes(leafCount, limit: StreamedTree.maximumKeptNodes)
      }
      return 0
    case .upperLevels(let nodes):
      guard (1...StreamedTree.maximumKeptNodes).contains(nodes) else {
        throw .tooManyNodes(nodes, limit: StreamedTree.maximumKeptNodes)
      }
      limit = nodes
    }
    var level = 0
    while leafCount > limit << level { level += 1 }
    guard level <= StreamedTree.maximumKeptLevel else {
      throw .tooManyLeaves(leafCount, limit: limit << StreamedTree.maximumKeptLevel)
    }
    return level
  }
}

/// How the leaves are shared out: a round is some tasks, a task some whole kept nodes.
private struct Rounds {
  let leafSize: Int
  let keptLevel: Int
  let leavesPerTask: Int
  let leavesPerRound: Int

  init(leafSize: Int, keptLevel: Int, _ granularity: StreamedTree.Granularity) {
    self.leafSize = leafSize
    self.keptLevel = keptLevel
    // A power of two and at least a pair of leaves.
    var leaves = max(2, 1 << keptLevel)
    while leaves * leafSize < granularity.taskByteCount,
      leaves < 1 << StreamedTree.maximumKeptLevel
    { leaves *= 2 }
    leavesPerTask = leaves
    leavesPerRound = leaves * granularity.tasks
  }

  /// Kept nodes over `leaves` leaves.
  func nodeCount(_ leaves: Int) -> Int {
    (leaves + (1 << keptLevel) - 1) >> keptLevel
  }

  /// Appends the kept nodes above `leaves`, which start at a task's first leaf.
  func hash<Source: ByteSource>(
    _ leaves: Range<Int>, of source: Source, concurrently execute: ConcurrentExecutor,
    appendingTo nodes: inout [Digest]
  ) throws(Source.Failure) {
    let failure = FirstFailure<Source.Failure>()
    var round = [Digest](repeating: .zero, count: nodeCount(leaves.count))
    round.withUnsafeMutableBufferPointer { buffer in
      let output = DigestOutput(buffer: buffer)
      execute((leaves.count + leavesPerTask - 1) / leavesPerTask) { task in
        guard !failure.isRecorded else { return }
        let first = leaves.lowerBound + task * leavesPerTask
        let own = first..<min(first + leavesPerTask, leaves.upperBound)
        let start = task * leavesPerTask >> keptLevel
        do throws(Source.Failure) {
          try hashTask(own, of: source, into: output.part(start..<start + nodeCount(own.count)))
        } catch { failure.record(error) }
      }
    }
    try failure.rethrow()
    nodes += round
  }

  /// Writes the kept nodes above the leaves of one task.
  private func hashTask<Source: ByteSource>(
    _ leaves: Range<Int>, of source: Source, into nodes: UnsafeMutableBufferPointer<Digest>
  ) throws(Source.Failure) {
    var hasher = SubtreeHasher(source, leafSize: leafSize)
    if keptLevel == 0 {
      try hasher.hash(leaves: leaves, into: nodes)
      return
    }
    let hashes = UnsafeMutableBufferPointer<Digest>.allocate(capacity: leaves.count)
    defer { hashes.deallocate() }
    hashes.initialize(repeating: .zero)
    try hasher.hash(leaves: leaves, into: hashes)
    // The task starts at a whole kept node, so raising all of its leaves gives whole nodes too.
    var count = leaves.count
    for _ in 0..<keptLevel { count = hasher.raise(hashes, count: count) }
    for node in 0..<count { nodes[node] = hashes[node] }
  }
}
