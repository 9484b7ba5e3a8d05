import Foundation
import Proofs
import Protocol
import Testing

extension ConformanceMaker {
  /// All vectors, good ones and ones broken in every named way.
  func make() throws -> ConformanceVectors {
    ConformanceVectors(
      genesis: Self.hex(fixture.genesis.canonicalBytes),
      corpus: Self.hex(Fixture.corpus(seed: 1).bytes),
      parameters: Self.hex(
        mined.parent.parameters.littleEndianBytes(0..<mined.parent.parameters.count)),
      trainingBeacon: try fixture.trainingBeacon().hex,
      challengeBeacon: try fixture.beacon.value(round: Int(fixture.state.challengeRound)).hex,
      publication: Self.hex(mined.content.canonicalBytes), headers: try headers(),
      attestations: try attestations(), evidence: try evidence(), challenges: challenges(fixture),
      verdicts: verdicts(), microbatches: try microbatches())
  }

  private func microbatches() throws -> ConformanceVectors.Microbatches {
    typealias Tests = MicrobatchReplayTests
    let chain = try Tests.fixture()
    let honest = try chain.mine()
    let skipping = try Tests.fixture(Tests.SkippedMicrobatch(step: 1, part: 2))
    let cheat = try skipping.mine()
    func proof(
      _ name: String, _ evidence: Evidence, _ block: MinedBlock
    ) throws -> ConformanceVectors.Proof {
      func vector(_ expect: String) -> ConformanceVectors.Proof {
        ConformanceVectors.Proof(
          name: name, header: Self.hex(block.signed.canonicalBytes),
          publication: Self.hex(block.content.canonicalBytes),
          bytes: Self.hex(evidence.canonicalBytes), expect: expect)
      }
      return vector(try judge(vector(""), on: chain))
    }
    func accusation(
      _ block: MinedBlock, _ segment: UInt32, _ bytes: [UInt8]?
    ) -> Evidence {
      Evidence(
        block: block.signed.header.digest,
        proof: .microbatch(segment, state: nil, accumulation: bytes ?? []))
    }
    let brought = try #require(try skipping.decide(cheat).outcomes[0].evidence)
    let carried = honest.accumulation(beforeSegment: 6)
    return ConformanceVectors.Microbatches(
      genesis: Self.hex(chain.genesis.canonicalBytes), trainingBeacon: try chain.trainingBeacon().hex,
      evidence: [
        try proof("against an honest block", accusation(honest, 6, carried), honest),
        try proof(
          "with a changed accumulation", accusation(honest, 6, carried?.map { $0 ^ 1 }), honest),
        try proof("without an accumulation", accusation(honest, 6, nil), honest),
        try proof("a microbatch that there is not", accusation(honest, 16, carried), honest),
        try proof("a microbatch that was left out", brought, cheat),
      ], challenges: challenges(chain))
  }

  private func headers() throws -> [ConformanceVectors.Header] {
    var blocks: [(String, [UInt8])] = [("good", mined.signed.canonicalBytes)]
    for lie in HeaderLie.all {
      blocks.append(
        (lie.name, try fixture.resigned(mined.signed) { try lie.apply(to: &$0) }.canonicalBytes))
    }
    let stranger = PrivateKey(seed: Fixture.digest("stranger", 1))
    var foreign = mined.signed.header
    foreign.miner = stranger.publicKey
    blocks.append(
      ("an unknown miner", try SignedHeader(signing: foreign, with: stranger).canonicalBytes))
    blocks.append(
      ("another parent", try fixture.resigned(mined.signed) { $0.parent = .zero }.canonicalBytes))
    blocks.append(
      (
        "another height",
        try fixture.resigned(mined.signed) { $0.height = $0.height.next }.canonicalBytes
      ))
    var flipped = mined.signed.canonicalBytes
    flipped[flipped.count - 1] ^= 1
    blocks.append(("a flipped bit of the signature", flipped))
    blocks.append(("cut short", Array(mined.signed.canonicalBytes.dropLast())))
    blocks.append(("a byte too much", mined.signed.canonicalBytes + [0]))
    blocks.append(("another version", [9] + mined.signed.canonicalBytes.dropFirst()))
    return try blocks.map { name, bytes in
      ConformanceVectors.Header(
        name: name, bytes: Self.hex(bytes), expect: try judge(header: bytes))
    }
  }

