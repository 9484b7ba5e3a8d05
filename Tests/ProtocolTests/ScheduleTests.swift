import Proofs
import Protocol
import Testing

@Suite("The chain in time")
struct ScheduleTests {
  static let fast = Link(latencyMilliseconds: 50, bitsPerSecond: 1_000_000_000)

  static func scenario(
    blocks: Int = 4, miners: Int = 1, change: (inout ScheduleScenario) -> Void = { _ in }
  ) -> ScheduleScenario {
    var constants = ProtocolConstants.paper
    constants.blockTimeMilliseconds = 3_600_000
    var scenario = ScheduleScenario(
      constants: constants,
      miners: (0..<miners).map {
        ScheduleScenario.Miner(
          name: "miner-\($0 + 1)", trainingMilliseconds: 3_000_000, link: fast)
      },
      verifiers: (0..<3).map {
        ScheduleScenario.Verifier(
          name: "verifier-\($0 + 1)", stake: Stake(100), link: fast, leafMilliseconds: 10_000,
          replayMilliseconds: 400_000, progressMilliseconds: 20_000)
      },
      messages: ScheduleScenario.Messages(
        header: 438, publication: 10_000_000_000, answers: 100_000_000, states: 1_000_000,
        attestation: 305),
      propagation: .direct, lossRate: PartsPerMillion(0)!, jitter: PartsPerMillion(0)!,
      blockCount: blocks, seed: Fixture.digest("schedule", 1))
    change(&scenario)
    return scenario
  }

  static func run(_ scenario: ScheduleScenario) -> ScheduleOutcome {
    var simulation = ScheduleSimulation(scenario)
    return simulation.run()
  }

