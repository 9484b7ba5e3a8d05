import Protocol

extension Spec {
  /// Blocks, times, participants and money.
  ///
  /// Times are on the virtual clock; amounts are whole units of stake.
  public struct Chain: Sendable, Equatable {
    /// Blocks that are proposed (`blocks`).
    public var blockCount: Int
    /// Time between two proposals (`block_time`), 1ms...8760h.
    public var blockTimeMilliseconds: Int
    /// Time between two values of the beacon (`beacon_period`), 1ms...8760h.
    public var beaconPeriodMilliseconds: Int
    /// Time in which attestations count (`attestation_window`), 1ms...8760h.
    public var attestationWindowMilliseconds: Int
    /// Who proposes blocks (`miners`).
    public var miners: [Miner]
    /// Who attests (`verifiers`).
    public var verifiers: [Verifier]
    /// Paid to the miner of a confirmed block (`block_reward`).
    public var blockReward: Int
    /// Paid to the verifiers that were right (`verifier_reward`).
    public var verifierReward: Int
    /// Part of its stake that a convicted miner loses (`miner_slash_rate`), 0...1, by default 0.5.
    public var minerSlashRate: Double
    /// Part of a slashed stake that goes to the reporters (`reporter_rate`), 0...1, by default 0.1.
    public var reporterRate: Double
    /// Part of its stake that a wrong verifier loses (`verifier_penalty_rate`).
    public var verifierPenaltyRate: Double
    /// Virtual time in which a miner must answer (`answer_deadline`); nil for half of what the
    /// window leaves after the challenge, at most a minute.
    public var answerDeadlineMilliseconds: Int?
    /// What fixes the training data (`training_randomness`).
    public var trainingRandomness: TrainingRandomness
    /// What fixes the challenges (`challenge_randomness`).
    public var challengeRandomness: ChallengeRandomness
  }

  /// What fixes the training data.
  public enum TrainingRandomness: String, CaseIterable, Sendable {
    case beacon
    case minerChosen = "miner-chosen"
  }

  /// What fixes the challenges.
  public enum ChallengeRandomness: String, CaseIterable, Sendable {
    case afterCommitment = "after-commitment"
    case knownEarly = "known-early"
  }

  /// One who proposes blocks.
  public struct Miner: Sendable, Equatable {
    /// What a miner does.
    public enum Behaviour: Sendable, Equatable {
      /// Trains and commits as the protocol says.
      case honest
      /// Changes this part of the leaves after training, 0 < fraction <= 1, by default 0.25.
      case tamperedLeaves(fraction: Double)
      /// Invents this part of the steps instead of computing them, 0 < fraction <= 1, by default
      /// 0.25.
      case fakedSteps(fraction: Double)
      /// Breaks another rule; the fraction says how much of it is dishonest, where that varies.
      case adversary(MinerAdversary, fraction: Double)
    }

    /// Unique in the chain (`name`): 1...64 characters of a-z, 0-9 and '-'.
    public var name: String
    /// What the miner does (`behaviour`, `fraction`).
    public var behaviour: Behaviour
    /// What it can lose (`stake`).
    public var stake: Int
  }

  /// One who attests to blocks.
  public struct Verifier: Sendable, Equatable {
    /// What a verifier does.
    public enum Behaviour: String, CaseIterable, Sendable {
      /// Checks, and signs what it found.
      case honest
      /// Signs positive without a check.
      case lazy
      /// Signs what the first other verifier signed.
      case copycat
      /// Always signs a negative.
      case griefer
      /// Brings evidence that it made up.
      case forger
      /// Signs positive for one miner, whatever it saw.
      case colluding
    }

    /// Unique in the chain (`name`): 1...64 characters of a-z, 0-9 and '-'.
    public var name: String
    /// What the verifier does (`behaviour`).
    public var behaviour: Behaviour
    /// What it can lose (`stake`).
    public var stake: Int
    /// The miner that it colludes with (`with`); nil for others.
    public var accomplice: String?
  }
}

/// Stakes and rewards stay so small that no sum of them overflows.
private let largestAmount = 1_000_000_000_000

/// Most entries of a list of participants.
private let largestList = 256

