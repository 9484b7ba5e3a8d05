import Proofs
import Protocol
import Testing

@Suite("Evidence against an honest block")
struct FalseEvidenceTests {
  /// Evidence of every kind, made as an honest verifier would, against a block without fault.
  static func all(_ mined: MinedBlock) -> [Evidence] {
    let block = mined.signed.header.digest
    let records = mined.content.records
    let answer = mined.answer(leaf: 3)!
    var proofs: [Evidence.Proof] = [
      .header, .trace(records), .quantizedLeaf(after: answer.after, quantized: answer.quantized),
      .update(records: records, answer: answer),
    ]
    for segment in 0..<4 as Range<UInt32> { proofs.append(.segment(segment, state: nil)) }
    // What was accumulated says nothing where whole steps are replayed.
    proofs.append(.microbatch(1, state: nil, accumulation: [1, 2, 3]))
    return proofs.map { Evidence(block: block, proof: $0) }
  }

  @Test("proves nothing when nothing is wrong, and costs who brings it")
  func noContradiction() throws {
    let fixture = try Fixture()
    let mined = try fixture.mine()
    for evidence in Self.all(mined) {
      let judge = try fixture.stranger(mined.publication())
      #expect(throws: EvidenceError.noContradiction) {
        try judge.judge(evidence, against: mined.signed.header)
      }
      var chain = fixture.state
      try chain.propose(mined.signed)
      let accusation = try fixture.attestation(
        by: 0, on: mined.signed, .update, evidence: evidence)
      try fixture.process(
        accusation, evidence: evidence, block: mined.signed, publication: mined.publication(),
        in: &chain)
      #expect(chain.open?.ballots[0].broughtFalseEvidence == true)
      #expect(chain.open?.ballots[0].finding == nil)
      for index in 1..<3 {
        let outcome = try fixture.verify(index, mined.signed, server: mined)
        try fixture.process(
          outcome.attestation, evidence: outcome.evidence, block: mined.signed,
          publication: mined.publication(), in: &chain)
      }
      // A third of the stake spoke against it, but false evidence is no word.
      #expect(try chain.finalize(at: chain.open!.closesAt) == .confirmed)
      let ledger = chain.ledger
      #expect(ledger.stake(of: fixture.verifierKey(0)) == Stake(85))
      #expect(ledger.earnings(of: fixture.verifierKey(0)) == .zero)
      #expect(ledger.earnings(of: fixture.verifierKey(1)) == Stake(50))
      #expect(ledger.earnings(of: fixture.minerKey) == Stake(1000))
      #expect(ledger.stake(of: fixture.minerKey) == Stake(1001))
      #expect(ledger.burned == Stake(15))
      #expect(ledger.total.units == fixture.genesisTotal + 1100 - 15)
    }
  }

  @Test("proves nothing when it rests on what nobody committed to")
  func notCommitted() throws {
    let fixture = try Fixture()
    let mined = try fixture.mine()
    let header = mined.signed.header
    let records = mined.content.records
    let (answer, other) = (mined.answer(leaf: 3)!, mined.answer(leaf: 4)!)
    var liar = records
    liar[2] = liar[2].with(loss: 0)
    let proofs: [Evidence.Proof] = [
      .trace(liar), .trace([]), .trace(Array(records.dropLast())), .trace(records + records),
      .quantizedLeaf(after: answer.after.flipped(byte: 5), quantized: answer.quantized),
      .quantizedLeaf(after: answer.after, quantized: answer.quantized.flipped(byte: 5)),
      .quantizedLeaf(after: answer.after, quantized: other.quantized),
      .quantizedLeaf(after: answer.quantized, quantized: answer.after),
      .update(records: liar, answer: answer),
      .update(records: records, answer: answer.with(before: answer.before.flipped(byte: 0))),
      .update(records: records, answer: answer.with(before: other.before)),
      .update(records: records, answer: answer.with(gradients: [])),
      .update(records: records, answer: answer.with(gradients: answer.gradients.reversed())),
      .update(
        records: records,
        answer: answer.with(gradients: answer.gradients.map { $0.flipped(byte: 4) })),
    ]
    let judge = try fixture.stranger(mined.publication())
    for proof in proofs {
      let error = #expect(throws: EvidenceError.self) {
        try judge.judge(Evidence(block: header.digest, proof: proof), against: header)
      }
      guard case .notCommitted = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    // A step can only be judged with what was published, and exactly that.
    let step = Evidence(block: header.digest, proof: .segment(3, state: nil))
    var gradients = mined.content.gradients
    gradients[1][4] ^= 1
    let publications: [Publication?] = [
      nil, Publication(records: liar, gradients: mined.content.gradients),
      Publication(records: records, gradients: []),
      Publication(records: records, gradients: gradients),
      Publication(records: records, gradients: gradients.map { Array($0.dropLast()) }),
    ]
    for publication in publications {
      let judge = try fixture.stranger(publication)
      let error = #expect(throws: EvidenceError.self) { try judge.judge(step, against: header) }
      guard case .notCommitted = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  @Test("is refused when it speaks of another block or of a step that there is not")
  func otherBlock() throws {
    let fixture = try Fixture()
    let mined = try fixture.mine()
    let judge = try fixture.stranger(mined.publication())
    for evidence in Self.all(mined) {
      let other = Evidence(block: .zero, proof: evidence.proof)
      #expect(throws: EvidenceError.otherBlock) {
        try judge.judge(other, against: mined.signed.header)
      }
    }
    for step in [4, 5, .max] as [UInt32] {
      let evidence = Evidence(block: mined.signed.header.digest, proof: .segment(step, state: nil))
      #expect(throws: EvidenceError.segmentOutOfRange(step)) {
        try judge.judge(evidence, against: mined.signed.header)
      }
    }
  }
}
