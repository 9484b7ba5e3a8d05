import Proofs

/// Everything that a simulation of a chain in time depends on (`docs/protocol.md`, section 14).
/// Durations come from a hardware profile or from measurement; the simulation adds none of its own.
public struct ScheduleScenario: Sendable, Hashable {
  /// A miner in time.
  public struct Miner: Sendable, Hashable {
    /// Name in logs.
    public var name: String
    /// How long training a block takes it.
    public var trainingMilliseconds: UInt64
    /// Its connection.
    public var link: Link

    /// From its parts.
    public init(name: String, trainingMilliseconds: UInt64, link: Link) {
      self.name = name
      self.trainingMilliseconds = trainingMilliseconds
      self.link = link
    }
  }

  /// A verifier in time.
  public struct Verifier: Sendable, Hashable {
    /// Name in logs.
    public var name: String
    /// Its weight.
    public var stake: Stake
    /// Its connection.
    public var link: Link
    /// How long checking the opened leaves takes it.
    public var leafMilliseconds: UInt64
    /// How long replaying the sampled segments takes it.
    public var replayMilliseconds: UInt64
    /// How long measuring the loss takes it.
    public var progressMilliseconds: UInt64
    /// When it joins, and when it leaves if it does.
    public var joinsAt: VirtualTime
    /// When it leaves; nil if it stays.
    public var leavesAt: VirtualTime?

    /// From its parts; by default present from the start to the end.
    public init(
      name: String, stake: Stake, link: Link, leafMilliseconds: UInt64,
      replayMilliseconds: UInt64, progressMilliseconds: UInt64,
      joinsAt: VirtualTime = VirtualTime(milliseconds: 0), leavesAt: VirtualTime? = nil
    ) {
      self.name = name
      self.stake = stake
      self.link = link
      self.leafMilliseconds = leafMilliseconds
      self.replayMilliseconds = replayMilliseconds
      self.progressMilliseconds = progressMilliseconds
      self.joinsAt = joinsAt
      self.leavesAt = leavesAt
    }

    /// Whether it takes part at `time`.
    func isPresent(at time: VirtualTime) -> Bool {
      joinsAt <= time && (leavesAt.map { time < $0 } ?? true)
    }
  }

  /// Bytes of the messages of one block.
  public struct Messages: Sendable, Hashable {
    /// A signed header.
    public var header: UInt64
    /// What everyone needs to follow the model: the binary diff and the trace.
    public var publication: UInt64
    /// Leaf answers to one verifier.
    public var answers: UInt64
    /// Committed states that one verifier must fetch to replay its segments.
    public var states: UInt64
    /// A signed attestation.
    public var attestation: UInt64

    /// From its parts.
    public init(
      header: UInt64, publication: UInt64, answers: UInt64, states: UInt64, attestation: UInt64
    ) {
      self.header = header
      self.publication = publication
      self.answers = answers
      self.states = states
      self.attestation = attestation
    }
  }

  /// Times and rates of the chain.
  public var constants: ProtocolConstants
  /// All mine at every height.
  public var miners: [Miner]
  /// In the order of registration.
  public var verifiers: [Verifier]
  /// Sizes of messages.
  public var messages: Messages
  /// How publications spread.
  public var propagation: Propagation
  /// Share of the questions whose answer is lost.
  public var lossRate: PartsPerMillion
  /// How far each duration may lie from its mean, as a share of it, uniformly.
  public var jitter: PartsPerMillion
  /// Heights to simulate, confirmed or not.
  public var blockCount: Int
  /// Seed of losses, jitter and beacon values.
  public var seed: Digest

  /// From its parts.
  public init(
    constants: ProtocolConstants, miners: [Miner], verifiers: [Verifier], messages: Messages,
    propagation: Propagation, lossRate: PartsPerMillion, jitter: PartsPerMillion, blockCount: Int,
    seed: Digest
  ) {
    self.constants = constants
    self.miners = miners
    self.verifiers = verifiers
    self.messages = messages
    self.propagation = propagation
    self.lossRate = lossRate
    self.jitter = jitter
    self.blockCount = blockCount
    self.seed = seed
  }
}

