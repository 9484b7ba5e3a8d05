import Proofs
import Protocol
import Testing

@Suite("Finalization")
struct FinalizationTests {
  enum Vote: CaseIterable { case positive, negative, absent }

  /// The chain after hand-written votes without evidence.
  func decide(
    _ fixture: Fixture, _ block: SignedHeader, _ votes: [Vote]
  ) throws -> (Verdict, ChainState) {
    var chain = fixture.state
    try chain.propose(block)
    for (index, vote) in votes.enumerated() where vote != .absent {
      let signed = try fixture.attestation(
        by: index, on: block, vote == .positive ? .positive : .unavailable)
      try fixture.process(signed, evidence: nil, block: block, publication: nil, in: &chain)
    }
    return (try chain.finalize(at: chain.open!.closesAt), chain)
  }

  struct Boundary: Sendable {
    let stakes: [UInt64]
    let votes: [Vote]
    let verdict: Verdict
  }

  @Test(
    "has exact boundaries at 1/3 and 2/3",
    arguments: [
      Boundary(stakes: [66, 33, 0], votes: [.positive, .absent, .absent], verdict: .confirmed),
      Boundary(stakes: [66, 34, 0], votes: [.positive, .absent, .absent], verdict: .expired),
      Boundary(stakes: [67, 33, 0], votes: [.positive, .absent, .absent], verdict: .confirmed),
      Boundary(
        stakes: [33, 66, 0], votes: [.negative, .positive, .absent], verdict: .slashedByStake),
      Boundary(stakes: [33, 67, 0], votes: [.negative, .positive, .absent], verdict: .confirmed),
      Boundary(stakes: [33, 67, 0], votes: [.negative, .absent, .absent], verdict: .expired),
      Boundary(
        stakes: [34, 66, 0], votes: [.negative, .absent, .absent], verdict: .slashedByStake),
      Boundary(stakes: [33, 1, 66], votes: [.negative, .absent, .positive], verdict: .expired),
      Boundary(stakes: [1, 1, 1], votes: [.positive, .positive, .absent], verdict: .confirmed),
      Boundary(
        stakes: [1, 1, 1], votes: [.positive, .positive, .negative], verdict: .slashedByStake),
      Boundary(stakes: [1, 1, 1], votes: [.absent, .absent, .absent], verdict: .expired),
      Boundary(stakes: [0, 0, 0], votes: [.positive, .positive, .positive], verdict: .expired),
      Boundary(stakes: [0, 0, 0], votes: [.negative, .negative, .negative], verdict: .expired),
      // A third of 2^62 is no integer, and three times a large stake fits no 64 bits.
      Boundary(
        stakes: [1_537_228_672_809_129_301, 3_074_457_345_618_258_603, 0],
        votes: [.negative, .positive, .absent], verdict: .confirmed),
      Boundary(
        stakes: [1_537_228_672_809_129_302, 3_074_457_345_618_258_602, 0],
        votes: [.negative, .positive, .absent], verdict: .slashedByStake),
      Boundary(
        stakes: [12_297_829_382_473_034_410, 6_148_914_691_236_517_204, 0],
        votes: [.positive, .absent, .absent], verdict: .confirmed),
      Boundary(
        stakes: [12_297_829_382_473_034_409, 6_148_914_691_236_517_205, 0],
        votes: [.positive, .absent, .absent], verdict: .expired),
    ])
  func boundaries(_ boundary: Boundary) throws {
    let fixture = try Fixture(
      FixtureOptions(verifierStakes: boundary.stakes, minerStake: 1))
    let block = try fixture.mine().signed
    #expect(try decide(fixture, block, boundary.votes).0 == boundary.verdict)
  }

