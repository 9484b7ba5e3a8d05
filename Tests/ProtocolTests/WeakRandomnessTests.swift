import Proofs
import Protocol
import Testing

@Suite("What breaks when a phase of randomness is weakened")
struct WeakRandomnessTests {
  @Test("with data that miners choose, a copied block is as good as the original")
  func copying() throws {
    #expect(
      try AdversaryTests.passes(
        .copiedBlock, .all, randomness: RandomnessRules(training: .minerChosen)))
    #expect(try !AdversaryTests.passes(.copiedBlock, .all))
  }

  @Test("with challenges known early, a grinder is never seen; else as often as any other")
  func grinding() throws {
    // Two of 22 leaves for each of three verifiers: most headers are seen, few are not.
    let rate: UInt32 = 90_000
    var caught: [RandomnessRules.Challenge: Int] = [:]
    for seed in 1...12 as ClosedRange<UInt64> {
      for challenge in RandomnessRules.Challenge.allCases {
        let grinder = GroundChallenge(fraction: PartsPerMillion(250_000)!)
        let fixture = try Fixture(
          FixtureOptions(
            seed: seed, leafRate: rate, replayRate: 0, behaviour: grinder,
            randomness: RandomnessRules(challenge: challenge)))
        let verdict = try fixture.decide(try fixture.mine()).verdict
        if verdict != .confirmed { caught[challenge, default: 0] += 1 }
      }
    }
    #expect(caught[.knownEarly] == nil)
    // Six draws at a quarter tampered miss with probability 0.18.
    #expect(caught[.afterCommitment, default: 0] >= 6)
  }

  @Test("the weak challenge follows from header and verifier, the strong one does not")
  func challenges() throws {
    let fixture = try Fixture(FixtureOptions(randomness: RandomnessRules(challenge: .knownEarly)))
    let mined = try fixture.mine()
    let digest = mined.signed.header.digest
    let outcomes = try fixture.decide(mined).outcomes
    for (index, outcome) in outcomes.enumerated() {
      let foreseen = Challenge(
        output: Randomness.earlyChallengeOutput(
          block: digest, verifier: fixture.verifierKey(index)),
        task: fixture.task, constants: fixture.genesis.constants)
      #expect(outcome.challenge == foreseen)
    }
    let strong = try Fixture(FixtureOptions(leafRate: 100_000))
    let block = try strong.mine()
    let foreseen = Challenge(
      output: Randomness.earlyChallengeOutput(
        block: block.signed.header.digest, verifier: strong.verifierKey(0)),
      task: strong.task, constants: strong.genesis.constants)
    #expect(try strong.decide(block).outcomes[0].challenge != foreseen)
  }
}