/// What happened, when and to whom.
public struct ScheduleEvent: Sendable, Hashable, CustomStringConvertible {
  /// What can happen.
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    case miningStarted, trained, trainingUnfinished, committed, headerArrived
    case publicationArrived, challenged, answersArrived, answersMissing, attestedPositive
    case attestedNegative, attestationCounted, attestationLate, confirmed, slashed, expired
    case verifierJoined, verifierLeft
  }

  /// When.
  public let time: VirtualTime
  /// What.
  public let kind: Kind
  /// Number of the height that was tried, from 0.
  public let round: Int
  /// Name of who it happened to; empty for everyone.
  public let node: String
  /// Name of the miner whose block it is about; empty if about none.
  public let block: String

  public var description: String {
    "\(time): round \(round) \(kind)"
      + (node.isEmpty ? "" : " \(node)") + (block.isEmpty ? "" : " (block of \(block))")
  }
}

/// What came of a simulation.
public struct ScheduleOutcome: Sendable, Hashable {
  /// One height.
  public struct Round: Sendable, Hashable {
    /// When mining started, when it ended and when the block was decided.
    public let startedAt: VirtualTime
    /// When blocks were due.
    public let dueAt: VirtualTime
    /// When the chain decided.
    public let decidedAt: VirtualTime
    /// When the next mining can start.
    public let nextAt: VirtualTime
    /// What was decided.
    public let verdict: ScheduleEvent.Kind
    /// Blocks that were committed in time.
    public let candidates: Int
    /// Different blocks that attestations were about: more than one is a fork.
    public let attestedBlocks: Int
    /// Attestations that came in time.
    public let counted: Int
    /// Attestations that came too late.
    public let late: Int
    /// Questions without an answer in time.
    public let missing: Int
    /// When the last verifier was done, in time or not; the due time if none was.
    public let verifiedAt: VirtualTime
    /// Training done by all miners together, in milliseconds.
    public let trainingMilliseconds: UInt64
  }

  /// All heights that were tried.
  public let rounds: [Round]
  /// Everything that happened, in order.
  public let log: [ScheduleEvent]
  let minerCount: Int

  /// Share of the rounds with a confirmed block.
  public var confirmedShare: Double {
    rounds.isEmpty ? .nan : Double(rounds.count { $0.verdict == .confirmed }) / Double(rounds.count)
  }
  /// Rounds in which attestations were about several blocks.
  public var forkCount: Int { rounds.count { $0.attestedBlocks > 1 } }
  /// Milliseconds from the first start of mining to the last start that follows.
  public var spanMilliseconds: UInt64 {
    guard let first = rounds.first, let last = rounds.last else { return 0 }
    return last.nextAt.milliseconds - first.startedAt.milliseconds
  }
  /// Share of their time in which miners do not train.
  public var idleShare: Double {
    let available = Double(spanMilliseconds) * Double(minerCount)
    let training = rounds.reduce(0.0) { $0 + Double($1.trainingMilliseconds) }
    return available > 0 ? 1 - training / available : .nan
  }
  /// Mean milliseconds from the start of mining to the decision, over confirmed blocks; NaN of none.
  public var finalityMilliseconds: Double {
    let times = rounds.filter { $0.verdict == .confirmed }.map {
      Double($0.decidedAt.milliseconds - $0.startedAt.milliseconds)
    }
    return times.isEmpty ? .nan : times.reduce(0, +) / Double(times.count)
  }
  /// A digest of the log: equal scenarios have equal logs.
  public var logDigest: Digest {
    var writer = CanonicalWriter()
    for event in log {
      writer.append(event.time)
      writer.append(event.kind.rawValue)
      writer.append(UInt64(event.round))
      writer.append(Array(event.node.utf8))
      writer.append(Array(event.block.utf8))
    }
    return Digest.tagged("PoGO/schedule-log", writer.bytes)
  }
}