  @Test(
    "follows the rule for all votes", arguments: [[1, 1, 1], [3, 2, 1], [5, 3, 1], [2, 2, 5]])
  func allVotes(stakes: [UInt64]) throws {
    let fixture = try Fixture(FixtureOptions(verifierStakes: stakes, minerStake: 100))
    let block = try fixture.mine().signed
    let total = stakes.reduce(0, +)
    for a in Vote.allCases {
      for b in Vote.allCases {
        for c in Vote.allCases {
          let votes = [a, b, c]
          func sum(_ vote: Vote) -> UInt64 {
            zip(votes, stakes).reduce(0) { $0 + ($1.0 == vote ? $1.1 : 0) }
          }
          // In whole thirds of the total, which is a multiple of three in all these cases.
          let expected: Verdict =
            sum(.negative) >= total / 3
            ? .slashedByStake : sum(.positive) >= total / 3 * 2 ? .confirmed : .expired
          let (verdict, chain) = try decide(fixture, block, votes)
          #expect(verdict == expected, "\(votes)")
          let ledger = chain.ledger
          #expect(
            ledger.total.units
              == fixture.genesisTotal + ledger.minted.units - ledger.burned.units)
          let paid: Vote? =
            expected == .confirmed ? .positive : expected == .slashedByStake ? .negative : nil
          let winners = UInt64(votes.count { $0 == paid })
          for (index, vote) in votes.enumerated() {
            let earned = ledger.earnings(of: fixture.verifierKey(index))
            #expect(earned == (vote == paid ? Stake(100 / winners) : .zero))
            #expect(ledger.stake(of: fixture.verifierKey(index)).units == stakes[index])
          }
          let slashed = expected == .slashedByStake
          #expect(ledger.stake(of: fixture.minerKey) == Stake(slashed ? 50 : 100))
          #expect(
            ledger.earnings(of: fixture.minerKey) == Stake(expected == .confirmed ? 1000 : 0))
          #expect(ledger.burned == Stake(slashed ? 50 : 0))
          #expect(chain.tip == (expected == .confirmed ? block.header.digest : fixture.state.tip))
        }
      }
    }
  }

  @Test("goes on with a new block after an expired one")
  func afterExpiry() throws {
    var fixture = try Fixture()
    let first = try fixture.mine()
    let (verdict, chain) = try decide(fixture, first.signed, [.absent, .absent, .absent])
    #expect(verdict == .expired)
    fixture.state = chain
    let second = try fixture.mine()
    #expect(second.signed.header.parent == first.signed.header.parent)
    #expect(second.signed.header.trainingRound == 18)
    #expect(try decide(fixture, second.signed, [.positive, .positive, .absent]).0 == .confirmed)
  }

  /// A lazy verifier signs a positive; an honest one then proves fraud.
  func decideWithLazy(
    _ fixture: Fixture, falseEvidence: Bool = false
  ) throws -> (ChainState, challenged: Bool) {
    let mined = try fixture.mine()
    let tampering = TamperedLeaves(fraction: PartsPerMillion(1)!)
    let leaf = tampering.leaves(task: fixture.task, seed: try fixture.trainingSeed())[0]
    var chain = fixture.state
    try chain.propose(mined.signed)
    let lazy = try fixture.verify(0, mined.signed, server: mined)
    #expect(lazy.failure == nil)
    #expect(lazy.transcript.answers.isEmpty)
    if falseEvidence {
      let evidence = Evidence(block: mined.signed.header.digest, proof: .segment(0, state: nil))
      let signed = try fixture.attestation(by: 0, on: mined.signed, evidence: evidence)
      try fixture.process(
        signed, evidence: evidence, block: mined.signed, publication: mined.publication(),
        in: &chain)
    } else {
      #expect(lazy.attestation.attestation.isPositive)
      try fixture.process(
        lazy.attestation, evidence: nil, block: mined.signed, publication: nil, in: &chain)
    }
    for index in 1..<3 {
      // Written by hand, so that it does not depend on what this verifier was challenged for.
      let evidence = Evidence(
        block: mined.signed.header.digest,
        proof: .update(records: mined.content.records, answer: mined.answer(leaf: leaf)!))
      let signed = try fixture.attestation(
        by: index, on: mined.signed, .update, evidence: evidence)
      try fixture.process(
        signed, evidence: evidence, block: mined.signed, publication: mined.publication(),
        in: &chain)
    }
    let ballot = try #require(chain.open?.ballots[0])
    #expect(ballot.challenge == lazy.challenge)
    #expect(
      try chain.finalize(at: chain.open!.closesAt) == .slashedByProof(.update(leaf: leaf)))
    return (chain, lazy.challenge.leaves.contains(leaf))
  }

  @Test("costs the lazy what a proven fraud in their own challenge costs, once")
  func lazy() throws {
    var seen = Set<Bool>()
    for seed in 1...12 as ClosedRange<UInt64> {
      let fixture = try Fixture(
        FixtureOptions(
          seed: seed, leafRate: 500_000, lazy: [0],
          behaviour: TamperedLeaves(fraction: PartsPerMillion(1)!)))
      let (chain, challenged) = try decideWithLazy(fixture)
      seen.insert(challenged)
      let ledger = chain.ledger
      // 15 % of 100, and only of who had to look there.
      #expect(ledger.stake(of: fixture.verifierKey(0)) == Stake(challenged ? 85 : 100))
      #expect(ledger.earnings(of: fixture.verifierKey(0)) == .zero)
      #expect(ledger.stake(of: fixture.verifierKey(1)) == Stake(100))
      #expect(ledger.earnings(of: fixture.verifierKey(1)) == Stake(50 + 50))
      #expect(ledger.earnings(of: fixture.verifierKey(2)) == Stake(50))
      #expect(ledger.burned == Stake(450 + (challenged ? 15 : 0)))
      #expect(
        ledger.total.units == fixture.genesisTotal + ledger.minted.units - ledger.burned.units)
    }
    #expect(seen == [true, false])
  }

  @Test("costs no verifier twice in a block")
  func twiceWrong() throws {
    let fixture = try Fixture(
      FixtureOptions(lazy: [0], behaviour: TamperedLeaves(fraction: PartsPerMillion(1)!)))
    let (chain, challenged) = try decideWithLazy(fixture, falseEvidence: true)
    #expect(challenged)
    #expect(chain.ledger.stake(of: fixture.verifierKey(0)) == Stake(85))
    #expect(chain.ledger.burned == Stake(465))
  }
}
