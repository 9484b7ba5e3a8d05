import Kernels
import Models
import Proofs
import Protocol
import Testing

@Suite("Every dishonest miner is caught, and its honest twin is not")
struct AdversaryTests {
  static let fraction = PartsPerMillion(250_000)!

  /// A chain whose verifiers look at everything, with a miner that breaks one rule.
  static func fixture(
    _ adversary: MinerAdversary, checks: Checks = .all,
    randomness: RandomnessRules = .strong, leafRate: UInt32 = 1_000_000
  ) throws -> Fixture {
    let victim = PrivateKey(seed: Fixture.digest("victim", 1)).publicKey
    return try Fixture(
      FixtureOptions(
        leafRate: leafRate, progressTokens: 16, progressMargin: 100,
        behaviour: adversary.behaviour(
          fraction: fraction, victim: victim, deadlineMilliseconds: 600),
        checks: checks, randomness: randomness))
  }

  /// The check that catches each, in the words of an attestation.
  static func reason(_ adversary: MinerAdversary) -> Attestation.Reason {
    switch adversary {
    case .infiniteStartingLoss, .equivocation: .structure
    case .wrongTwin: .leaf
    case .tamperedLeaves, .backdooredTensor, .groundChallenge: .update
    case .skippedTraining, .fakedSteps, .falseLoss, .reusedGradients, .evaluationTraining,
      .lowerPrecision, .falseOperator, .copiedBlock, .spoofedTrajectory, .randomWeights:
      .replay
    case .withholding, .lateAnswers, .inventedRoots, .fabricatedProofs: .unavailable
    }
  }

  @Test("caught", arguments: MinerAdversary.allCases)
  func caught(adversary: MinerAdversary) throws {
    let fixture = try Self.fixture(adversary)
    let (outcomes, chain, verdict) = try fixture.decide(try fixture.mine())
    let reason = Self.reason(adversary)
    for outcome in outcomes {
      #expect(outcome.attestation.attestation.reason == reason)
      #expect((outcome.evidence == nil) == (reason == .unavailable))
    }
    #expect(verdict.word == "slashed")
    if reason == .unavailable { #expect(verdict == .slashedByStake) }
    #expect(chain.ledger.stake(of: fixture.minerKey) == Stake(501))
    #expect(chain.ledger.earnings(of: fixture.minerKey) == .zero)
    #expect(chain.tip == fixture.state.tip)
    for index in 0..<3 {
      #expect(chain.ledger.stake(of: fixture.verifierKey(index)) == Stake(100))
    }
  }

  @Test("honest twin confirmed", arguments: 1...3 as ClosedRange<UInt64>)
  func honestTwin(seed: UInt64) throws {
    let fixture = try Fixture(
      FixtureOptions(seed: seed, progressTokens: 16, progressMargin: 100))
    let (outcomes, chain, verdict) = try fixture.decide(try fixture.mine())
    #expect(verdict == .confirmed)
    #expect(outcomes.allSatisfy { $0.failure == nil })
    #expect(chain.ledger.stake(of: fixture.minerKey) == Stake(1001))
    #expect(chain.ledger.burned == .zero)
  }

  /// Whether `adversary` gets its block confirmed when verifiers run only `checks`.
  static func passes(
    _ adversary: MinerAdversary, _ checks: Checks, randomness: RandomnessRules = .strong
  ) throws -> Bool {
    let fixture = try fixture(adversary, checks: checks, randomness: randomness)
    return try fixture.decide(try fixture.mine()).verdict == .confirmed
  }

  @Test("random weights with a correct twin pass consistency and are caught by replay")
  func consistencyIsNotTraining() throws {
    #expect(try Self.passes(.randomWeights, [.leaf, .availability]))
    #expect(try Self.passes(.randomWeights, [.leaf, .update, .availability, .transcript]))
    #expect(try !Self.passes(.randomWeights, [.replay]))
    // A path that is merely smooth is no better.
    #expect(try Self.passes(.spoofedTrajectory, [.leaf, .update, .availability, .transcript]))
    #expect(try !Self.passes(.spoofedTrajectory, [.replay]))
  }

  @Test(
    "each check alone catches its own and no other",
    arguments: [
      (Checks.leaf, [.wrongTwin]), (.update, [.tamperedLeaves, .backdooredTensor]),
      (.replay, [.fakedSteps, .falseLoss, .lowerPrecision, .falseOperator]),
      (.availability, [.withholding, .lateAnswers, .fabricatedProofs, .inventedRoots]),
    ] as [(Checks, [MinerAdversary])])
  func alone(check: Checks, own: [MinerAdversary]) throws {
    let all: [MinerAdversary] = [
      .wrongTwin, .tamperedLeaves, .backdooredTensor, .fakedSteps, .falseLoss, .lowerPrecision,
      .falseOperator, .withholding, .lateAnswers, .fabricatedProofs, .inventedRoots,
    ]
    for adversary in all {
      // Without leaves to open nobody would ask for what is withheld.
      let checks = check == .availability ? [.availability, .leaf] : check
      guard check != .availability || adversary != .wrongTwin else { continue }
      #expect(
        try Self.passes(adversary, checks) == !own.contains(adversary),
        "\(adversary) against \(check)")
    }
  }

