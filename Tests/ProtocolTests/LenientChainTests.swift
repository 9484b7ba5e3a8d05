import Proofs
import Protocol
import Testing

/// What the only other implementation of the idea lets through; see also `AdversaryTests` for
/// invented roots, fabricated proofs, infinite losses and random weights.
@Suite("What a lenient chain would let through is refused")
struct LenientChainTests {
  @Test("a second attestation of one verifier, the same or another")
  func duplicates() throws {
    let fixture = try Fixture(FixtureOptions(checks: [.leaf, .update]))
    let block = try fixture.mine().signed
    var chain = fixture.state
    try chain.propose(block)
    let first = try fixture.attestation(by: 0, on: block)
    try fixture.process(first, evidence: nil, block: block, publication: nil, in: &chain)
    let before = chain
    for again in [
      first, try fixture.attestation(by: 0, on: block, .unavailable),
      try fixture.attestation(by: 0, on: block) { $0.work.flops = 1 },
    ] {
      #expect(throws: RuleViolation.secondAttestation(fixture.verifierKey(0))) {
        try fixture.process(again, evidence: nil, block: block, publication: nil, in: &chain)
      }
    }
    #expect(chain == before)
    #expect(try chain.finalize(at: chain.open!.closesAt) == .expired)
    // The honest twin: three verifiers, one word each.
    var honest = before
    for index in 1..<3 {
      let signed = try fixture.attestation(by: index, on: block)
      try fixture.process(signed, evidence: nil, block: block, publication: nil, in: &honest)
    }
    #expect(try honest.finalize(at: honest.open!.closesAt) == .confirmed)
  }

  @Test("an attestation without a signature, or with another's")
  func unsigned() throws {
    let fixture = try Fixture()
    let block = try fixture.mine().signed
    var chain = fixture.state
    try chain.propose(block)
    let before = chain
    let signed = try fixture.attestation(by: 0, on: block)
    let empty = try Signature(canonicalBytes: [UInt8](repeating: 0, count: 64))
    let foreign = try fixture.attestation(by: 1, on: block).signature
    for signature in [empty, foreign] {
      #expect(throws: RuleViolation.invalidSignature(fixture.verifierKey(0))) {
        try fixture.process(
          SignedAttestation(attestation: signed.attestation, signature: signature), evidence: nil,
          block: block, publication: nil, in: &chain)
      }
    }
    #expect(chain == before)
    try fixture.process(signed, evidence: nil, block: block, publication: nil, in: &chain)
    #expect(chain.open?.ballots.count == 1)
  }

  @Test("a finalization that is replayed")
  func replayedFinalization() throws {
    let fixture = try Fixture()
    let mined = try fixture.mine()
    let (_, chain, verdict) = try fixture.decide(mined)
    #expect(verdict == .confirmed)
    var again = chain
    #expect(throws: RuleViolation.noOpenBlock) {
      try again.finalize(at: VirtualTime(milliseconds: .max))
    }
    // Nor can the block be proposed once more on top of itself.
    #expect(throws: RuleViolation.wrongParent(expected: chain.tip, actual: fixture.state.tip)) {
      try again.propose(mined.signed)
    }
    #expect(again == chain)
    #expect(again.ledger.earnings(of: fixture.minerKey) == Stake(1000))
  }

  @Test("a block under a foreign hash")
  func foreignHash() throws {
    let fixture = try Fixture()
    let mined = try fixture.mine()
    var chain = fixture.state
    // The hash of a block is worked out, never taken: a signature over another's hash is none.
    var other = mined.signed.header
    other.work.hashedBytes += 1
    let disguised = SignedHeader(header: other, signature: mined.signed.signature)
    #expect(throws: RuleViolation.invalidSignature(fixture.minerKey)) {
      try chain.propose(disguised)
    }
    let orphan = try fixture.resigned(mined.signed) { $0.parent = Fixture.digest("foreign", 1) }
    #expect(
      throws: RuleViolation.wrongParent(expected: chain.tip, actual: orphan.header.parent)
    ) { try chain.propose(orphan) }
    #expect(chain == fixture.state)
    try chain.propose(mined.signed)
    let foreign = try fixture.attestation(by: 0, on: mined.signed) {
      $0.block = Fixture.digest("foreign", 2)
    }
    let before = chain
    #expect(throws: RuleViolation.unknownBlock(foreign.attestation.block)) {
      try fixture.process(
        foreign, evidence: nil, block: mined.signed, publication: nil, in: &chain)
    }
    #expect(chain == before)
  }

  @Test("the pure transition changes nothing it is called on, whatever it decides")
  func purity() throws {
    let fixture = try Fixture()
    let mined = try fixture.mine()
    let before = fixture.state
    let (_, chain, _) = try fixture.decide(mined)
    #expect(fixture.state == before)
    #expect(chain != before)
    #expect(throws: RuleViolation.noOpenBlock) {
      var state = fixture.state
      try state.process(
        Submission(
          attestation: fixture.attestation(by: 0, on: mined.signed), evidence: nil,
          transcript: Transcript()),
        challengeBeacon: .zero, judge: fixture.stranger(nil))
    }
    #expect(throws: RuleViolation.self) {
      try before.advanced(
        by: mined.signed, submissions: [], challengeBeacon: .zero,
        judge: fixture.stranger(nil), at: VirtualTime(milliseconds: 0))
    }
  }
}