  private func attestations() throws -> [ConformanceVectors.SignedWord] {
    let block = mined.signed
    let accusation = Evidence(block: block.header.digest, proof: .header)
    var words: [(String, SignedAttestation, Evidence?)] = [
      ("a positive", try fixture.attestation(by: 0, on: block), nil),
      ("a negative", try fixture.attestation(by: 1, on: block, .unavailable), nil),
      (
        "a negative with evidence",
        try fixture.attestation(by: 2, on: block, .structure, evidence: accusation), accusation
      ),
      (
        "evidence that was not signed", try fixture.attestation(by: 0, on: block), accusation
      ),
      (
        "signed evidence that is not brought",
        try fixture.attestation(by: 0, on: block, .structure, evidence: accusation), nil
      ),
      ("about another block", try fixture.attestation(by: 0, on: block) { $0.block = .zero }, nil),
      (
        "before the challenge",
        try fixture.attestation(by: 0, on: block) {
          $0.attestedAt = VirtualTime(milliseconds: $0.attestedAt.milliseconds - 1)
        }, nil
      ),
      (
        "after the window",
        try fixture.attestation(by: 0, on: block) { $0.attestedAt = $0.attestedAt + 1_000_000 }, nil
      ),
    ]
    let own = try fixture.attestation(by: 0, on: block)
    let other = try fixture.attestation(by: 1, on: block)
    words.append(
      (
        "another's signature",
        SignedAttestation(attestation: own.attestation, signature: other.signature), nil
      ))
    words.append(
      (
        "another's random output",
        try fixture.attestation(by: 0, on: block) { $0.randomness = other.attestation.randomness },
        nil
      ))
    return try words.map { name, signed, evidence in
      let bytes = evidence?.canonicalBytes ?? []
      return ConformanceVectors.SignedWord(
        name: name, bytes: Self.hex(signed.canonicalBytes), evidence: Self.hex(bytes),
        expect: try judge(attestation: signed.canonicalBytes, evidence: bytes))
    }
  }

  private func evidence() throws -> [ConformanceVectors.Proof] {
    var proofs: [ConformanceVectors.Proof] = []
    func add(
      _ name: String, _ evidence: Evidence, _ block: SignedHeader, _ publication: Publication
    ) throws {
      func vector(_ expect: String) -> ConformanceVectors.Proof {
        ConformanceVectors.Proof(
          name: name, header: Self.hex(block.canonicalBytes),
          publication: Self.hex(publication.canonicalBytes),
          bytes: Self.hex(evidence.canonicalBytes), expect: expect)
      }
      proofs.append(vector(try judge(vector(""))))
    }
    // Against the honest block: one of each kind, and one about another block.
    for evidence in FalseEvidenceTests.all(mined).prefix(5) {
      try add("against an honest block", evidence, mined.signed, mined.content)
    }
    try add(
      "about another block", Evidence(block: .zero, proof: .header), mined.signed, mined.content)
    try add(
      "a segment that there is not",
      Evidence(block: mined.signed.header.digest, proof: .segment(9, state: nil)), mined.signed,
      mined.content)
    // Against dishonest miners: what their first honest verifier brings.
    for adversary in [
      MinerAdversary.infiniteStartingLoss, .wrongTwin, .tamperedLeaves, .fakedSteps, .falseLoss,
      .equivocation,
    ] {
      let cheat = try AdversaryTests.fixture(adversary)
      let block = try cheat.mine()
      let outcome = try cheat.decide(block).outcomes[0]
      guard let evidence = outcome.evidence else { continue }
      let judged =
        "proves: \(try cheat.stranger(block.content).judge(evidence, against: block.signed.header))"
      // Judged on the cheat's own chain, which differs from the others' in its rates alone.
      proofs.append(
        ConformanceVectors.Proof(
          name: "\(adversary.rawValue), on the chain whose verifiers look at everything",
          header: Self.hex(block.signed.canonicalBytes),
          publication: Self.hex(block.content.canonicalBytes),
          bytes: Self.hex(evidence.canonicalBytes), expect: judged))
    }
    return proofs
  }

