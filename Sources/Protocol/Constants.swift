import Proofs

/// The constants of one chain, `docs/protocol.md` section 2. Every participant knows them: they
/// are part of genesis.
public struct ProtocolConstants: Sendable, Hashable {
  /// Virtual time that a miner has from the start of mining to its commitment.
  public var blockTimeMilliseconds: UInt64
  /// Time between two beacon rounds.
  public var beaconPeriodMilliseconds: UInt64
  /// Time after the commitment in which attestations count.
  public var attestationWindowMilliseconds: UInt64
  /// Share of the parameter leaves that a verifier opens.
  public var leafRate: PartsPerMillion
  /// Share of the steps that a verifier replays.
  public var replayRate: PartsPerMillion
  /// Tokens on which a verifier measures the loss of the quantized model; 0 turns it off.
  public var progressTokens: UInt32
  /// How much the quantized model's loss may rise without a negative, in nats a token.
  public var progressMargin: Float
  /// What a miner earns for a confirmed block.
  public var blockReward: Stake
  /// What the verifiers earn together for a block that is confirmed or slashed.
  public var verifierReward: Stake
  /// Share of the miner's stake that is lost when its block is slashed.
  public var minerSlashRate: PartsPerMillion
  /// Share of a slashed stake that goes to the first reporter of a proven fraud.
  public var reporterRate: PartsPerMillion
  /// Share of its stake that a verifier loses when it signed against a proven fact.
  public var verifierPenaltyRate: PartsPerMillion
  /// Virtual time in which a miner must answer a verifier's question.
  public var answerDeadlineMilliseconds: UInt64
  /// What verifiers check.
  public var checks: Checks
  /// How strongly the two phases of randomness are bound.
  public var randomness: RandomnessRules
  /// How far a replayed gradient may be from the published one.
  public var tolerance: Tolerance

  /// From its parts.
  public init(
    blockTimeMilliseconds: UInt64, beaconPeriodMilliseconds: UInt64,
    attestationWindowMilliseconds: UInt64, leafRate: PartsPerMillion, replayRate: PartsPerMillion,
    progressTokens: UInt32, progressMargin: Float, blockReward: Stake, verifierReward: Stake,
    minerSlashRate: PartsPerMillion, reporterRate: PartsPerMillion,
    verifierPenaltyRate: PartsPerMillion, answerDeadlineMilliseconds: UInt64 = 60_000,
    checks: Checks = .all, randomness: RandomnessRules = .strong, tolerance: Tolerance = .exact
  ) {
    self.blockTimeMilliseconds = blockTimeMilliseconds
    self.beaconPeriodMilliseconds = beaconPeriodMilliseconds
    self.attestationWindowMilliseconds = attestationWindowMilliseconds
    self.leafRate = leafRate
    self.replayRate = replayRate
    self.progressTokens = progressTokens
    self.progressMargin = progressMargin
    self.blockReward = blockReward
    self.verifierReward = verifierReward
    self.minerSlashRate = minerSlashRate
    self.reporterRate = reporterRate
    self.verifierPenaltyRate = verifierPenaltyRate
    self.answerDeadlineMilliseconds = answerDeadlineMilliseconds
    self.checks = checks
    self.randomness = randomness
    self.tolerance = tolerance
  }

  /// A block is confirmed when at least 2/3 of all stake attests positive (arXiv 2504.07540).
  public static let confirmThreshold = (numerator: UInt64(2), denominator: UInt64(3))
  /// A block is slashed when at least 1/3 of all stake attests negative (arXiv 2504.07540).
  public static let slashThreshold = (numerator: UInt64(1), denominator: UInt64(3))

  /// Two-hour blocks as in the paper.
  public static let paper = ProtocolConstants(
    blockTimeMilliseconds: 7_200_000, beaconPeriodMilliseconds: 600_000,
    attestationWindowMilliseconds: 3_600_000, leafRate: PartsPerMillion(20_000)!,
    replayRate: PartsPerMillion(125_000)!, progressTokens: 4096, progressMargin: 0.05,
    blockReward: Stake(1000), verifierReward: Stake(100),
    minerSlashRate: PartsPerMillion(500_000)!, reporterRate: PartsPerMillion(100_000)!,
    verifierPenaltyRate: PartsPerMillion(100_000)!)

