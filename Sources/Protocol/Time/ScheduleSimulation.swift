import Proofs

/// Runs a chain on a virtual clock by discrete events: no model is trained and no clock is read, so
/// hours of a 175-billion-parameter chain take milliseconds (`docs/protocol.md`, section 14).
public struct ScheduleSimulation {
  private let scenario: ScheduleScenario
  private var queue = EventQueue<Event>()
  private var log: [ScheduleEvent] = []
  private var rounds: [ScheduleOutcome.Round] = []
  private var sampler: SeededSampler
  /// When each miner has the model that it builds on.
  private var modelAt: [VirtualTime]
  private var current: RoundState

  private enum Event {
    case log(ScheduleEvent.Kind, node: String, block: String)
    case headerArrived(verifier: Int, miner: Int)
    case challenge
    case attested(verifier: Int, miner: Int, positive: Bool)
    case attestationArrived(verifier: Int)
    case close
  }

  private struct RoundState {
    var startedAt: VirtualTime
    var candidates: [Int] = []
    /// Headers that each verifier has, by verifier.
    var headers: [Int: Set<Int>] = [:]
    /// When each verifier has each candidate's publication.
    var publicationAt: [Int: [Int: VirtualTime]] = [:]
    var words: [Int: (miner: Int, positive: Bool)] = [:]
    var counted: Set<Int> = []
    var late = 0
    var missing = 0
    var totalStake: UInt64 = 0
    var verifiedAt: VirtualTime
    var trainingMilliseconds: UInt64 = 0
    /// When each miner has each candidate's publication.
    var minerPublicationAt: [Int: [Int: VirtualTime]] = [:]
  }

  /// A simulation of `scenario`.
  public init(_ scenario: ScheduleScenario) {
    self.scenario = scenario
    sampler = SeededSampler(seed: scenario.seed, domain: "schedule")
    let start = VirtualTime(milliseconds: 0)
    modelAt = scenario.miners.map { _ in start }
    current = RoundState(startedAt: start, verifiedAt: start)
  }

  /// Runs all rounds. Equal scenarios give equal outcomes, log included.
  public mutating func run() -> ScheduleOutcome {
    logPresence()
    for number in 0..<scenario.blockCount {
      startRound(at: rounds.last?.nextAt ?? VirtualTime(milliseconds: 0))
      while let (time, event) = queue.pop() { handle(event, at: time, round: number) }
    }
    // Presence is logged ahead of the rounds; the sort is stable in the order of the log.
    let ordered = log.enumerated().sorted {
      ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
    }
    return ScheduleOutcome(
      rounds: rounds, log: ordered.map(\.element), minerCount: scenario.miners.count)
  }

  private mutating func logPresence() {
    for verifier in scenario.verifiers {
      if verifier.joinsAt.milliseconds > 0 {
        log.append(
          ScheduleEvent(
            time: verifier.joinsAt, kind: .verifierJoined, round: 0, node: verifier.name, block: ""
          ))
      }
      if let leaves = verifier.leavesAt {
        log.append(
          ScheduleEvent(
            time: leaves, kind: .verifierLeft, round: 0, node: verifier.name, block: ""))
      }
    }
  }

  // MARK: one round

  private var constants: ProtocolConstants { scenario.constants }
  private var dueAt: VirtualTime { current.startedAt + constants.blockTimeMilliseconds }
  private var challengeAt: VirtualTime {
    constants.time(ofRound: constants.firstRound(after: dueAt))
  }
  private var closesAt: VirtualTime { dueAt + constants.attestationWindowMilliseconds }

  private mutating func startRound(at start: VirtualTime) {
    current = RoundState(
      startedAt: start, verifiedAt: start + constants.blockTimeMilliseconds)
    for (index, miner) in scenario.miners.enumerated() {
      let from = max(start, modelAt[index])
      queue.push(.log(.miningStarted, node: miner.name, block: ""), at: from)
      let done = from + varied(miner.trainingMilliseconds)
      if done <= dueAt {
        current.trainingMilliseconds += done.milliseconds - from.milliseconds
        queue.push(.log(.trained, node: miner.name, block: ""), at: done)
        commit(index)
      } else {
        // Work that does not end in time is worth nothing, but it keeps the machine busy.
        current.trainingMilliseconds += max(dueAt, from).milliseconds - from.milliseconds
        queue.push(.log(.trainingUnfinished, node: miner.name, block: ""), at: max(dueAt, from))
      }
    }
    queue.push(.challenge, at: challengeAt)
    queue.push(.close, at: closesAt)
  }

