import Proofs
import Protocol
import Testing

@Suite("Economics")
struct EconomicsTests {
  let cheat = CheatEconomics(
    reward: 100, honestCost: 60, savedCost: 45, stake: 1000, slashShare: 0.5)

  @Test("the gain is the cheat's pay over the honest pay, at any probability")
  func gain() {
    for step in 0...20 {
      let p = Double(step) / 20
      #expect(
        abs(cheat.gain(detection: p) - (cheat.cheatPay(detection: p) - cheat.honestPay)) < 1e-9)
      #expect((cheat.gain(detection: p) < 0) == (p * (100 + 500) > 45))
    }
    #expect(cheat.honestPay == 40)
    #expect(cheat.cheatPay(detection: 0) == 85)
    #expect(cheat.cheatPay(detection: 1) == -515)
  }

  @Test("break-even points gain nothing")
  func breakEven() throws {
    #expect(abs(cheat.gain(detection: cheat.breakEvenDetection)) < 1e-9)
    for p in [0.01, 0.1, 0.4] {
      var other = cheat
      other.stake = cheat.breakEvenStake(detection: p)
      #expect(other.stake > 0)
      #expect(abs(other.gain(detection: p)) < 1e-9)
      other.stake += 1
      #expect(other.gain(detection: p) < 0)
    }
    // Losing the reward alone is enough.
    #expect(cheat.breakEvenStake(detection: 0.5) == 0)
    #expect(cheat.breakEvenStake(detection: 0) == .infinity)
    let draws = try #require(cheat.breakEvenDraws(population: 118, marked: 2, verifiers: 4))
    func gain(_ draws: Int) -> Double {
      cheat.gain(
        detection: Odds.detection(population: 118, marked: 2, draws: draws, verifiers: 4))
    }
    #expect(gain(draws) <= 0 && gain(draws - 1) > 0)
    var hopeless = cheat
    hopeless.savedCost = 1e6
    #expect(hopeless.breakEvenDetection > 1)
    #expect(hopeless.breakEvenDraws(population: 118, marked: 2, verifiers: 4) == nil)
    hopeless.savedCost = 0
    #expect(hopeless.breakEvenDetection == 0)
  }

  @Test("laziness stops paying where it is said to")
  func lazy() {
    let verifier = VerifierEconomics(reward: 25, cost: 5, stake: 100, penaltyShare: 0.1)
    #expect(verifier.honestPay == 20)
    #expect(abs(verifier.lazyPay(found: verifier.breakEvenFound) - verifier.honestPay) < 1e-9)
    #expect(verifier.lazyPay(found: 1) == -10)
    #expect(verifier.lazyPay(found: 0) == 25)
  }

  @Test("the ledgers of real blocks pay what the formulas say")
  func ledgers() throws {
    // An honest and a slashed block, read from the chain.
    let honest = try Fixture()
    let (_, confirmed, _) = try honest.decide(try honest.mine())
    let pay = BlockAccount(
      of: honest.minerKey, before: honest.state.ledger, after: confirmed.ledger)
    #expect(pay.earned == 1000 && pay.lost == 0 && pay.net == 1000)
    let cheating = try AdversaryTests.fixture(.fakedSteps)
    let (_, slashed, _) = try cheating.decide(try cheating.mine())
    let loss = BlockAccount(
      of: cheating.minerKey, before: cheating.state.ledger, after: slashed.ledger)
    let formula = CheatEconomics(
      reward: 1000, honestCost: 0, savedCost: 0, stake: 1001, slashShare: 0.5)
    #expect(Double(loss.net) == (formula.cheatPay(detection: 1) + 0.5).rounded(.down))
    // The reporter's share is part of what the miner lost.
    let reporter = BlockAccount(
      of: cheating.verifierKey(0), before: cheating.state.ledger, after: slashed.ledger)
    #expect(reporter.net == 50 + 33)
  }

  @Test("verification costs a share of mining that the meters show")
  func share() throws {
    let fixture = try Fixture(FixtureOptions(leafRate: 500_000, replayRate: 250_000))
    let mined = try fixture.mine()
    let outcomes = try fixture.decide(mined).outcomes
    let share = VerificationShare(
      verifying: outcomes.map(\.meter.totalWork), mining: mined.meter.totalWork)
    // Three verifiers replay one of four steps each.
    #expect(share.share == 0.75)
    #expect(VerificationShare(verifying: [], mining: Work()).share.isNaN)
  }
}
