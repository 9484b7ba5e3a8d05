import Kernels
import Models
import Proofs
import Protocol
import Testing

/// Replays that accept gradients near the recomputed one.
@Suite struct ToleranceTests {
  /// A miner whose machine computes a little differently: some published codes are a level off, and
  /// the loss is too.
  private struct OtherMachine: MinerBehaviour {
    /// Every how many bytes one code moves.
    let every: Int
    var lossFactor: Float = 1

    func step(
      _ step: Int, after previous: [Trainer.Step], state: TrainingState,
      in context: MiningContext, meter: inout PhaseMeter
    ) throws -> Trainer.Step {
      let honest = try HonestMiner().step(
        step, after: previous, state: state, in: context, meter: &meter)
      var bytes = honest.gradient
      // A group is 4 bytes of scale and 16 codes of a byte.
      for place in stride(from: 0, to: bytes.count, by: every) where place % 20 >= 4 {
        bytes[place] = UInt8(bitPattern: Int8(bitPattern: bytes[place]) / 2)
      }
      return Trainer.Step(
        loss: honest.loss * lossFactor, gradient: bytes, batchDigest: honest.batchDigest)
    }
  }

  private static func verdict(
    _ behaviour: any MinerBehaviour, _ tolerance: Float,
    optimizer: Optimizer = .sgd
  ) throws -> (verdict: Verdict, reasons: Set<Attestation.Reason>, distance: Float) {
    var options = FixtureOptions(behaviour: behaviour)
    options.tolerance = try #require(Tolerance(tolerance))
    options.recipe.optimizer = optimizer
    let fixture = try Fixture(options)
    let mined = try fixture.mine()
    let (outcomes, _, verdict) = try fixture.decide(mined)
    var meter = PhaseMeter(clock: StoppedClock())
    let honest = try fixture.trainer.compute(
      step: 0, state: fixture.parent.trainingState(fixture.task), seed: fixture.trainingSeed(),
      meter: &meter, phases: (.replay, .replay))
    return (
      verdict, Set(outcomes.map(\.attestation.attestation.reason)),
      try fixture.trainer.distance(mined.content.gradients[0], from: honest.gradient)
    )
  }

  @Test(arguments: [Optimizer.sgd, .adamW(.init())])
  func otherMachinesPassWithinTheTolerance(optimizer: Optimizer) throws {
    let machine = OtherMachine(every: 7, lossFactor: 1.000_001)
    let exact = try Self.verdict(machine, 0, optimizer: optimizer)
    #expect(exact.verdict.word == "slashed" && exact.reasons == [.replay])
    #expect(exact.distance > 0.01 && exact.distance < 0.4, "\(exact.distance)")
    // States follow from what was published, so all other checks stay exact and pass.
    #expect(try Self.verdict(machine, 0.4, optimizer: optimizer).verdict.word == "confirmed")
    let honest = try Self.verdict(HonestMiner(), 0.4, optimizer: optimizer)
    #expect(honest.verdict.word == "confirmed" && honest.distance == 0)
  }

  /// The tolerance that a block needs is exactly the one from which its replays pass.
  @Test(arguments: [OtherMachine(every: 7), OtherMachine(every: 5, lossFactor: 1.25)])
  private func deviationsAreWhatReplaysFind(machine: OtherMachine) throws {
    let fixture = try Fixture(FixtureOptions(behaviour: machine))
    let mined = try fixture.mine()
    let seed = try fixture.trainingSeed()
    let deviation = try Deviation(
      of: mined.content, firstStep: 0, parent: fixture.parent, trainingSeed: seed,
      trainer: fixture.trainer)
    #expect(deviation.equalSteps == 0 && deviation.distances.count == 4)
    #expect(machine.lossFactor == 1 || deviation.tolerance >= 0.25)
    func replay(_ tolerance: Float) throws {
      var meter = PhaseMeter(clock: StoppedClock())
      try ReplayCheck.check(
        segments: Array(0..<4), header: mined.signed.header, publication: mined.content,
        parent: fixture.parent, states: { mined.state(ofSegment: $0) }, accumulations: { mined.accumulation(beforeSegment: $0) }, trainingSeed: seed,
        trainer: fixture.trainer, tolerance: try #require(Tolerance(tolerance)), meter: &meter)
    }
    try replay(deviation.tolerance)
    #expect(throws: CheckFailure.self) { try replay(deviation.tolerance * 0.999) }
    let honest = try Fixture()
    let none = try Deviation(
      of: honest.mine().content, firstStep: 0, parent: honest.parent,
      trainingSeed: honest.trainingSeed(), trainer: honest.trainer)
    #expect(none.equalSteps == 4 && none.tolerance == 0)
  }

  @Test func whatIsFartherIsSlashed() throws {
    #expect(try Self.verdict(OtherMachine(every: 1), 0.4).reasons == [.replay])
    #expect(try Self.verdict(OtherMachine(every: 7), 0.001).verdict.word == "slashed")
    let liar = OtherMachine(every: 1_000_000, lossFactor: 1.5)
    #expect(try Self.verdict(liar, 0.4).reasons == [.replay])
    let faking = FakedSteps(fraction: PartsPerMillion(500_000)!)
    #expect(try Self.verdict(faking, 0.4).verdict.word == "slashed")
  }

  /// Where states do not follow from published gradients a tolerance has no meaning.
  @Test func errorFeedbackStaysExact() throws {
    var options = FixtureOptions(behaviour: OtherMachine(every: 7))
    options.tolerance = try #require(Tolerance(0.9))
    options.recipe.usesErrorFeedback = true
    let fixture = try Fixture(options)
    #expect(try fixture.decide(try fixture.mine()).verdict.word == "slashed")
  }

  @Test func theRule() throws {
    for wrong in [-0.1, 1.1, .nan, .infinity] as [Float] { #expect(Tolerance(wrong) == nil) }
    let tolerance = try #require(Tolerance(0.25))
    #expect(tolerance.accepts(distance: 0.25) && !tolerance.accepts(distance: 0.2501))
    #expect(!tolerance.accepts(distance: .nan) && !tolerance.accepts(distance: .infinity))
    #expect(tolerance.accepts(loss: 5, recomputed: 4) && tolerance.accepts(loss: 3, recomputed: 4))
    #expect(!tolerance.accepts(loss: 5.1, recomputed: 4))
    #expect(!tolerance.accepts(loss: .nan, recomputed: 4))
    #expect(Tolerance(0) == .exact)
    #expect(!Tolerance.exact.accepts(loss: 0.0, recomputed: -0.0))
  }

  @Test func constantsKeepIt() throws {
    var constants = ProtocolConstants.minimal
    let exact = constants.canonicalBytes
    constants.tolerance = try #require(Tolerance(0.125))
    let bytes = constants.canonicalBytes
    #expect(bytes.count == exact.count + 4)
    #expect(try ProtocolConstants(canonicalBytes: bytes) == constants)
    // A tolerance of 0, or of NaN, is no tolerance: it has one form, to leave it out.
    for value in [0, .nan, 2] as [Float] {
      var writer = CanonicalWriter()
      writer.append(value)
      #expect(throws: CanonicalError.self) {
        try ProtocolConstants(canonicalBytes: bytes.dropLast(4) + writer.bytes)
      }
    }
  }
}
