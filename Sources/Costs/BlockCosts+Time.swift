import Protocol

/// A block in time: what verification waits for after the commitment.
public struct BlockTiming: Sendable, Hashable {
  /// Steps of the block.
  public var steps: Int
  /// Training.
  public var trainingSeconds: Double
  /// Quantizing and committing by the miner, after or beside training.
  public var commitmentSeconds: Double
  /// Until the last verifier has the header, records and diff.
  public var publicationSeconds: Double
  /// Until one verifier has answers, states and twin.
  public var answerSeconds: Double
  /// Computation of one verifier.
  public var verificationSeconds: Double
  /// Block time: training and committing over the share of it that they may fill.
  public var blockSeconds: Double

  /// From the commitment until the last verifier is done.
  public var settlingSeconds: Double {
    publicationSeconds + answerSeconds + verificationSeconds
  }
}

/// Who mines and verifies, and the line between them.
public struct BlockSetting: Sendable {
  /// The miner's machines.
  public var miner: Fleet
  /// One verifier's machines.
  public var verifier: Fleet
  /// Verifiers.
  public var verifierCount: Int
  /// Bits a second of every node, in each direction.
  public var bitsPerSecond: Double
  /// Milliseconds from a node to the middle of the network.
  public var latencyMilliseconds: UInt64
  /// How publications spread.
  public var propagation: Propagation
  /// Share of the block time that mining may fill.
  public var trainingShare: Double
  /// Attestation window as a share of the block time: verification must end in it.
  public var windowShare: Double
  /// What verifiers sample.
  public var constants: ProtocolConstants
  /// The most segments that one verifier replays, however long the block: what sampling sees depends
  /// on draws and on the share that is cheated, not on the length. nil for no limit.
  public var mostSegments: Int?

  /// From its parts.
  public init(
    miner: Fleet, verifier: Fleet, verifierCount: Int, bitsPerSecond: Double,
    latencyMilliseconds: UInt64, propagation: Propagation, trainingShare: Double,
    windowShare: Double, constants: ProtocolConstants, mostSegments: Int? = nil
  ) {
    self.miner = miner
    self.verifier = verifier
    self.verifierCount = verifierCount
    self.bitsPerSecond = bitsPerSecond
    self.latencyMilliseconds = latencyMilliseconds
    self.propagation = propagation
    self.trainingShare = trainingShare
    self.windowShare = windowShare
    self.constants = constants
    self.mostSegments = mostSegments
  }

  /// What one verifier looks at in a block of this length.
  func parts(_ costs: BlockCosts) -> SampledParts {
    var parts = SampledParts(evenlyOver: costs, constants: constants)
    if let mostSegments, parts.segments.count > mostSegments {
      parts.segments = SampledParts.even(mostSegments, of: costs.task.segmentCount)
    }
    return parts
  }

  /// A block of `costs` in time. The publication spreads over the network; what verifiers ask for they
  /// get from the miner and from each other at the speed of their own lines.
  public func timing(_ costs: BlockCosts) -> BlockTiming {
    let mining = costs.mining()
    let parts = parts(costs)
    let verification = costs.verification(parts)
    let training = miner.seconds(mining[.training] ?? Workload())
    let committing = miner.seconds(mining.total) - training
    let link = Link(
      latencyMilliseconds: latencyMilliseconds,
      bitsPerSecond: max(1, UInt64(min(bitsPerSecond, 1e18))))
    let publication = propagation.arrivalMilliseconds(
      UInt64(clamping: costs.headerBytes + costs.publicationBytes),
      index: max(0, verifierCount - 1), count: verifierCount, from: link, to: link)
    // Header, records and diff came with the publication; replays fetch the diff again in the meters.
    let fetched =
      verification.total.receivedBytes - costs.structure.receivedBytes
    let known = min(fetched, costs.publishedAgain(parts))
    return BlockTiming(
      steps: costs.stepCount, trainingSeconds: training, commitmentSeconds: committing,
      publicationSeconds: Double(publication) / 1000,
      answerSeconds: transferSeconds(fetched - known, bitsPerSecond: bitsPerSecond)
        + Double(4 * latencyMilliseconds) / 1000,
      verificationSeconds: verifier.seconds(verification.total),
      blockSeconds: (training + committing) / trainingShare)
  }

  /// Whether verification ends inside the window.
  public func isFeasible(_ timing: BlockTiming) -> Bool {
    timing.settlingSeconds <= windowShare * timing.blockSeconds
  }

  /// The shortest block, in whole segments, whose verification ends inside its window; nil if none of
  /// up to a million steps does.
  ///
  /// - Parameter costs: of a block of any length.
  public func shortestBlock(_ costs: BlockCosts) -> BlockTiming? {
    let stepsPerSegment = max(1, Int(costs.task.recipe.segmentLength))
    let limit = 1_000_000 / stepsPerSegment
    func block(_ segments: Int) -> BlockTiming {
      timing(costs.withSteps(segments * stepsPerSegment))
    }
    // Doubling finds an end that is long enough, halving the first one between it and the last that
    // is not: samples are rounded up, so one verifier's share falls as blocks grow.
    var (low, high) = (0, 1)
    var found = block(1)
    while !isFeasible(found) {
      guard high < limit else { return nil }
      (low, high) = (high, min(2 * high, limit))
      found = block(high)
    }
    while high - low > 1 {
      let middle = (low + high) / 2
      let attempt = block(middle)
      if isFeasible(attempt) { (high, found) = (middle, attempt) } else { low = middle }
    }
    return found
  }
}

extension BlockCosts {
  /// Bytes of published gradients that the replay of `parts` fetches although they were published to
  /// everyone.
  func publishedAgain(_ parts: SampledParts) -> UInt128 {
    guard let last = parts.segments.last else { return 0 }
    let steps = task.steps(ofSegment: last)
    let end = task.endsStep(segment: last) ? steps.upperBound : steps.lowerBound
    if isPublishedByStep {
      guard !task.isWalkable else { return UInt128(end) * publishedBytes }
      let replayed = parts.segments.filter(task.endsStep)
      return UInt128(replayed.reduce(0) { $0 + task.steps(ofSegment: $1).count }) * publishedBytes
    }
    return end == stepCount ? publishedBytes : 0
  }
}
