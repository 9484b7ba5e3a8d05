import Kernels
import Proofs
import Protocol
import Quant
import Testing

@Suite("Fraud is found, proven to strangers and slashed")
struct FraudTests {
  /// All verifiers look, bring their evidence, and the chain decides.
  func expectSlashed(
    _ fixture: Fixture, _ block: SignedHeader, server: some BlockServer,
    reason: Attestation.Reason, _ matches: (Finding) -> Bool
  ) throws {
    var chain = fixture.state
    try chain.propose(block)
    for index in 0..<3 {
      let outcome = try fixture.verify(index, block, server: server)
      guard case .fraud(let found) = outcome.failure else {
        Issue.record("no fraud found: \(String(describing: outcome.failure))")
        return
      }
      #expect(matches(found), "\(found)")
      #expect(outcome.attestation.attestation.reason == reason)
      #expect(outcome.attestation.hasValidSignature)
      let brought = try #require(outcome.evidence)
      #expect(outcome.attestation.attestation.evidence == brought.digest)
      let decoded = try Evidence(canonicalBytes: brought.canonicalBytes)
      #expect(decoded == brought)
      let judged = try fixture.stranger(server.publication()).judge(decoded, against: block.header)
      #expect(judged == found)
      try fixture.process(
        outcome.attestation, evidence: decoded, block: block, publication: server.publication(),
        in: &chain)
    }
    let expected = try #require(chain.open?.ballots.first?.finding)
    #expect(try chain.finalize(at: chain.open!.closesAt) == .slashedByProof(expected))
    // Half of 1001 rounded down is 500; a tenth of that goes to the first reporter.
    let ledger = chain.ledger
    #expect(ledger.stake(of: fixture.minerKey) == Stake(501))
    #expect(ledger.earnings(of: fixture.minerKey) == .zero)
    #expect(ledger.earnings(of: fixture.verifierKey(0)) == Stake(33 + 50))
    #expect(ledger.earnings(of: fixture.verifierKey(1)) == Stake(33))
    #expect(ledger.earnings(of: fixture.verifierKey(2)) == Stake(33))
    #expect(ledger.minted == Stake(99))
    #expect(ledger.burned == Stake(450))
    #expect(
      ledger.total.units == fixture.genesisTotal + ledger.minted.units - ledger.burned.units)
    // The model stays where it was.
    #expect(chain.tip == fixture.state.tip)
    #expect(chain.height == fixture.state.height)
    #expect(chain.parameters == fixture.state.parameters)
  }

  @Test("tampered leaves", arguments: 1...4 as ClosedRange<UInt64>)
  func tamperedLeaves(seed: UInt64) throws {
    let tampering = TamperedLeaves(fraction: PartsPerMillion(10_000)!)
    let fixture = try Fixture(FixtureOptions(seed: seed, behaviour: tampering))
    let mined = try fixture.mine()
    let leaves = tampering.leaves(task: fixture.task, seed: try fixture.trainingSeed())
    try expectSlashed(fixture, mined.signed, server: mined, reason: .update) {
      $0 == .update(leaf: leaves[0])
    }
  }

  @Test("faked steps", arguments: 1...4 as ClosedRange<UInt64>)
  func fakedSteps(seed: UInt64) throws {
    let faking = FakedSteps(fraction: PartsPerMillion(250_000)!)
    let fixture = try Fixture(FixtureOptions(seed: seed, behaviour: faking))
    let mined = try fixture.mine()
    let steps = faking.steps(task: fixture.task, seed: try fixture.trainingSeed())
    #expect(steps.count == 1)
    try expectSlashed(fixture, mined.signed, server: mined, reason: .replay) {
      $0 == .gradient(step: steps[0])
    }
  }

  @Test("a quantized twin of another model", arguments: [0, 1, 7])
  func wrongTwin(leaf: Int) throws {
    let fixture = try Fixture()
    let task = fixture.task
    let mined = try fixture.mine()
    // A twin that is well formed, of parameters that differ in one leaf.
    let other = FloatBuffer(mined.model.parameters.array)
    other[task.valueRange(ofLeaf: leaf).lowerBound] += 1
    let twin = try ModelState(parameters: other, task: task, workers: Workers(threads: 1))
    let block = try fixture.resigned(mined.signed) {
      $0.quantizedAfter = twin.quantizedCommitment
    }
    let server = AlteredServer(
      base: mined,
      changeAnswer: { answer in
        let index = Int(answer.leafIndex)
        guard let range = try? twin.quantizedCommitment.byteRange(ofLeaf: index),
          let proof = try? twin.quantizedTree.inclusionProof(at: index)
        else { return nil }
        return answer.with(
          quantized: LeafOpening(leaf: Array(twin.quantized[range]), proof: proof))
      },
      changeQuantized: { _ in twin.quantized })
    try expectSlashed(fixture, block, server: server, reason: .leaf) {
      $0 == .quantizedLeaf(leaf: leaf)
    }
  }

  /// A block whose trace was changed and committed anew.
  func lying(
    _ fixture: Fixture, _ mined: MinedBlock, _ change: (inout [TraceRecord]) -> Void,
    header: (inout BlockHeader) -> Void = { _ in }
  ) throws -> (SignedHeader, AlteredServer) {
    var records = mined.content.records
    change(&records)
    let root = TraceRecord.tree(records).root
    let block = try fixture.resigned(mined.signed) {
      $0.trace = fixture.task.traceCommitment(root: root)
      header(&$0)
    }
    let publication = Publication(records: records, gradients: mined.content.gradients)
    return (block, AlteredServer(base: mined, changePublication: { _ in publication }))
  }

  @Test("a trace that contradicts itself or its header")
  func traceLies() throws {
    let fixture = try Fixture()
    let mined = try fixture.mine()
    let lies: [(TraceViolation, (inout [TraceRecord]) -> Void)] = [
      (.wrongStepNumber(position: 0), { $0[0] = $0[0].with(step: 1) }),
      (.wrongStepNumber(position: 2), { $0[2] = $0[2].with(step: UInt32(Int32.max)) }),
      (.wrongStepNumber(position: 1), { $0.swapAt(1, 2) }),
      (.wrongFirstState, { $0[0] = $0[0].with(parametersRoot: $0[1].parametersRoot) }),
      (.wrongClaimedLoss, { $0[0] = $0[0].with(loss: $0[0].loss.nextUp) }),
      (.wrongClaimedLoss, { $0[3] = $0[3].with(loss: $0[3].loss.nextDown) }),
    ]
    for (violation, lie) in lies {
      let (block, server) = try lying(fixture, mined, lie)
      #expect(throws: CheckFailure.fraud(.trace(violation))) {
        try StructureCheck.check(
          trace: server.publication()!.records, header: block.header, task: fixture.task)
      }
      try expectSlashed(fixture, block, server: server, reason: .structure) {
        $0 == .trace(violation)
      }
    }
  }

  @Test("a trace that agrees with its header but not with the training")
  func replayLies() throws {
    let fixture = try Fixture()
    let mined = try fixture.mine()
    let wrong = Fixture.digest("wrong", 1)
    let lies: [(Finding, (inout [TraceRecord]) -> Void)] = [
      (.state(step: 1), { $0[1] = $0[1].with(parametersRoot: wrong) }),
      (.batch(step: 0), { $0[0] = $0[0].with(batchDigest: $0[1].batchDigest) }),
      (.batch(step: 3), { $0[3] = $0[3].with(batchDigest: wrong) }),
      (.loss(step: 2), { $0[2] = $0[2].with(loss: $0[2].loss.nextUp) }),
      (.loss(step: 1), { $0[1] = $0[1].with(loss: .nan) }),
    ]
    for (finding, lie) in lies {
      let (block, server) = try lying(fixture, mined, lie)
      try expectSlashed(fixture, block, server: server, reason: .replay) { $0 == finding }
    }
    // A first loss that header and trace tell alike.
    let loss = mined.content.records[0].loss - 1
    let (block, server) = try lying(
      fixture, mined, { $0[0] = $0[0].with(loss: loss) }, header: { $0.claimedFirstLoss = loss })
    try expectSlashed(fixture, block, server: server, reason: .replay) { $0 == .loss(step: 0) }
  }

  @Test("training on data of one's own choice")
  func otherData() throws {
    let fixture = try Fixture()
    let mined = try fixture.mine()
    // The same chain, but the seed is another: here by another beacon value.
    let beacon = try fixture.beacon.value(round: 1)
    let chosen = try fixture.miner.mine(
      on: fixture.state, parent: fixture.parent, trainingBeacon: beacon,
      trainer: fixture.trainer, clock: StoppedClock())
    #expect(chosen.signed.header.after != mined.signed.header.after)
    try expectSlashed(fixture, chosen.signed, server: chosen, reason: .replay) {
      $0 == .batch(step: 0)
    }
  }

  @Test("every lie of a header, and only that", arguments: HeaderLie.all)
  func headerLies(lie: HeaderLie) throws {
    let fixture = try Fixture()
    let mined = try fixture.mine()
    let block = try fixture.resigned(mined.signed) { try lie.apply(to: &$0) }
    #expect(block.hasValidSignature)
    #expect(StructureCheck.violation(in: block.header, state: fixture.state) == lie.violation)
    try expectSlashed(fixture, block, server: mined, reason: .structure) {
      $0 == .header(lie.violation)
    }
    // A header that is wrong by itself is evidence by itself; nothing else is judged against it.
    let judge = try fixture.stranger(mined.publication())
    #expect(throws: EvidenceError.self) {
      try judge.judge(
        Evidence(block: block.header.digest, proof: .segment(0, state: nil)), against: block.header)
    }
  }

  @Test("the list of lies has one for each violation")
  func allLies() {
    #expect(Set(HeaderLie.all.map(\.violation)).count == 15)
  }
}