  @Test("goes by the times that can be worked out by hand")
  func byHand() {
    let outcome = Self.run(Self.scenario())
    #expect(outcome.rounds.count == 4)
    #expect(outcome.rounds.allSatisfy { $0.verdict == .confirmed })
    let first = outcome.rounds[0]
    #expect(first.dueAt.milliseconds == 3_600_000)
    // The challenge is the first round after the due time, ten minutes later.
    #expect(first.decidedAt.milliseconds == 7_200_000)
    #expect(first.nextAt.milliseconds == 7_200_000)
    // Third copy of 80 Gbit over 1 Gbit/s: 240 s and latency, before the challenge at 600 s. The
    // three verifiers share the miner's line: 2.4 s of answers.
    #expect(
      first.verifiedAt.milliseconds
        == 3_600_000 + 600_000 + 200 + 2_400 + 10_000 + 400_000 + 20_000)
    #expect(outcome.idleShare == 1 - 3_000_000.0 / 7_200_000)
    #expect(outcome.finalityMilliseconds == 7_200_000)
    #expect(first.counted == 3 && first.late == 0 && first.missing == 0)
  }

  @Test("equal seed, equal event log; another seed, another")
  func deterministic() {
    func log(_ seed: UInt64) -> ScheduleOutcome {
      Self.run(
        Self.scenario(blocks: 6, miners: 3) {
          $0.seed = Fixture.digest("schedule", seed)
          $0.jitter = PartsPerMillion(100_000)!
          $0.lossRate = PartsPerMillion(50_000)!
        })
    }
    #expect(log(1) == log(1))
    #expect(log(1).logDigest == log(1).logDigest)
    #expect(log(1).logDigest != log(2).logDigest)
    let times = log(3).log.map(\.time)
    #expect(times == times.sorted())
    #expect(log(3).log.count > 100)
  }

  @Test("a block time too short for training gives no block")
  func tooShort() {
    let outcome = Self.run(
      Self.scenario { $0.miners[0].trainingMilliseconds = 3_600_001 })
    #expect(outcome.rounds.allSatisfy { $0.verdict == .expired && $0.candidates == 0 })
    #expect(outcome.log.contains { $0.kind == .trainingUnfinished })
    #expect(outcome.finalityMilliseconds.isNaN)
    #expect(outcome.confirmedShare == 0)
  }

  @Test("a line too slow for the diff makes attestations late and the block expire")
  func slowLine() {
    let outcome = Self.run(
      Self.scenario(blocks: 1) {
        for index in 0..<3 { $0.verifiers[index].link.bitsPerSecond = 20_000_000 }
      })
    // 80 Gbit at 20 Mbit/s is 4000 s, beyond the window of 3600 s.
    #expect(outcome.rounds[0].verdict == .expired)
    #expect(outcome.rounds[0].late == 3)
    #expect(outcome.log.contains { $0.kind == .attestationLate })
  }

  @Test("late and lost answers are negatives, and a third of them slashes")
  func answers() {
    let late = Self.run(
      Self.scenario(blocks: 1) {
        $0.messages.answers = 10_000_000_000
      })
    #expect(late.rounds[0].missing == 3)
    #expect(late.rounds[0].verdict == .slashed)
    let lost = Self.run(Self.scenario(blocks: 1) { $0.lossRate = PartsPerMillion(1_000_000)! })
    #expect(lost.rounds[0].verdict == .slashed)
    #expect(lost.log.contains { $0.kind == .answersMissing })
  }

  @Test("several miners: one of them wins each height, and each wins some")
  func severalMiners() {
    let outcome = Self.run(Self.scenario(blocks: 40, miners: 2))
    #expect(outcome.rounds.allSatisfy { $0.verdict == .confirmed && $0.candidates == 2 })
    #expect(outcome.forkCount == 0)
    let winners = Set(outcome.log.filter { $0.kind == .confirmed }.map(\.block))
    #expect(winners == ["miner-1", "miner-2"])
  }

  @Test("verifiers that have not seen the best header in time fork the vote")
  func forks() {
    let outcome = Self.run(
      Self.scenario(blocks: 40, miners: 2) {
        // One miner's header reaches the verifiers only after the challenge, but for one of them.
        $0.miners[1].link.latencyMilliseconds = 599_900
        $0.verifiers[0].link.latencyMilliseconds = 10
        $0.verifiers[1].link.latencyMilliseconds = 200
        $0.verifiers[2].link.latencyMilliseconds = 200
        // Long latencies would make its answers late, which is another story.
        $0.constants.answerDeadlineMilliseconds = 3_000_000
      })
    #expect(outcome.forkCount > 5 && outcome.forkCount < 35)
    for round in outcome.rounds where round.attestedBlocks == 2 {
      // Two of three verifiers agree, which is exactly enough.
      #expect(round.verdict == .confirmed)
    }
  }

  @Test("verifiers join and leave; who is registered and gone counts against everyone")
  func presence() {
    let outcome = Self.run(
      Self.scenario(blocks: 3) {
        $0.verifiers[2].joinsAt = VirtualTime(milliseconds: 7_200_000)
        $0.verifiers[0].leavesAt = VirtualTime(milliseconds: 14_400_000)
      })
    #expect(outcome.rounds.map(\.counted) == [2, 3, 2])
    #expect(outcome.rounds.allSatisfy { $0.verdict == .confirmed })
    #expect(outcome.log.filter { $0.kind == .verifierJoined }.count == 1)
    #expect(outcome.log.filter { $0.kind == .verifierLeft }.count == 1)
    // Two leave between challenge and attestation: their stake is missed.
    let gone = Self.run(
      Self.scenario(blocks: 1) {
        for index in 0..<2 { $0.verifiers[index].leavesAt = VirtualTime(milliseconds: 4_210_000) }
      })
    #expect(gone.rounds[0].counted == 1)
    #expect(gone.rounds[0].verdict == .expired)
  }

  @Test("a loser waits for the winner's diff before it mines on")
  func losersWait() {
    let outcome = Self.run(
      Self.scenario(blocks: 20, miners: 2) {
        // 80 Gbit at 10 Mbit/s take 8000 s: longer than a round.
        for index in 0..<2 { $0.miners[index].link.bitsPerSecond = 1_000_000_000 }
        $0.miners[1].link.bitsPerSecond = 10_000_000
        $0.messages.publication = 10_000_000_000
      })
    // Only the fast miner's blocks can be verified in time; the slow one never has the model.
    let late = outcome.log.filter { $0.kind == .trainingUnfinished }
    #expect(!late.isEmpty)
    #expect(late.allSatisfy { $0.node == "miner-2" })
  }

  @Test("lines and trees take the time they take")
  func links() {
    let slow = Link(latencyMilliseconds: 10, bitsPerSecond: 8_000)
    #expect(slow.occupancyMilliseconds(0) == 0)
    #expect(slow.occupancyMilliseconds(1) == 1)
    #expect(slow.occupancyMilliseconds(1000) == 1000)
    #expect(slow.occupancyMilliseconds(.max) > 1 << 60)
    #expect(slow.transferMilliseconds(1000, to: Self.fast) == 60 + 1000)
    func arrivals(_ propagation: Propagation, _ count: Int) -> [UInt64] {
      (0..<count).map {
        propagation.arrivalMilliseconds(1000, index: $0, count: count, from: slow, to: slow)
      }
    }
    #expect(arrivals(.direct, 3) == [1020, 2020, 3020])
    #expect(arrivals(.gossip(fanOut: 2), 7) == [2020, 2020, 2040, 2040, 2040, 2040, 2060])
    #expect(arrivals(.gossip(fanOut: 1), 3) == [1020, 1040, 1060])
  }

  @Test("the fork choice follows no order but the tickets'")
  func tickets() {
    let headers = (0..<20 as Range<UInt64>).map { Fixture.digest("header", $0) }
    var winners = Set<Digest>()
    for number in 0..<40 as Range<UInt64> {
      let beacon = Fixture.digest("beacon", number)
      let winner = ForkChoice.choose(headers, challengeBeacon: beacon)
      #expect(winner == ForkChoice.choose(headers.reversed(), challengeBeacon: beacon))
      if let winner { winners.insert(winner) }
    }
    #expect(winners.count > 8)
    #expect(ForkChoice.choose([], challengeBeacon: headers[0]) == nil)
  }
}
