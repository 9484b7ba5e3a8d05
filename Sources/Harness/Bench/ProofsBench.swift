import Foundation
import Kernels
import Models
import Proofs
import Protocol

/// Measures committing against SHA-256 alone, as OpenSSL computes it, on all cores in the same run.
public struct ProofsBench {
  /// The rate of one way to commit.
  public struct Row: Sendable, Codable {
    /// Where the bytes come from.
    public let source: String
    /// Bytes of a leaf.
    public let leafSize: Int
    /// Committed bytes a second, median.
    public let bytesPerSecond: Double
    /// Median of the ratios to OpenSSL's rate in the same round.
    public let ratio: Double
  }

  /// What it takes to answer challenges of one tree later.
  public struct Answers: Sendable, Codable {
    /// What is kept.
    public let kept: String
    /// Leaves that a kept node covers.
    public let leavesPerNode: Int
    /// Bytes of the kept tree in memory.
    public let treeBytes: Int
    /// Bytes of the tree as it is stored.
    public let storedBytes: Int
    /// Seconds for the proof of one leaf, median.
    public let secondsPerProof: Double
  }

  /// A proof of several leaves.
  public struct Proof: Sendable, Codable {
    /// Leaves that are proved.
    public let leaves: Int
    /// Bytes of the proofs one by one, without leaf hashes.
    public let separateBytes: Int
    /// Bytes of the one proof, without leaf hashes.
    public let multiProofBytes: Int
    /// Seconds to check the one proof, median.
    public let checkSeconds: Double
  }

  /// Everything that was measured.
  public struct Result: Sendable, Codable {
    /// Threads that hashed.
    public let threads: Int
    /// Whether two leaves are hashed at once.
    public let hashesPairs: Bool
    /// SHA-256 by OpenSSL on all threads, bytes a second, median.
    public let openSSLBytesPerSecond: Double
    /// Commitments.
    public let rows: [Row]
    /// Both ways to answer challenges.
    public let answers: [Answers]
    /// Proofs of 1, 10, 100 and 1000 leaves.
    public let proofs: [Proof]
  }

  private let arithmetic: Arithmetic
  private let rounds: Int
  private let clock = SystemStopwatch()
  private let byteCount: Int

  /// `rounds` measurements of each, over `byteCount` bytes; medians count.
  public init(arithmetic: Arithmetic, rounds: Int, byteCount: Int = 256 << 20) {
    self.arithmetic = arithmetic
    self.rounds = rounds
    self.byteCount = byteCount
  }

  private var workers: Workers { arithmetic.workers }

  /// Leaf sizes that are measured.
  public static let leafSizes = [1 << 10, 1 << 12, 1 << 16, 1 << 20, 1 << 24]

  /// Measures everything. `activity` is told what comes next.
  public func run(_ activity: (String) -> Void) throws -> Result {
    let buffer = FloatBuffer(count: byteCount / 4)
    arithmetic.fillNormal(Vector(buffer), seed: 1, stream: 0, standardDeviation: 0.02)
    let memory = MemorySource(buffer)
    let model = SyntheticModel(
      layout: ParameterLayout(try shape()), seed: 1, arithmetic: arithmetic)
    var trials: [(source: String, leafSize: Int, run: () throws -> Double)] = []
    for leafSize in Self.leafSizes {
      trials.append(("memory", leafSize, { try commitRate(memory, leafSize) }))
    }
    for leafSize in [1 << 12, 1 << 16, 1 << 20] {
      trials.append(("synthetic", leafSize, { try commitRate(model, leafSize) }))
    }
    var reference: [Double] = []
    var rates = trials.map { _ in [Double]() }
    var ratios = rates
    for round in 0...rounds {
      for (number, trial) in trials.enumerated() {
        activity("\(trial.source), \(Units.size(byteCount: trial.leafSize))")
        // Side by side, so that a machine that changes its speed changes it for both.
        let openSSL = openSSLRate(buffer)
        let rate = try trial.run()
        guard round > 0 else { continue }
        reference.append(openSSL)
        rates[number].append(rate)
        ratios[number].append(rate / openSSL)
      }
    }
    return Result(
      threads: workers.threads, hashesPairs: SHA256Pair.isAccelerated,
      openSSLBytesPerSecond: median(reference),
      rows: trials.enumerated().map { number, trial in
        Row(
          source: trial.source, leafSize: trial.leafSize, bytesPerSecond: median(rates[number]),
          ratio: median(ratios[number]))
      },
      answers: try measureAnswers(memory, activity), proofs: try measureProofs(memory, activity))
  }

  /// A GPT-3 shape of about as many bytes as the memory that is hashed.
  private func shape() throws -> ModelShape {
    try ModelShape.gpt3(
      layerCount: max(1, byteCount / (50 << 20)), dModel: 1024, headCount: 16, contextLength: 1024,
      vocabularySize: 8192)
  }