  @Test("a header alone proves an infinite loss, and two headers prove equivocation")
  func evidence() throws {
    let infinite = try Self.fixture(.infiniteStartingLoss)
    let block = try infinite.mine()
    #expect(
      try infinite.stranger(nil).judge(
        Evidence(block: block.signed.header.digest, proof: .header),
        against: block.signed.header) == .header(.nonFiniteLoss))

    let twofold = try Self.fixture(.equivocation)
    let mined = try twofold.mine()
    let rival = try #require(mined.rivals.first)
    #expect(rival.hasValidSignature)
    let judge = try twofold.stranger(nil)
    func judged(_ other: SignedHeader, _ block: SignedHeader = mined.signed) throws -> Finding {
      try judge.judge(
        Evidence(block: block.header.digest, proof: .equivocation(other)), against: block.header)
    }
    #expect(try judged(rival) == .equivocation)
    #expect(try judged(mined.signed, rival) == .equivocation)
    // The same header, an unsigned one, another miner's and another height's prove nothing.
    #expect(throws: EvidenceError.noContradiction) { try judged(mined.signed) }
    #expect(throws: EvidenceError.noContradiction) {
      try judged(SignedHeader(header: rival.header, signature: mined.signed.signature))
    }
    let stranger = PrivateKey(seed: Fixture.digest("stranger", 1))
    var foreign = rival.header
    foreign.miner = stranger.publicKey
    #expect(throws: EvidenceError.noContradiction) {
      try judged(SignedHeader(signing: foreign, with: stranger))
    }
    #expect(throws: EvidenceError.noContradiction) {
      try judged(twofold.resigned(rival) { $0.height = $0.height.next })
    }
    #expect(throws: EvidenceError.noContradiction) {
      try judged(twofold.resigned(rival) { $0.parent = .zero })
    }
  }

  @Test("an answer at the deadline counts, one after it does not")
  func deadline() throws {
    for (milliseconds, verdict) in [(600, Verdict.confirmed), (601, .slashedByStake)] {
      let fixture = try Fixture(
        FixtureOptions(behaviour: LateAnswers(milliseconds: UInt64(milliseconds))))
      let (outcomes, _, decided) = try fixture.decide(try fixture.mine())
      #expect(decided == verdict)
      let opens = fixture.genesis.constants.time(ofRound: fixture.state.challengeRound)
      #expect(outcomes[0].attestation.attestation.attestedAt == opens + 600)
    }
  }

  @Test("a back door can be planted in any tensor", arguments: ["wte.weight", "h.0.ln_1.bias"])
  func backdoor(tensor: String) throws {
    let behaviour = BackdooredTensor(tensor: tensor)
    let fixture = try Fixture(FixtureOptions(behaviour: behaviour))
    let mined = try fixture.mine()
    let range = behaviour.range(task: fixture.task)
    let (outcomes, _, verdict) = try fixture.decide(mined)
    #expect(
      verdict
        == .slashedByProof(
          .update(leaf: range.lowerBound / Int(fixture.task.leafValueCount))))
    #expect(outcomes[0].attestation.attestation.reason == .update)
  }
}
