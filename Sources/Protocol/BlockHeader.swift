import Proofs

/// A miner's claim, the only part of a block that is signed: all else is bound by its roots.
public struct BlockHeader: Sendable, Hashable, CanonicalCodable {
  /// Version of this encoding.
  public static let version: UInt16 = 1

  /// Digest of the parent's header, or of genesis.
  public var parent: Digest
  /// One above the parent.
  public var height: Height
  /// Who signs.
  public var miner: PublicKey
  /// Digest of the training task.
  public var task: Digest
  /// Beacon round that fixed the training data.
  public var trainingRound: UInt64
  /// Beacon round that fixes the challenges: the first after the commitment.
  public var challengeRound: UInt64
  /// Parameters before and after, and the quantized twin of those after.
  public var before: Commitment
  /// Parameters after the block.
  public var after: Commitment
  /// Quantized twin of the parameters after.
  public var quantizedAfter: Commitment
  /// One record a step.
  public var trace: Commitment
  /// Optimizer state and residual before; nil if the task has neither.
  public var auxiliaryBefore: Commitment?
  /// Optimizer state and residual after.
  public var auxiliaryAfter: Commitment?
  /// Minibatch loss of the first and of the last step, nats a token.
  public var claimedFirstLoss: Float
  /// Minibatch loss of the last step, nats a token.
  public var claimedLastLoss: Float
  /// Bytes of the published gradients.
  public var diffByteCount: UInt64
  /// When mining started and when this header was committed.
  public var startedAt: VirtualTime
  /// When this header was committed.
  public var committedAt: VirtualTime
  /// Work that the miner says it did.
  public var work: Work
  /// Chooses the training data where the chain lets miners choose; else 0.
  public var trainingSalt: UInt64

  /// From its parts.
  public init(
    parent: Digest, height: Height, miner: PublicKey, task: Digest, trainingRound: UInt64,
    challengeRound: UInt64, before: Commitment, after: Commitment, quantizedAfter: Commitment,
    trace: Commitment, claimedFirstLoss: Float, claimedLastLoss: Float, diffByteCount: UInt64,
    startedAt: VirtualTime, committedAt: VirtualTime, work: Work,
    trainingSalt: UInt64 = 0, auxiliaryBefore: Commitment? = nil,
    auxiliaryAfter: Commitment? = nil
  ) {
    self.parent = parent
    self.height = height
    self.miner = miner
    self.task = task
    self.trainingRound = trainingRound
    self.challengeRound = challengeRound
    self.before = before
    self.after = after
    self.quantizedAfter = quantizedAfter
    self.trace = trace
    self.claimedFirstLoss = claimedFirstLoss
    self.claimedLastLoss = claimedLastLoss
    self.diffByteCount = diffByteCount
    self.startedAt = startedAt
    self.committedAt = committedAt
    self.work = work
    self.trainingSalt = trainingSalt
    self.auxiliaryBefore = auxiliaryBefore
    self.auxiliaryAfter = auxiliaryAfter
  }

  /// The block's name: what children point to and what is signed.
  public var digest: Digest { Digest.tagged("PoGO/header", self) }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(Self.version)
    writer.append(parent)
    writer.append(height)
    writer.append(miner)
    writer.append(task)
    writer.append(trainingRound)
    writer.append(challengeRound)
    writer.append(before)
    writer.append(after)
    writer.append(quantizedAfter)
    writer.append(trace)
    writer.append(claimedFirstLoss)
    writer.append(claimedLastLoss)
    writer.append(diffByteCount)
    writer.append(startedAt)
    writer.append(committedAt)
    writer.append(work)
    writer.append(trainingSalt)
    writer.append(auxiliaryBefore)
    writer.append(auxiliaryAfter)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let start = reader.offset
    let version = try reader.readUInt16()
    guard version == Self.version else {
      throw .invalidValue(
        offset: start, expected: "header version \(Self.version)", actual: "\(version)")
    }
    parent = try reader.readDigest()
    height = try reader.read()
    miner = try reader.read()
    task = try reader.readDigest()
    trainingRound = try reader.readUInt64()
    challengeRound = try reader.readUInt64()
    before = try reader.read()
    after = try reader.read()
    quantizedAfter = try reader.read()
    trace = try reader.read()
    claimedFirstLoss = try reader.readFloat()
    claimedLastLoss = try reader.readFloat()
    diffByteCount = try reader.readUInt64()
    startedAt = try reader.read()
    committedAt = try reader.read()
    work = try reader.read()
    trainingSalt = try reader.readUInt64()
    auxiliaryBefore = try reader.read()
    auxiliaryAfter = try reader.read()
  }
}

/// A value with its author's signature over its digest.
public struct SignedHeader: Sendable, Hashable, CanonicalCodable {
  /// What was signed.
  public let header: BlockHeader
  /// Over the digest of the header.
  public let signature: Signature

  /// From its parts.
  public init(header: BlockHeader, signature: Signature) {
    self.header = header
    self.signature = signature
  }

  /// Signs `header` with its miner's key.
  public init(signing header: BlockHeader, with key: PrivateKey) throws(SignatureError) {
    self.header = header
    signature = try key.sign(header.digest.bytes)
  }

  /// Whether the miner that the header names signed it.
  public var hasValidSignature: Bool {
    header.miner.isValidSignature(signature, for: header.digest.bytes)
  }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(header)
    writer.append(signature)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    header = try reader.read()
    signature = try reader.read()
  }
}
