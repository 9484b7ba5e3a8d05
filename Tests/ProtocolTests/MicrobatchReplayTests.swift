import Kernels
import Models
import Proofs
import Protocol
import Testing

@Suite("Single microbatches are replayed") struct MicrobatchReplayTests {
  static let parts = 4

  /// Computes a step, but leaves out one microbatch: it carries on what was accumulated before.
  struct SkippedMicrobatch: MinerBehaviour {
    let step: Int
    let part: Int

    func step(
      _ step: Int, after previous: [Trainer.Step], state: TrainingState,
      in context: MiningContext, meter: inout PhaseMeter
    ) throws -> Trainer.Step {
      let (task, trainer) = (context.task, context.trainer)
      guard step == self.step else {
        return try HonestMiner().step(
          step, after: previous, state: state, in: context, meter: &meter)
      }
      let batch = try trainer.corpus.batch(
        startingAt: task.dataRule.batchStarts(
          trainingSeed: context.seed, step: step, count: Int(task.batchSize),
          contextLength: Int(task.contextLength)), contextLength: Int(task.contextLength))
      let model = task.shape.languageModel(arithmetic: trainer.arithmetic)
      let workspace = model.makeWorkspace(
        sequenceCount: Int(task.batchSize) / parts, contextLength: Int(task.contextLength))
      let gradient = FloatBuffer(count: model.layout.count)
      var accumulations: [[UInt8]] = []
      func run(_ parts: Range<Int>) -> Float? {
        model.lossAndGradient(
          state.parameters, on: batch, parts: parts, gradient: gradient, in: workspace
        ) { _ in
          accumulations.append(model.accumulation(of: batch, gradient: gradient, in: workspace))
        }
      }
      if part > 0 { _ = run(0..<part) }
      accumulations.append(
        accumulations.last ?? [UInt8](repeating: 0, count: task.accumulationByteCount))
      model.resume(
        accumulations[part], after: part, of: batch, gradient: gradient, in: workspace)
      let loss = try #require(run(part + 1..<parts))
      return Trainer.Step(
        loss: loss, gradient: try task.gradientFormat.quantize(gradient.array),
        batchDigest: try trainer.batchDigest(step: step, seed: context.seed),
        accumulations: accumulations)
    }

    func claim(_ done: Work, task: TrainingTask) -> Work {
      var claimed = done
      claimed.flops = task.trainingFLOPs
      return claimed
    }
  }

  /// Shows a false accumulation after one microbatch, all else honestly.
  struct FalseAccumulation: MinerBehaviour {
    let step: Int
    let part: Int

    func step(
      _ step: Int, after previous: [Trainer.Step], state: TrainingState,
      in context: MiningContext, meter: inout PhaseMeter
    ) throws -> Trainer.Step {
      let honest = try HonestMiner().step(
        step, after: previous, state: state, in: context, meter: &meter)
      guard step == self.step else { return honest }
      var accumulations = honest.accumulations
      // An exponent of the gradient: what is smaller may vanish in the published codes.
      accumulations[part][accumulations[part].count - 1] ^= 0x40
      return Trainer.Step(
        loss: honest.loss, gradient: honest.gradient, batchDigest: honest.batchDigest,
        accumulations: accumulations)
    }
  }

  static func fixture(
    _ behaviour: any MinerBehaviour = HonestMiner(), replayRate: UInt32 = 1_000_000
  ) throws -> Fixture {
    try Fixture(
      FixtureOptions(
        replayRate: replayRate, progressMargin: 100, behaviour: behaviour,
        recipe: TrainingRecipe(
          schedule: LearningRateSchedule(peak: 0.05), microbatchCount: parts, segmentLength: 0),
        batchSize: parts))
  }

  /// What is found in each segment of a block that is replayed alone.
  static func findings(_ fixture: Fixture) throws -> [Int: Finding] {
    let mined = try fixture.mine()
    var found: [Int: Finding] = [:]
    for segment in 0..<fixture.task.segmentCount {
      var meter = PhaseMeter(clock: StoppedClock())
      do {
        try ReplayCheck.check(
          segments: [segment], header: mined.signed.header, publication: mined.content,
          parent: fixture.parent, states: { mined.state(ofSegment: $0) },
          accumulations: { mined.accumulation(beforeSegment: $0) },
          trainingSeed: fixture.trainingSeed(), trainer: fixture.trainer, meter: &meter)
      } catch CheckFailure.fraud(let finding) {
        found[segment] = finding
        #expect(finding.segment(fixture.task) == segment)
      }
    }
    return found
  }