  private func challenges(_ fixture: Fixture) -> [ConformanceVectors.Drawn] {
    (0..<4 as Range<UInt64>).map { number in
      let output = Fixture.digest("output", number)
      let challenge = Challenge(
        output: output, task: fixture.task, constants: fixture.genesis.constants)
      return ConformanceVectors.Drawn(
        output: output.hex, leaves: challenge.leaves, segments: challenge.segments,
        evaluationStarts: challenge.evaluationStarts)
    }
  }

  private func verdicts() -> [ConformanceVectors.Decision] {
    [
      ([66, 33, 0], ["positive", "absent", "absent"], "confirmed"),
      ([66, 34, 0], ["positive", "absent", "absent"], "expired"),
      ([33, 66, 0], ["negative", "positive", "absent"], "slashed"),
      ([33, 67, 0], ["negative", "positive", "absent"], "confirmed"),
      ([1, 1, 1], ["positive", "positive", "negative"], "slashed"),
      ([1, 1, 1], ["absent", "absent", "absent"], "expired"),
    ].map { ConformanceVectors.Decision(stakes: $0.0, votes: $0.1, expect: $0.2) }
  }
}

@Suite("Conformance vectors")
struct ConformanceTests {
  static func stored() throws -> ConformanceVectors {
    try JSONDecoder().decode(
      ConformanceVectors.self, from: Data(contentsOf: ConformanceVectors.path))
  }

  @Test("are what this implementation makes and says")
  func match() throws {
    let maker = try ConformanceMaker()
    let made = try maker.make()
    if ProcessInfo.processInfo.environment["POGO_WRITE_VECTORS"] == "1" {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try encoder.encode(made).write(to: ConformanceVectors.path)
    }
    let stored = try Self.stored()
    #expect(stored.genesis == made.genesis)
    #expect(stored.headers == made.headers)
    #expect(stored.attestations == made.attestations)
    #expect(stored.evidence == made.evidence)
    #expect(stored == made)
    // The bytes alone say it: nothing is taken from how they were made.
    for header in stored.headers {
      #expect(
        try maker.judge(header: ConformanceMaker.bytes(header.bytes)) == header.expect,
        "\(header.name)")
    }
    #expect(Set(stored.headers.map(\.expect)).count >= 20)
    #expect(stored.headers[0].expect == "accepted")
    #expect(Set(stored.attestations.map(\.expect)).count >= 6)
    #expect(stored.evidence.contains { $0.expect.hasPrefix("proves") })
    #expect(stored.evidence.contains { $0.expect.hasPrefix("nothing") })
  }

  @Test("of verdicts are what the chain decides")
  func verdicts() throws {
    for vector in try Self.stored().verdicts {
      let fixture = try Fixture(FixtureOptions(verifierStakes: vector.stakes, minerStake: 1))
      let block = try fixture.mine().signed
      var chain = fixture.state
      try chain.propose(block)
      for (index, vote) in vector.votes.enumerated() where vote != "absent" {
        let signed = try fixture.attestation(
          by: index, on: block, vote == "positive" ? .positive : .unavailable)
        try fixture.process(signed, evidence: nil, block: block, publication: nil, in: &chain)
      }
      #expect(try chain.finalize(at: chain.open!.closesAt).word == vector.expect)
    }
  }
}
