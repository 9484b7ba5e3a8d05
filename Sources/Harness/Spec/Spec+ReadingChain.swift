/// Stakes and rewards stay so small that no sum of them overflows.
private let largestAmount = 1_000_000_000_000

/// Most entries of a list of participants.
private let largestList = 256

extension Spec.Chain {
  init(reading section: inout SpecSection) throws(SpecError) {
    blockCount = try section.integer("blocks", in: 1...10000)
    blockTimeMilliseconds = try section.duration("block_time", default: 7_200_000)
    beaconPeriodMilliseconds = try section.duration("beacon_period", default: 600_000)
    attestationWindowMilliseconds = try section.duration("attestation_window", default: 3_600_000)

    var names = ParticipantNames()
    miners = []
    for var entry in try section.list("miners", limit: largestList) ?? [] {
      miners.append(try Spec.Miner(reading: &entry, names: &names))
    }
    if miners.isEmpty {
      miners = [Spec.Miner(name: "miner-1", behaviour: .honest, stake: Spec.Miner.defaultStake)]
      names.firstUses["miner-1"] = "the name of the default miner"
    }
    verifiers = []
    if let list = try section.list("verifiers", limit: largestList, orNumber: true) {
      for var entry in list {
        verifiers.append(try Spec.Verifier(reading: &entry, names: &names))
      }
    } else {
      verifiers = try Self.numberedVerifiers(reading: &section, names: names)
    }

    blockReward = try section.integer("block_reward", in: 0...largestAmount, default: 50)
    verifierReward = try section.integer("verifier_reward", in: 0...largestAmount, default: 10)
    minerSlashRate = try section.number("miner_slash_rate", .rate, default: 0.5)
    reporterRate = try section.number("reporter_rate", .rate, default: 0.1)
    verifierPenaltyRate = try section.number("verifier_penalty_rate", .rate, default: 0.1)
    try section.refuseOtherKeys()
  }

  private static func numberedVerifiers(
    reading section: inout SpecSection, names: ParticipantNames
  ) throws(SpecError) -> [Spec.Verifier] {
    let count = try section.verifierCount("verifiers", in: 1...largestList, default: 4)
    var verifiers: [Spec.Verifier] = []
    for number in 1...count {
      let name = "verifier-\(number)"
      if let first = names.firstUses[name] {
        throw section.conflict("verifiers", "would name one '\(name)', which is already \(first)")
      }
      verifiers.append(
        Spec.Verifier(name: name, behaviour: .honest, stake: Spec.Verifier.defaultStake))
    }
    return verifiers
  }
}

/// Who has which name: miners and verifiers share one ledger, so they share the names too.
private struct ParticipantNames {
  /// From a name to a phrase that says who has it.
  var firstUses: [String: String] = [:]

  mutating func read(_ section: inout SpecSection) throws(SpecError) -> String {
    let name = try section.text("name", Spec.nameRule) { Spec.isName($0) ? $0 : nil }
    if let first = firstUses[name] {
      throw section.repeatedName(name, "name", first: first)
    }
    firstUses[name] = "the name of \(section.path)"
    return name
  }
}

extension Spec.Miner {
  /// The keywords of `behaviour` in YAML.
  enum BehaviourName: String, CaseIterable {
    case honest
    case tamperedLeaves = "tampered-leaves"
    case fakedSteps = "faked-steps"
  }

  static let defaultStake = 1000

  fileprivate init(
    reading section: inout SpecSection, names: inout ParticipantNames
  ) throws(SpecError) {
    name = try names.read(&section)
    let keyword = try section.choice("behaviour", of: BehaviourName.self, default: .honest)
    if keyword == .honest, section.has("fraction") {
      throw section.conflict("fraction", "is only for cheats, but the behaviour is 'honest'")
    }
    let fraction = try section.number("fraction", .positiveRate, default: 0.25)
    behaviour =
      switch keyword {
      case .honest: .honest
      case .tamperedLeaves: .tamperedLeaves(fraction: fraction)
      case .fakedSteps: .fakedSteps(fraction: fraction)
      }
    stake = try section.integer("stake", in: 1...largestAmount, default: Self.defaultStake)
    try section.refuseOtherKeys()
  }
}

extension Spec.Verifier {
  static let defaultStake = 100

  fileprivate init(
    reading section: inout SpecSection, names: inout ParticipantNames
  ) throws(SpecError) {
    name = try names.read(&section)
    behaviour = try section.choice("behaviour", of: Behaviour.self, default: .honest)
    stake = try section.integer("stake", in: 1...largestAmount, default: Self.defaultStake)
    try section.refuseOtherKeys()
  }
}