  @Test func honestOnesHoldAndCostAShare() throws {
    let fixture = try Self.fixture()
    #expect(fixture.task.segmentCount == 16)
    #expect(try Self.findings(fixture).isEmpty)
    #expect(
      fixture.task.replayFLOPs(ofSegment: 3) * 4 * UInt64(fixture.task.stepsPerBlock)
        == fixture.task.trainingFLOPs)
  }

  @Test(arguments: 0..<parts - 1) func oneThatIsLeftOutShowsWhereItIsAlone(part: Int) throws {
    let fixture = try Self.fixture(SkippedMicrobatch(step: 1, part: part))
    #expect(
      try Self.findings(fixture) == [Self.parts + part: .microbatch(step: 1, part: part)])
  }

  @Test(arguments: 0..<parts - 1) func aFalseAccumulationShowsBeforeAndAfterIt(part: Int) throws {
    let fixture = try Self.fixture(FalseAccumulation(step: 2, part: part))
    let next: Finding =
      part == Self.parts - 2 ? .gradient(step: 2) : .microbatch(step: 2, part: part + 1)
    #expect(
      try Self.findings(fixture) == [
        2 * Self.parts + part: .microbatch(step: 2, part: part), 2 * Self.parts + part + 1: next,
      ])
  }

  @Test(arguments: [0, 2]) func strangersConvictWithWhatWasAccumulatedBefore(part: Int) throws {
    let fixture = try Self.fixture(SkippedMicrobatch(step: 1, part: part))
    let (outcomes, _, verdict) = try fixture.decide(try fixture.mine())
    #expect(verdict == .slashedByProof(.microbatch(step: 1, part: part)))
    for outcome in outcomes {
      #expect(outcome.attestation.attestation.reason == .replay)
      guard case .microbatch(let segment, nil, _) = outcome.evidence?.proof else {
        // What starts a step needs nothing besides.
        #expect(part == 0)
        guard case .segment(4, nil) = outcome.evidence?.proof else {
          Issue.record("\(String(describing: outcome.evidence?.proof))")
          continue
        }
        continue
      }
      #expect(Int(segment) == Self.parts + part)
    }
  }

  /// Only who drew the microbatch was bound to see it.
  @Test func samplesThatMissItFindNothing() throws {
    let fixture = try Self.fixture(SkippedMicrobatch(step: 1, part: 1), replayRate: 250_000)
    let mined = try fixture.mine()
    var seen = Set<Bool>()
    for number in 0..<12 {
      let challenge = Challenge(
        output: Fixture.digest("draw", UInt64(number)), task: fixture.task,
        constants: fixture.genesis.constants)
      #expect(challenge.segments.count == 4)
      let finding = Finding.microbatch(step: 1, part: 1)
      let isDrawn = challenge.segments.contains(5)
      #expect(finding.isInside(challenge, task: fixture.task) == isDrawn)
      var meter = PhaseMeter(clock: StoppedClock())
      var found: Finding?
      do {
        try ReplayCheck.check(
          segments: challenge.segments, header: mined.signed.header, publication: mined.content,
          parent: fixture.parent, states: { mined.state(ofSegment: $0) },
          accumulations: { mined.accumulation(beforeSegment: $0) },
          trainingSeed: fixture.trainingSeed(), trainer: fixture.trainer, meter: &meter)
      } catch CheckFailure.fraud(let finding) { found = finding }
      #expect(found == (isDrawn ? finding : nil))
      seen.insert(isDrawn)
    }
    #expect(seen == [true, false])
  }

  @Test func whatIsServedMustBeWhatWasCommitted() throws {
    let fixture = try Self.fixture(replayRate: 62_500)
    let mined = try fixture.mine()
    let segment = try #require(
      fixture.verify(0, mined.signed, server: mined).challenge.segments.first)
    #expect(segment % Self.parts > 0, "the only microbatch that is drawn starts its step")
    for change in [
      { _ in nil }, { Array($0.dropLast()) }, { $0.map { $0 ^ 1 } },
    ] as [@Sendable ([UInt8]) -> [UInt8]?] {
      let outcome = try fixture.verify(
        0, mined.signed, server: AlteredServer(base: mined, changeAccumulation: change))
      guard case .unavailable = outcome.failure else {
        Issue.record("\(String(describing: outcome.failure))")
        continue
      }
      #expect(outcome.attestation.attestation.reason == .unavailable)
    }
  }

  @Test func recordsCarryTheirRoots() throws {
    let fixture = try Self.fixture()
    let mined = try fixture.mine()
    let records = mined.content.records
    for record in records {
      #expect(record.accumulationRoots.count == 3)
      #expect(record.canonicalBytes.count == fixture.task.traceRecordByteCount)
      #expect(try TraceRecord(canonicalBytes: record.canonicalBytes) == record)
    }
    let content = try Publication(canonicalBytes: mined.content.canonicalBytes)
    #expect(content == mined.content)
    // A record that says that roots follow, and has none.
    var bytes = records[0].with(accumulationRoots: []).canonicalBytes
    bytes[3] |= 0x80
    #expect(throws: CanonicalError.self) {
      try TraceRecord(canonicalBytes: bytes + [0, 0, 0, 0])
    }
  }

  @Test func theirNumberIsChecked() throws {
    let fixture = try Self.fixture()
    let mined = try fixture.mine()
    for roots in [[], mined.content.records[2].accumulationRoots + [.zero]] as [[Digest]] {
      var records = mined.content.records
      records[2] = records[2].with(accumulationRoots: roots)
      let block = try fixture.resigned(mined.signed) {
        $0.trace = fixture.task.traceCommitment(root: TraceRecord.tree(records).root)
      }
      #expect(
        throws: CheckFailure.fraud(.trace(.misplacedAccumulations(position: 2)))
      ) {
        try StructureCheck.check(trace: records, header: block.header, task: fixture.task)
      }
    }
  }
}
