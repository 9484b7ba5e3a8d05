import Proofs
import Protocol
import Testing

@Suite("Honest blocks")
struct HonestBlockTests {
  @Test(
    "are never attested negative, are confirmed and paid exactly",
    arguments: 1...8 as ClosedRange<UInt64>)
  func confirmed(seed: UInt64) throws {
    var options = FixtureOptions(seed: seed)
    // Some chains look at everything, some at samples.
    if seed % 2 == 0 { (options.leafRate, options.replayRate) = (100_000, 250_000) }
    var fixture = try Fixture(options)
    for block in 1...5 as ClosedRange<UInt64> {
      let mined = try fixture.mine()
      var chain = fixture.state
      #expect(StructureCheck.violation(in: mined.signed.header, state: chain) == nil)
      try chain.propose(mined.signed)
      for index in 0..<3 {
        let outcome = try fixture.verify(index, mined.signed, server: mined)
        #expect(outcome.failure == nil)
        #expect(outcome.evidence == nil)
        #expect(outcome.attestation.attestation.reason == .positive)
        #expect(outcome.transcript.answers.count == outcome.challenge.leaves.count)
        #expect(outcome.attestation.attestation.transcript == outcome.transcript.digest)
        #expect(
          Int(outcome.attestation.attestation.replayedSteps) == outcome.challenge.steps.count)
        try fixture.process(
          outcome.attestation, evidence: nil, block: mined.signed,
          publication: mined.publication(), in: &chain)
      }
      #expect(try chain.finalize(at: chain.open!.closesAt) == .confirmed)
      #expect(chain.tip == mined.signed.header.digest)
      #expect(chain.height == Height(block))
      #expect(chain.parameters == mined.signed.header.after)
      #expect(chain.quantizedModel == mined.signed.header.quantizedAfter)
      #expect(chain.open == nil)
      // The window closes at 10800 ms after the start, 18 rounds of 600 ms.
      #expect(chain.miningRound == 18 * block)
      let ledger = chain.ledger
      #expect(ledger.earnings(of: fixture.minerKey) == Stake(1000 * block))
      for index in 0..<3 {
        // 100 over three; the rest of the division is not minted.
        #expect(ledger.earnings(of: fixture.verifierKey(index)) == Stake(33 * block))
        #expect(ledger.stake(of: fixture.verifierKey(index)) == Stake(100))
      }
      #expect(ledger.minted == Stake(1099 * block))
      #expect(ledger.burned == .zero)
      #expect(ledger.total.units == fixture.genesisTotal + ledger.minted.units)
      fixture.state = chain
      fixture.parent = mined.model
    }
  }

  @Test("are the same bits when mined again")
  func deterministic() throws {
    let fixture = try Fixture()
    let (first, second) = (try fixture.mine(), try fixture.mine())
    #expect(first.signed == second.signed)
    #expect(first.content == second.content)
  }

  @Test("pass or fail the progress check by the margin alone")
  func progress() throws {
    for (margin, reason) in [(100, .positive), (-100, .progress)]
      as [(Float, Attestation.Reason)]
    {
      let fixture = try Fixture(FixtureOptions(progressTokens: 33, progressMargin: margin))
      let mined = try fixture.mine()
      let outcome = try fixture.verify(0, mined.signed, server: mined)
      let attestation = outcome.attestation.attestation
      #expect(attestation.reason == reason)
      #expect(outcome.evidence == nil)
      // 33 tokens are three minibatches of 16.
      #expect(attestation.evaluatedTokens == 48)
      #expect(attestation.lossBefore > 0 && attestation.lossAfter > 0)
    }
  }

  @Test("a trainer refuses a corpus that the task does not commit to")
  func otherCorpus() throws {
    let task = try Fixture.task(seed: 1)
    #expect(throws: TrainingError.self) {
      try Trainer(
        task: task, corpus: Fixture.corpus(seed: 2), arithmetic: Fixture.arithmetic)
    }
  }
}
