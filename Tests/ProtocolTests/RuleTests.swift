import Proofs
import Protocol
import Testing

@Suite("The chain refuses")
struct RuleTests {
  /// `change` must be refused for exactly this reason, and leave everything as it was.
  func expectRefused(
    _ violation: RuleViolation, _ chain: ChainState, _ change: (inout ChainState) throws -> Void
  ) {
    var changed = chain
    #expect(throws: violation) { try change(&changed) }
    #expect(changed == chain)
  }

  @Test("blocks that break a rule of proposing")
  func proposals() throws {
    let fixture = try Fixture()
    let block = try fixture.mine().signed
    let chain = fixture.state
    let stranger = PrivateKey(seed: Fixture.digest("stranger", 1))
    var header = block.header
    header.miner = stranger.publicKey
    let unknown = try SignedHeader(signing: header, with: stranger)
    expectRefused(.unknownMiner(stranger.publicKey), chain) { try $0.propose(unknown) }
    let forged = try SignedHeader(signing: block.header, with: stranger)
    expectRefused(.invalidSignature(fixture.minerKey), chain) { try $0.propose(forged) }
    header = block.header
    header.work.hashedBytes += 1
    let altered = SignedHeader(header: header, signature: block.signature)
    expectRefused(.invalidSignature(fixture.minerKey), chain) { try $0.propose(altered) }
    let orphan = try fixture.resigned(block) { $0.parent = .zero }
    expectRefused(.wrongParent(expected: chain.tip, actual: .zero), chain) {
      try $0.propose(orphan)
    }
    for height in [0, 2, .max] as [UInt64] {
      let misplaced = try fixture.resigned(block) { $0.height = Height(height) }
      expectRefused(.wrongHeight(expected: Height(1), actual: Height(height)), chain) {
        try $0.propose(misplaced)
      }
    }
    var open = chain
    try open.propose(block)
    let second = try fixture.resigned(block) { $0.work.hashedBytes += 1 }
    for again in [block, second] {
      expectRefused(.blockAlreadyOpen(block.header.digest), open) { try $0.propose(again) }
    }
  }

  @Test("blocks of a miner that has nothing to lose")
  func withoutStake() throws {
    let fixture = try Fixture(FixtureOptions(minerStake: 0))
    let block = try fixture.mine().signed
    expectRefused(.minerWithoutStake(fixture.minerKey), fixture.state) { try $0.propose(block) }
  }

  @Test("attestations that break a rule of attesting")
  func attestations() throws {
    let fixture = try Fixture()
    let block = try fixture.mine().signed
    var chain = fixture.state
    let good = try fixture.attestation(by: 0, on: block)
    func refuse(
      _ violation: RuleViolation, _ signed: SignedAttestation, _ evidence: Evidence? = nil
    ) {
      expectRefused(violation, chain) {
        try fixture.process(
          signed, evidence: evidence, block: block, publication: nil, in: &$0)
      }
    }
    refuse(.noOpenBlock, good)
    try chain.propose(block)
    refuse(.unknownBlock(.zero), try fixture.attestation(by: 0, on: block) { $0.block = .zero })

    let stranger = PrivateKey(seed: Fixture.digest("stranger", 1))
    var foreign = good.attestation
    foreign.verifier = stranger.publicKey
    refuse(
      .unknownVerifier(stranger.publicKey), try SignedAttestation(signing: foreign, with: stranger))
    let key = fixture.verifierKey(0)
    refuse(
      .invalidSignature(key), try SignedAttestation(signing: good.attestation, with: stranger))
    refuse(
      .invalidSignature(key),
      try SignedAttestation(signing: good.attestation, with: fixture.verifiers[1].key))
    var altered = good.attestation
    altered.reason = .unavailable
    refuse(
      .invalidSignature(key), SignedAttestation(attestation: altered, signature: good.signature))

    // The proof of another verifier, and one's own for another input.
    let others = try fixture.attestation(by: 1, on: block).attestation.randomness
    refuse(
      .invalidRandomness(key), try fixture.attestation(by: 0, on: block) { $0.randomness = others })
    let old = try fixture.verifiers[0].vrfKey.prove([1, 2, 3])
    refuse(
      .invalidRandomness(key), try fixture.attestation(by: 0, on: block) { $0.randomness = old })

    // Opens at round 13 after the due time of 7200 ms, closes 3600 ms after it.
    let (opens, closes) = (
      VirtualTime(milliseconds: 7800), VirtualTime(milliseconds: 10_800)
    )
    let early = VirtualTime(milliseconds: 7799)
    let late = VirtualTime(milliseconds: 10_801)
    refuse(
      .beforeChallenge(opensAt: opens, attestedAt: early),
      try fixture.attestation(by: 0, on: block) { $0.attestedAt = early })
    refuse(
      .windowClosed(closedAt: closes, attestedAt: late),
      try fixture.attestation(by: 0, on: block) { $0.attestedAt = late })

    let evidence = Evidence(block: block.header.digest, proof: .header)
    let other = Evidence(block: block.header.digest, proof: .segment(0, state: nil))
    refuse(.evidenceDoesNotMatch(key), good, evidence)
    let accusing = try fixture.attestation(by: 0, on: block, .structure, evidence: evidence)
    refuse(.evidenceDoesNotMatch(key), accusing)
    refuse(.evidenceDoesNotMatch(key), accusing, other)

    // At both ends of the window it counts; a second one never does.
    let first = try fixture.attestation(by: 0, on: block) { $0.attestedAt = opens }
    let last = try fixture.attestation(by: 1, on: block) { $0.attestedAt = closes }
    for signed in [first, last] {
      try fixture.process(signed, evidence: nil, block: block, publication: nil, in: &chain)
    }
    #expect(chain.open?.ballots.count == 2)
    refuse(.secondAttestation(key), first)
    refuse(.secondAttestation(key), try fixture.attestation(by: 0, on: block, .unavailable))
  }

  @Test("to decide before the window closes, or about nothing")
  func finalization() throws {
    let fixture = try Fixture()
    var chain = fixture.state
    let closes = VirtualTime(milliseconds: 10_800)
    expectRefused(.noOpenBlock, chain) { _ = try $0.finalize(at: closes) }
    try chain.propose(try fixture.mine().signed)
    let early = VirtualTime(milliseconds: 10_799)
    expectRefused(.windowOpen(closesAt: closes, now: early), chain) {
      _ = try $0.finalize(at: early)
    }
    #expect(try chain.finalize(at: closes) == .expired)
    expectRefused(.noOpenBlock, chain) { _ = try $0.finalize(at: closes) }
  }
}
