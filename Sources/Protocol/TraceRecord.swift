import Proofs

/// What a miner commits to about one step; leaf number `step` of the trace tree.
public struct TraceRecord: Sendable, Hashable, CanonicalCodable {
  /// Number of the step in its block, from 0.
  public let step: UInt32
  /// Root of the float32 parameters before the step where a segment starts, else zero.
  public let parametersRoot: Digest
  /// Root of optimizer state and residual before the step where a segment starts, else zero.
  public let auxiliaryRoot: Digest
  /// Root of the quantized gradient that was published after the step, zero if none was.
  public let gradientRoot: Digest
  /// Digest of the minibatch's tokens and targets.
  public let batchDigest: Digest
  /// Mean cross-entropy of the minibatch before the step, nats a token.
  public let loss: Float

  /// Roots of what was accumulated after each microbatch but the last; empty where that is not
  /// committed.
  public let accumulationRoots: [Digest]

  /// Bytes of an encoded record.
  static func byteCount(accumulations: Int) -> Int {
    4 + 4 * Digest.byteCount + 4 + (accumulations == 0 ? 0 : 4 + accumulations * Digest.byteCount)
  }

  /// Bit of the encoded step number that says that accumulations follow.
  private static let accumulationsBit: UInt32 = 1 << 31

  /// From its parts; the step is below 2^31.
  public init(
    step: UInt32, parametersRoot: Digest, auxiliaryRoot: Digest = .zero, gradientRoot: Digest,
    batchDigest: Digest, loss: Float, accumulationRoots: [Digest] = []
  ) {
    precondition(step & Self.accumulationsBit == 0, "step \(step)")
    self.step = step
    self.parametersRoot = parametersRoot
    self.auxiliaryRoot = auxiliaryRoot
    self.gradientRoot = gradientRoot
    self.batchDigest = batchDigest
    self.loss = loss
    self.accumulationRoots = accumulationRoots
  }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(step | (accumulationRoots.isEmpty ? 0 : Self.accumulationsBit))
    writer.append(parametersRoot)
    writer.append(auxiliaryRoot)
    writer.append(gradientRoot)
    writer.append(batchDigest)
    writer.append(loss)
    if !accumulationRoots.isEmpty { writer.append(accumulationRoots) }
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let number = try reader.readUInt32()
    step = number & ~Self.accumulationsBit
    parametersRoot = try reader.readDigest()
    auxiliaryRoot = try reader.readDigest()
    gradientRoot = try reader.readDigest()
    batchDigest = try reader.readDigest()
    loss = try reader.readFloat()
    guard number & Self.accumulationsBit != 0 else {
      accumulationRoots = []
      return
    }
    let place = reader.offset
    accumulationRoots = try reader.readArray()
    guard !accumulationRoots.isEmpty else {
      throw .invalidValue(offset: place, expected: "roots of accumulations", actual: "none")
    }
  }

  /// Tree over the records, one a leaf.
  public static func tree(_ records: [TraceRecord]) -> MerkleTree {
    MerkleTree(leafHashes: records.map { MerkleTree.leafHash($0.canonicalBytes) })
  }
}

/// What a miner must make available to everyone besides its header.
public struct Publication: Sendable, Hashable, CanonicalCodable {
  /// One record a step.
  public let records: [TraceRecord]
  /// The quantized gradient of each step, or that of the whole block: the block's binary diff.
  public let gradients: [[UInt8]]

  /// From its parts.
  public init(records: [TraceRecord], gradients: [[UInt8]]) {
    self.records = records
    self.gradients = gradients
  }

  /// Bytes of all gradients.
  public var diffByteCount: Int { gradients.reduce(0) { $0 + $1.count } }

  /// Roots of what was published, in order.
  public func publishedRoots(_ task: TrainingTask) -> [Digest] {
    records.enumerated().filter { task.publishesAfter(step: $0.offset) }.map(\.element.gradientRoot)
  }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(records)
    writer.append(gradients)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    records = try reader.readArray()
    gradients = try reader.readArray()
  }
}
