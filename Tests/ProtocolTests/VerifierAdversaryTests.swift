import Proofs
import Protocol
import Testing

@Suite("Every dishonest verifier gains nothing, and its honest twin loses nothing")
struct VerifierAdversaryTests {
  /// Three verifiers, the last of which is dishonest, on a miner's block.
  static func decide(
    _ behaviour: VerifierBehaviour, miner: any MinerBehaviour = HonestMiner(),
    leafRate: UInt32 = 500_000, stakes: [UInt64] = [100, 100, 100], seed: UInt64 = 1
  ) throws -> (fixture: Fixture, outcomes: [Verifier.Outcome], chain: ChainState, Verdict) {
    let fixture = try Fixture(
      FixtureOptions(
        seed: seed, leafRate: leafRate, replayRate: 250_000, verifierStakes: stakes,
        behaviour: miner, verifierBehaviours: [2: behaviour]))
    let (outcomes, chain, verdict) = try fixture.decide(try fixture.mine())
    return (fixture, outcomes, chain, verdict)
  }

  @Test(
    "its word is not counted and costs it stake on an honest block",
    arguments: [VerifierBehaviour.lazy, .copycat, .forger])
  func penalized(behaviour: VerifierBehaviour) throws {
    let (fixture, outcomes, chain, verdict) = try Self.decide(behaviour)
    #expect(verdict == .confirmed)
    #expect(outcomes[2].attestation.hasValidSignature)
    let ledger = chain.ledger
    #expect(ledger.stake(of: fixture.verifierKey(2)) == Stake(85))
    #expect(ledger.earnings(of: fixture.verifierKey(2)) == .zero)
    for index in 0..<2 {
      #expect(ledger.stake(of: fixture.verifierKey(index)) == Stake(100))
      #expect(ledger.earnings(of: fixture.verifierKey(index)) == Stake(50))
    }
    #expect(ledger.earnings(of: fixture.minerKey) == Stake(1000))
    #expect(ledger.stake(of: fixture.minerKey) == Stake(1001))
  }

  @Test("its honest twin is paid like the others")
  func honestTwin() throws {
    let (fixture, _, chain, verdict) = try Self.decide(.honest)
    #expect(verdict == .confirmed)
    for index in 0..<3 {
      #expect(chain.ledger.stake(of: fixture.verifierKey(index)) == Stake(100))
      #expect(chain.ledger.earnings(of: fixture.verifierKey(index)) == Stake(33))
    }
  }

  @Test("a griefer below a third of the stake harms nobody; from a third on it does")
  func griefer() throws {
    let (weak, _, chain, verdict) = try Self.decide(.griefer, stakes: [101, 100, 100])
    #expect(verdict == .confirmed)
    #expect(chain.ledger.stake(of: weak.minerKey) == Stake(1001))
    #expect(chain.ledger.earnings(of: weak.verifierKey(2)) == .zero)
    // The stated limit of every vote: a third of the stake is trusted to be honest.
    let (_, _, _, strong) = try Self.decide(.griefer)
    #expect(strong == .slashedByStake)
  }

  @Test("a copycat is told apart even when everything it copies is true")
  func copycat() throws {
    let (fixture, outcomes, chain, _) = try Self.decide(.copycat)
    #expect(outcomes[2].transcript == outcomes[0].transcript)
    #expect(outcomes[2].challenge != outcomes[0].challenge)
    #expect(chain.ledger.stake(of: fixture.verifierKey(2)) == Stake(85))
    // Alone with nobody to copy from it is merely lazy.
    let alone = try Fixture(FixtureOptions(verifierBehaviours: [0: .copycat]))
    let mined = try alone.mine()
    #expect(try alone.verify(0, mined.signed, server: mined).transcript.answers.isEmpty)
  }

  @Test("colluding stake cannot hide a fraud that one honest verifier proves")
  func colluding() throws {
    let friend = PrivateKey(seed: Fixture.digest("miner", 1)).publicKey
    let tampering = TamperedLeaves(fraction: PartsPerMillion(1_000_000)!)
    // 99 % of the stake colludes. Everyone opens every leaf, so the proved one is in every challenge.
    let (fixture, outcomes, chain, verdict) = try Self.decide(
      .colluding(with: friend), miner: tampering, leafRate: 1_000_000, stakes: [1, 0, 99])
    #expect(outcomes[2].attestation.attestation.isPositive)
    #expect(outcomes[2].failure != nil)
    #expect(verdict.word == "slashed")
    #expect(chain.ledger.stake(of: fixture.minerKey) == Stake(501))
    // It signed a positive over a fraud in its own challenge: 15 % of 99, rounded down.
    #expect(chain.ledger.stake(of: fixture.verifierKey(2)) == Stake(99 - 14))
    // What nobody can prove to strangers it can hide: that is what the thirds are for.
    let silent = Withholding(fraction: PartsPerMillion(1_000_000)!)
    let hidden = try Self.decide(.colluding(with: friend), miner: silent, stakes: [1, 0, 99])
    #expect(hidden.3 != .confirmed)
    // To others it is honest.
    let other = PrivateKey(seed: Fixture.digest("other", 1)).publicKey
    let honest = try Self.decide(.colluding(with: other), miner: tampering)
    #expect(honest.outcomes[2].attestation.attestation.reason == .update)
  }
}