  /// Bytes a second of OpenSSL's SHA-256, one message of 1 MiB after the other on each thread.
  private func openSSLRate(_ buffer: FloatBuffer) -> Double {
    buffer.withUnsafeBytes { bytes in
      let messages = SharedMessages(bytes: bytes, byteCount: 1 << 20)
      let start = clock.seconds()
      workers.run(tasks: messages.count) { _ = SHA256.hash(messages[$0]) }
      return Double(messages.count * messages.byteCount) / (clock.seconds() - start)
    }
  }

  private func commitRate(_ source: some ByteSource, _ leafSize: Int) throws -> Double {
    let start = clock.seconds()
    _ = try StreamedTree(source, leafSize: leafSize, concurrently: workers.run)
    return Double(source.byteCount) / (clock.seconds() - start)
  }

  private func measureAnswers(
    _ source: some ByteSource, _ activity: (String) -> Void
  ) throws -> [Answers] {
    activity("answers")
    let leafSize = 1 << 12
    return try [
      ("all leaf hashes", StreamedTree.Retention.leafHashes),
      ("upper levels", .upperLevels(nodes: 1 << 8)),
    ].map { name, retention in
      let tree = try StreamedTree(
        source, leafSize: leafSize, keeping: retention, concurrently: workers.run)
      var sampler = SeededSampler(seed: tree.root, domain: "bench")
      let times = try (0..<max(rounds, 3)).map { _ in
        let index = Int(sampler.uniform(below: UInt64(tree.leafCount)))
        let start = clock.seconds()
        _ = try tree.inclusionProof(at: index, from: source, concurrently: workers.run)
        return clock.seconds() - start
      }
      return Answers(
        kept: name, leavesPerNode: 1 << tree.keptLevel,
        treeBytes: 2 * tree.keptNodes.count * Digest.byteCount,
        storedBytes: tree.storedBytes.count, secondsPerProof: median(times))
    }
  }

  private func measureProofs(
    _ source: some ByteSource, _ activity: (String) -> Void
  ) throws -> [Proof] {
    activity("proofs")
    let tree = try MerkleTree(source: source, leafSize: 1 << 12, concurrently: workers.run)
    var sampler = SeededSampler(seed: tree.root, domain: "bench")
    return try [1, 10, 100, 1000].filter { $0 <= tree.leafCount }.map { count in
      let leaves = sampler.distinctIndices(count, below: tree.leafCount)
      let hashes = leaves.map { tree.leafHashes[$0] }
      let proof = try tree.multiProof(at: leaves)
      let separate = try leaves.reduce(0) {
        $0 + (try tree.inclusionProof(at: $1).canonicalBytes.count)
      }
      let times = try (0..<max(rounds, 5)).map { _ in
        let start = clock.seconds()
        try proof.verify(leafHashes: hashes, root: tree.root, leafCount: tree.leafCount)
        return clock.seconds() - start
      }
      return Proof(
        leaves: count, separateBytes: separate, multiProofBytes: proof.canonicalBytes.count,
        checkSeconds: median(times))
    }
  }
}

/// Memory cut into messages that all threads read and none writes.
private struct SharedMessages: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer
  let byteCount: Int

  var count: Int { bytes.count / byteCount }

  subscript(index: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[index * byteCount..<(index + 1) * byteCount])
  }
}

extension ProofsBench.Result {
  /// The tables of what was measured.
  public var text: String {
    func rate(_ value: Double) -> String { Numbers.decimal(value / 1e9, 2) }
    func time(_ seconds: Double) -> String {
      seconds < 1e-3 ? Numbers.decimal(seconds * 1e6, 1) + " us" : Numbers.seconds(seconds)
    }
    var commits = TextTable(header: ["source", "leaf", "GB/s", "of OpenSSL"])
    commits.rightAligned = [1, 2, 3]
    commits.rows = rows.map {
      [
        $0.source, Units.size(byteCount: $0.leafSize), rate($0.bytesPerSecond),
        Numbers.percent($0.ratio),
      ]
    }
    var kept = TextTable(
      header: ["kept", "leaves a node", "in memory", "stored", "one proof"])
    kept.rightAligned = [1, 2, 3, 4]
    kept.rows = answers.map {
      [
        $0.kept, "\($0.leavesPerNode)", Numbers.bytes(Int64($0.treeBytes)),
        Numbers.bytes(Int64($0.storedBytes)), time($0.secondsPerProof),
      ]
    }
    var checks = TextTable(header: ["leaves", "one by one", "multi-proof", "check"])
    checks.rightAligned = [0, 1, 2, 3]
    checks.rows = proofs.map {
      [
        "\($0.leaves)", Numbers.bytes(Int64($0.separateBytes)),
        Numbers.bytes(Int64($0.multiProofBytes)), time($0.checkSeconds),
      ]
    }
    let pairs = hashesPairs ? "two leaves at once" : "one leaf after the other"
    return """
      SHA-256 by OpenSSL on \(threads) thread\(threads == 1 ? "" : "s"): \
      \(rate(openSSLBytesPerSecond)) GB/s; this processor hashes \(pairs)

      \(commits.text)

      \(kept.text)

      \(checks.text)
      """
  }
}