extension Spec.Chain: SpecReadable {
  /// Reads `chain`.
  public init(reading section: inout SpecSection) throws(SpecError) {
    blockCount = try section.integer(
      "blocks", in: 1...10000, unit: "block", doc: "Blocks that are proposed.")
    blockTimeMilliseconds = try section.duration(
      "block_time", default: "2h", doc: "Virtual time between two proposals.")
    beaconPeriodMilliseconds = try section.duration(
      "beacon_period", default: "10m", doc: "Virtual time between two values of the beacon.")
    attestationWindowMilliseconds = try section.duration(
      "attestation_window", default: "1h", doc: "Virtual time in which attestations count.")

    var names = ParticipantNames()
    miners =
      try section.list(
        "miners", limit: largestList, fallback: "one honest miner, `miner-1`",
        doc: "Who proposes blocks, in turn; names are unique in the chain."
      ) { entry throws(SpecError) in try Spec.Miner(reading: &entry, names: &names) } ?? []
    if miners.isEmpty {
      miners = [Spec.Miner(name: "miner-1", behaviour: .honest, stake: Spec.Miner.defaultStake)]
      names.firstUses["miner-1"] = "the name of the default miner"
      section.resolve(
        "miners",
        [[("name", "\"miner-1\""), ("behaviour", "honest"), ("stake", "\(miners[0].stake)")]])
    }
    let listed = try section.list(
      "verifiers", limit: largestList, orCount: 1...largestList, fallback: "4",
      doc: "Who attests: a number of honest ones, or a list."
    ) { entry throws(SpecError) in try Spec.Verifier(reading: &entry, names: &names) }
    if let listed {
      verifiers = listed
    } else {
      verifiers = []
      for number in 1...(try section.count("verifiers", in: 1...largestList, default: 4)) {
        let name = "verifier-\(number)"
        if let first = names.firstUses[name] {
          throw section.conflict("verifiers", "would name one '\(name)', which is already \(first)")
        }
        verifiers.append(
          Spec.Verifier(
            name: name, behaviour: .honest, stake: Spec.Verifier.defaultStake, accomplice: nil))
      }
      section.resolve(
        "verifiers",
        verifiers.map {
          [
            ("name", "\"\($0.name)\""), ("behaviour", $0.behaviour.rawValue),
            ("stake", "\($0.stake)"),
          ]
        })
    }

    blockReward = try section.integer(
      "block_reward", in: 0...largestAmount, default: 50, unit: "stake",
      doc: "Paid to the miner of a confirmed block.")
    verifierReward = try section.integer(
      "verifier_reward", in: 0...largestAmount, default: 10, unit: "stake",
      doc: "Paid to the verifiers that were right, together.")
    minerSlashRate = try section.number(
      "miner_slash_rate", .rate, default: 0.5,
      doc: "Part of its stake that a convicted miner loses.")
    reporterRate = try section.number(
      "reporter_rate", .rate, default: 0.1,
      doc: "Part of a slashed stake that goes to the first who proved the fraud.")
    verifierPenaltyRate = try section.number(
      "verifier_penalty_rate", .rate, default: 0.1,
      doc: "Part of its stake that a verifier loses for signing against a proven fact.")
    let deadline = try section.optionalText(
      "answer_deadline", "a duration such as 30s", example: "1m",
      doc: "Virtual time in which a miner must answer a verifier; by default at most a minute."
    ) { Units.milliseconds(of: $0).flatMap { $0 > 0 ? $0 : nil } }
    answerDeadlineMilliseconds = deadline
    trainingRandomness =
      try section.optionalChoice(
        "training_randomness", of: Spec.TrainingRandomness.self,
        doc: "What fixes the training data; by default `beacon`, and `miner-chosen` is weaker.")
      ?? .beacon
    challengeRandomness =
      try section.optionalChoice(
        "challenge_randomness", of: Spec.ChallengeRandomness.self,
        doc:
          "What fixes the challenges; by default `after-commitment`, and `known-early` is weaker.")
      ?? .afterCommitment
    for verifier in verifiers {
      guard let accomplice = verifier.accomplice, !section.isDescribing else { continue }
      try section.require(
        miners.contains { $0.name == accomplice }, "verifiers",
        "must collude with a miner of the chain, but there is no miner '\(accomplice)'")
    }
  }
}

/// Who has which name: miners and verifiers share one ledger, so they share the names too.
private struct ParticipantNames {
  /// From a name to a phrase that says who has it.
  var firstUses: [String: String] = [:]

  mutating func read(_ section: inout SpecSection) throws(SpecError) -> String {
    let name = try section.text(
      "name", Spec.nameRule, example: "alice", doc: "Unique in the chain."
    ) { Spec.isName($0) ? $0 : nil }
    guard !section.isDescribing else { return name }
    if let first = firstUses[name] {
      throw section.repeatedName(name, "name", first: first)
    }
    firstUses[name] = "the name of \(section.path)"
    return name
  }
}

extension Spec.Miner {
  /// The keywords of `behaviour` in YAML.
  static let behaviourNames = ["honest"] + MinerAdversary.allCases.map(\.rawValue)

  static let defaultStake = 1000

  fileprivate init(
    reading section: inout SpecSection, names: inout ParticipantNames
  ) throws(SpecError) {
    name = try names.read(&section)
    let keyword = try section.choice(
      "behaviour", among: Self.behaviourNames, default: "honest", doc: "What the miner does.")
    let adversary = MinerAdversary(rawValue: keyword)
    let fraction = try section.optionalNumber(
      "fraction", .positiveRate,
      doc: "Part of the leaves or steps that a cheat forges; by default 0.25.")
    try section.require(
      adversary != nil || fraction == nil, "fraction",
      "is only for cheats, but the behaviour is 'honest'")
    try section.require(
      adversary?.takesFraction ?? true || fraction == nil, "fraction",
      "is of no use to '\(keyword)', which has no part to choose")
    let forged = fraction ?? 0.25
    behaviour =
      switch adversary {
      case nil: .honest
      case .tamperedLeaves: .tamperedLeaves(fraction: forged)
      case .fakedSteps: .fakedSteps(fraction: forged)
      case .some(let other): .adversary(other, fraction: forged)
      }
    if adversary?.takesFraction ?? false, fraction == nil {
      section.resolve("fraction", text: "\(forged)")
    }
    stake = try section.integer(
      "stake", in: 1...largestAmount, default: Self.defaultStake, unit: "stake",
      doc: "What it can lose.")
  }
}

extension Spec.Verifier {
  static let defaultStake = 100

  fileprivate init(
    reading section: inout SpecSection, names: inout ParticipantNames
  ) throws(SpecError) {
    name = try names.read(&section)
    behaviour = try section.choice(
      "behaviour", of: Behaviour.self, default: .honest, doc: "What the verifier does.")
    let friend = try section.optionalText(
      "with", Spec.nameRule, example: "alice", doc: "The miner that a colluding verifier helps."
    ) { Spec.isName($0) ? $0 : nil }
    accomplice = friend
    try section.require(
      (behaviour == .colluding) == (friend != nil), "with",
      "is needed by colluding verifiers and is for them alone")
    stake = try section.integer(
      "stake", in: 1...largestAmount, default: Self.defaultStake, unit: "stake",
      doc: "What it can lose.")
  }
}