  /// Sends header and publication of a miner's block when it is due.
  private mutating func commit(_ miner: Int) {
    let sender = scenario.miners[miner]
    current.candidates.append(miner)
    queue.push(.log(.committed, node: sender.name, block: sender.name), at: dueAt)
    let receivers = scenario.verifiers.count + scenario.miners.count - 1
    func publicationArrival(_ place: Int, _ link: Link) -> VirtualTime {
      dueAt
        + scenario.propagation.arrivalMilliseconds(
          scenario.messages.publication, index: place, count: receivers, from: sender.link, to: link
        )
    }
    for (index, verifier) in scenario.verifiers.enumerated() {
      let header = sender.link.transferMilliseconds(scenario.messages.header, to: verifier.link)
      queue.push(.headerArrived(verifier: index, miner: miner), at: dueAt + header)
      let arrival = publicationArrival(index, verifier.link)
      current.publicationAt[index, default: [:]][miner] = arrival
      if arrival <= closesAt {
        queue.push(
          .log(.publicationArrived, node: verifier.name, block: sender.name), at: arrival)
      }
    }
    var place = scenario.verifiers.count
    for (index, other) in scenario.miners.enumerated() where index != miner {
      current.minerPublicationAt[index, default: [:]][miner] = publicationArrival(place, other.link)
      place += 1
    }
  }

  private mutating func handle(_ event: Event, at time: VirtualTime, round: Int) {
    func record(_ kind: ScheduleEvent.Kind, _ node: String = "", _ block: String = "") {
      log.append(ScheduleEvent(time: time, kind: kind, round: round, node: node, block: block))
    }
    switch event {
    case .log(let kind, let node, let block): record(kind, node, block)
    case .headerArrived(let verifier, let miner):
      current.headers[verifier, default: []].insert(miner)
      record(.headerArrived, scenario.verifiers[verifier].name, scenario.miners[miner].name)
    case .challenge:
      record(.challenged)
      challenge(at: time, round: round)
    case .attested(let verifier, let miner, let positive):
      let node = scenario.verifiers[verifier]
      current.verifiedAt = max(current.verifiedAt, time)
      // Who has left says nothing.
      guard node.isPresent(at: time) else { return }
      record(
        positive ? .attestedPositive : .attestedNegative, node.name, scenario.miners[miner].name)
      current.words[verifier] = (miner, positive)
      let transfer = node.link.transferMilliseconds(
        scenario.messages.attestation, to: scenario.miners[miner].link)
      queue.push(.attestationArrived(verifier: verifier), at: time + transfer)
    case .attestationArrived(let verifier):
      let isLate = time > closesAt
      if isLate { current.late += 1 } else { current.counted.insert(verifier) }
      record(isLate ? .attestationLate : .attestationCounted, scenario.verifiers[verifier].name)
      if isLate, var last = rounds.popLast() {
        // The round was decided without it; the count is kept with the round all the same.
        last = last.with(late: current.late, verifiedAt: current.verifiedAt)
        rounds.append(last)
      }
    case .close: close(round: round)
    }
  }

  /// Every verifier chooses among the headers that it has and asks the chosen one's miner.
  private mutating func challenge(at time: VirtualTime, round: Int) {
    let beacon = Digest.tagged("PoGO/schedule-beacon", scenario.seed, UInt64(round))
    let present = scenario.verifiers.indices.filter { scenario.verifiers[$0].isPresent(at: time) }
    current.totalStake = present.reduce(0) { $0 + scenario.verifiers[$1].stake.units }
    func name(_ miner: Int) -> Digest {
      Digest.tagged("PoGO/schedule-block", scenario.seed, UInt64(round), UInt64(miner))
    }
    var askers: [Int: [Int]] = [:]
    for verifier in present {
      let seen = (current.headers[verifier] ?? []).sorted()
      guard
        let chosen = ForkChoice.choose(seen.map(name), challengeBeacon: beacon),
        let miner = seen.first(where: { name($0) == chosen })
      else { continue }
      askers[miner, default: []].append(verifier)
    }
    for miner in askers.keys.sorted() {
      for verifier in askers[miner] ?? [] {
        ask(verifier, miner, at: time, askers: UInt64(askers[miner]?.count ?? 0))
      }
    }
  }