  /// Blocks of seconds and large samples, for tests and small experiments.
  public static let minimal = ProtocolConstants(
    blockTimeMilliseconds: 12_000, beaconPeriodMilliseconds: 1_000,
    attestationWindowMilliseconds: 6_000, leafRate: PartsPerMillion(250_000)!,
    replayRate: PartsPerMillion(250_000)!, progressTokens: 64, progressMargin: 0.5,
    blockReward: Stake(100), verifierReward: Stake(30),
    minerSlashRate: PartsPerMillion(500_000)!, reporterRate: PartsPerMillion(100_000)!,
    verifierPenaltyRate: PartsPerMillion(100_000)!, answerDeadlineMilliseconds: 1_000)

  /// The presets by their names.
  public static let presets: [(name: String, constants: ProtocolConstants)] = [
    ("minimal", minimal), ("paper", paper),
  ]

  /// The beacon round whose value is the first to appear after `time`.
  public func firstRound(after time: VirtualTime) -> UInt64 {
    time.milliseconds / beaconPeriodMilliseconds + 1
  }

  /// The first beacon round that appears at `time` or later.
  public func firstRound(notBefore time: VirtualTime) -> UInt64 {
    (time.milliseconds + beaconPeriodMilliseconds - 1) / beaconPeriodMilliseconds
  }

  /// When the value of `round` appears.
  public func time(ofRound round: UInt64) -> VirtualTime {
    VirtualTime(milliseconds: round * beaconPeriodMilliseconds)
  }
}

extension ProtocolConstants: CanonicalCodable {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(blockTimeMilliseconds)
    writer.append(beaconPeriodMilliseconds)
    writer.append(attestationWindowMilliseconds)
    writer.append(leafRate)
    writer.append(replayRate)
    writer.append(progressTokens)
    writer.append(progressMargin)
    writer.append(blockReward)
    writer.append(verifierReward)
    writer.append(minerSlashRate)
    writer.append(reporterRate)
    writer.append(verifierPenaltyRate)
    writer.append(answerDeadlineMilliseconds)
    // The tolerance is there only if its bit is set: exact chains know nothing of it.
    writer.append(checks.rawValue | (tolerance == .exact ? 0 : Self.toleranceBit))
    writer.append(randomness)
    if tolerance != .exact { writer.append(tolerance.relative) }
  }

  /// Bit of the encoded checks that says that a tolerance follows.
  private static let toleranceBit: UInt16 = 1 << 15

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    blockTimeMilliseconds = try reader.readUInt64()
    beaconPeriodMilliseconds = try reader.readUInt64()
    attestationWindowMilliseconds = try reader.readUInt64()
    leafRate = try reader.read()
    replayRate = try reader.read()
    progressTokens = try reader.readUInt32()
    progressMargin = try reader.readFloat()
    blockReward = try reader.read()
    verifierReward = try reader.read()
    minerSlashRate = try reader.read()
    reporterRate = try reader.read()
    verifierPenaltyRate = try reader.read()
    answerDeadlineMilliseconds = try reader.readUInt64()
    let start = reader.offset
    let bits = try reader.readUInt16()
    checks = Checks(rawValue: bits)
    guard checks.rawValue == bits & ~Self.toleranceBit else {
      throw .invalidValue(offset: start, expected: "a set of checks", actual: "\(bits)")
    }
    randomness = try reader.read()
    guard bits & Self.toleranceBit != 0 else {
      tolerance = .exact
      return
    }
    let place = reader.offset
    let relative = try reader.readFloat()
    guard let read = Tolerance(relative), read != .exact else {
      throw .invalidValue(
        offset: place, expected: "a tolerance above 0 and at most 1", actual: "\(relative)")
    }
    tolerance = read
  }
}
