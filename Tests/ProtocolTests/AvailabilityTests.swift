import Proofs
import Protocol
import Testing

@Suite("A miner that does not answer")
struct AvailabilityTests {
  static let bogusAnswers: [@Sendable (LeafAnswer) -> LeafAnswer] = [
    { $0.with(before: $0.before.flipped(byte: 0)) },
    { $0.with(after: $0.after.flipped(byte: 7)) },
    { $0.with(quantized: $0.quantized.flipped(byte: 4)) },
    { $0.with(gradients: [$0.gradients[0].flipped(byte: 4)] + $0.gradients.dropFirst()) },
    { $0.with(gradients: $0.gradients.dropLast()) },
    { $0.with(gradients: $0.gradients + $0.gradients) },
    { $0.with(before: $0.after) },
    { $0.with(after: LeafOpening(leaf: [], proof: $0.after.proof)) },
    { answer in
      let proof = InclusionProof(
        leafIndex: answer.after.proof.leafIndex, leafCount: answer.after.proof.leafCount,
        auditPath: [])
      return answer.with(after: LeafOpening(leaf: answer.after.leaf, proof: proof))
    },
    { answer in
      LeafAnswer(
        leafIndex: Int(answer.leafIndex) + 1, before: answer.before, after: answer.after,
        quantized: answer.quantized, gradients: answer.gradients)
    },
  ]

  /// The servers that withhold or garble something of an honest block.
  static func servers(_ mined: MinedBlock, _ other: MinedBlock) -> [AlteredServer] {
    var garbled = mined.content.gradients
    garbled[2][4] ^= 1
    let records = mined.content.records
    let publications = [
      Publication(records: [], gradients: []),
      Publication(records: Array(records.dropLast()), gradients: mined.content.gradients),
      Publication(records: records.reversed(), gradients: mined.content.gradients),
      Publication(records: records, gradients: []),
      Publication(records: records, gradients: garbled),
      Publication(records: records, gradients: mined.content.gradients.map { $0 + [0] }),
      other.content,
    ]
    var servers = [
      AlteredServer(base: mined, changePublication: { _ in nil }),
      AlteredServer(base: mined, changeAnswer: { _ in nil }),
      AlteredServer(base: mined, changeAnswer: { $0.leafIndex == 9 ? nil : $0 }),
      AlteredServer(base: mined, changeQuantized: { _ in nil }),
      AlteredServer(base: mined, changeQuantized: { $0.dropLast() }),
      AlteredServer(base: mined, changeQuantized: { [$0[0] ^ 1] + $0.dropFirst() }),
      AlteredServer(base: other),
    ]
    servers += publications.map { publication in
      AlteredServer(base: mined, changePublication: { _ in publication })
    }
    servers += bogusAnswers.map { change in AlteredServer(base: mined, changeAnswer: change) }
    return servers
  }

  @Test("gets a negative without evidence, and never a proof of fraud")
  func unavailable() throws {
    let fixture = try Fixture(FixtureOptions(progressTokens: 16, progressMargin: 100))
    let mined = try fixture.mine()
    let other = try fixture.miner.mine(
      on: fixture.state, parent: fixture.parent, trainingBeacon: fixture.beacon.value(round: 1),
      trainer: fixture.trainer, clock: StoppedClock())
    let servers = Self.servers(mined, other)
    #expect(servers.count == 24)
    for (number, server) in servers.enumerated() {
      let outcome = try fixture.verify(0, mined.signed, server: server)
      let attestation = outcome.attestation.attestation
      #expect(attestation.reason == .unavailable, "server \(number)")
      #expect(!attestation.isPositive)
      #expect(outcome.evidence == nil, "server \(number)")
      #expect(attestation.evidence == nil)
      guard case .unavailable = outcome.failure else {
        Issue.record("server \(number): \(String(describing: outcome.failure))")
        continue
      }
    }
    let honest = try fixture.verify(0, mined.signed, server: AlteredServer(base: mined))
    #expect(honest.failure == nil)
  }

  @Test("is slashed by a third of the stake that says so")
  func slashedByStake() throws {
    let fixture = try Fixture()
    let mined = try fixture.mine()
    let silent = AlteredServer(base: mined, changeAnswer: { _ in nil })
    var chain = fixture.state
    try chain.propose(mined.signed)
    let outcome = try fixture.verify(0, mined.signed, server: silent)
    try fixture.process(
      outcome.attestation, evidence: nil, block: mined.signed, publication: nil, in: &chain)
    for index in 1..<3 {
      let signed = try fixture.attestation(by: index, on: mined.signed)
      try fixture.process(
        signed, evidence: nil, block: mined.signed, publication: nil, in: &chain)
    }
    #expect(try chain.finalize(at: chain.open!.closesAt) == .slashedByStake)
    #expect(chain.ledger.stake(of: fixture.minerKey) == Stake(501))
    #expect(chain.ledger.burned == Stake(500))
    #expect(chain.ledger.earnings(of: fixture.verifierKey(0)) == Stake(100))
    // Without a proof nobody who saw it otherwise is to blame.
    #expect(chain.ledger.stake(of: fixture.verifierKey(1)) == Stake(100))
  }

  @Test("has no answer for a leaf that there is not")
  func noSuchLeaf() throws {
    let fixture = try Fixture()
    let mined = try fixture.mine()
    let count = fixture.task.leafCount
    #expect(mined.answer(leaf: 0) != nil)
    #expect(mined.answer(leaf: count - 1) != nil)
    for index in [-1, count, .max, .min] { #expect(mined.answer(leaf: index) == nil) }
  }
}