  /// One verifier's questions to one miner, whose line all askers share, and its verification.
  private mutating func ask(_ verifier: Int, _ miner: Int, at time: VirtualTime, askers: UInt64) {
    let (node, server) = (scenario.verifiers[verifier], scenario.miners[miner])
    func arrival(_ bytes: UInt64) -> UInt64 {
      2 * (node.link.latencyMilliseconds + server.link.latencyMilliseconds)
        + max(
          server.link.occupancyMilliseconds(
            bytes.multipliedReportingOverflow(by: askers).partialValue),
          node.link.occupancyMilliseconds(bytes))
    }
    let wait = arrival(scenario.messages.answers)
    let isLost = sampler.uniform(below: 1_000_000) < UInt64(scenario.lossRate.value)
    guard !isLost, wait <= constants.answerDeadlineMilliseconds else {
      let deadline = time + constants.answerDeadlineMilliseconds
      current.missing += 1
      queue.push(.log(.answersMissing, node: node.name, block: server.name), at: deadline)
      queue.push(.attested(verifier: verifier, miner: miner, positive: false), at: deadline)
      return
    }
    queue.push(.log(.answersArrived, node: node.name, block: server.name), at: time + wait)
    let leavesDone = time + (wait + varied(node.leafMilliseconds))
    let statesAt = time + arrival(scenario.messages.states)
    let published = current.publicationAt[verifier]?[miner] ?? time
    let done =
      max(leavesDone, statesAt, published)
      + (varied(node.replayMilliseconds) + varied(node.progressMilliseconds))
    queue.push(.attested(verifier: verifier, miner: miner, positive: true), at: done)
  }

  /// Decides as section 7 does, for each block that was attested to.
  private mutating func close(round: Int) {
    var tally: [Int: (positive: UInt64, negative: UInt64)] = [:]
    for verifier in current.counted.sorted() {
      guard let word = current.words[verifier] else { continue }
      let stake = scenario.verifiers[verifier].stake.units
      if word.positive {
        tally[word.miner, default: (0, 0)].positive += stake
      } else {
        tally[word.miner, default: (0, 0)].negative += stake
      }
    }
    func reaches(_ part: UInt64, _ threshold: (numerator: UInt64, denominator: UInt64)) -> Bool {
      part.multipliedFullWidth(by: threshold.denominator)
        >= current.totalStake.multipliedFullWidth(by: threshold.numerator)
    }
    var verdict = ScheduleEvent.Kind.expired
    var winner: Int?
    for miner in tally.keys.sorted() where current.totalStake > 0 {
      let votes = tally[miner] ?? (0, 0)
      if reaches(votes.negative, ProtocolConstants.slashThreshold) {
        verdict = .slashed
        winner = miner
      } else if reaches(votes.positive, ProtocolConstants.confirmThreshold) {
        verdict = .confirmed
        winner = miner
      }
    }
    let next = constants.time(ofRound: constants.firstRound(notBefore: closesAt))
    for index in modelAt.indices {
      modelAt[index] = next
      guard verdict == .confirmed, let winner, index != winner else { continue }
      modelAt[index] = max(next, current.minerPublicationAt[index]?[winner] ?? next)
    }
    let block = winner.map { scenario.miners[$0].name } ?? ""
    log.append(
      ScheduleEvent(time: closesAt, kind: verdict, round: round, node: "", block: block))
    rounds.append(
      ScheduleOutcome.Round(
        startedAt: current.startedAt, dueAt: dueAt, decidedAt: closesAt, nextAt: next,
        verdict: verdict, candidates: current.candidates.count,
        attestedBlocks: Set(current.words.values.map(\.miner)).count,
        counted: current.counted.count, late: current.late, missing: current.missing,
        verifiedAt: current.verifiedAt, trainingMilliseconds: current.trainingMilliseconds))
  }

  /// `milliseconds`, more or less the scenario's jitter.
  private mutating func varied(_ milliseconds: UInt64) -> UInt64 {
    let spread = Stake(milliseconds).share(of: scenario.jitter).units
    guard spread > 0 else { return milliseconds }
    return milliseconds - spread + sampler.uniform(below: 2 * spread + 1)
  }
}

extension ScheduleOutcome.Round {
  fileprivate func with(late: Int, verifiedAt: VirtualTime) -> ScheduleOutcome.Round {
    ScheduleOutcome.Round(
      startedAt: startedAt, dueAt: dueAt, decidedAt: decidedAt, nextAt: nextAt, verdict: verdict,
      candidates: candidates, attestedBlocks: attestedBlocks, counted: counted, late: late,
      missing: missing, verifiedAt: verifiedAt, trainingMilliseconds: trainingMilliseconds)
  }
}
