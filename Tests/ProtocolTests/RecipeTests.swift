import Kernels
import Models
import Proofs
import Protocol
import Quant
import Testing

@Suite("Every way to train replays exactly")
struct RecipeTests {
  static let schedule = LearningRateSchedule(
    peak: 0.05, warmupSteps: 3, decay: .cosine(floor: 0.01, endStep: 9))

  static let recipes: [TrainingRecipe] = {
    var recipes: [TrainingRecipe] = []
    for optimizer in [
      Optimizer.sgd, .momentum(.init(factor: 0.9, isNesterov: true)), .adamW(.init()),
    ] {
      for (segment, feedback, point) in [
        (1, false, TrainingRecipe.QuantizationPoint.step), (2, true, .step), (3, false, .step),
        (1, true, .block), (3, false, .block), (4, true, .block), (0, false, .step), (0, true, .block),
      ] {
        recipes.append(
          TrainingRecipe(
            optimizer: optimizer, schedule: schedule, clipNorm: segment == 2 ? 0.5 : 0,
            microbatchCount: segment == 3 || segment == 0 ? 2 : 1, segmentLength: segment,
            usesErrorFeedback: feedback, quantizationPoint: point))
      }
    }
    return recipes + packedRecipes
  }()

  /// What the optimizer remembers lies packed between steps.
  static let packedRecipes: [TrainingRecipe] = [
    ("fp8-e5m2:g16", .adamW(.init()), 2, true, .step), ("bfloat16", .adamW(.init()), 1, false, .step),
    ("fp8-e5m2:g32", .adamW(.init()), 3, false, .block),
    ("int8:g32:stochastic", .momentum(.init(factor: 0.9)), 3, false, .step),
    ("int4:g16", .momentum(.init(factor: 0.9)), 4, true, .block),
  ].map { (name, optimizer, segment, feedback, point) in
    TrainingRecipe(
      optimizer: optimizer, schedule: schedule, segmentLength: segment,
      usesErrorFeedback: feedback, quantizationPoint: point,
      stateFormat: try? QuantizationFormat(named: name))
  }

  static func fixture(
    _ recipe: TrainingRecipe, behaviour: any MinerBehaviour = HonestMiner(),
    replayRate: UInt32 = 1_000_000, verifiers: Int = 3
  ) throws -> Fixture {
    try Fixture(
      FixtureOptions(
        leafRate: 1_000_000, replayRate: replayRate, progressTokens: 16, progressMargin: 100,
        verifierStakes: [UInt64](repeating: 100, count: verifiers), behaviour: behaviour,
        recipe: recipe))
  }

  @Test("for two honest blocks in a row, and for strangers", arguments: recipes)
  func honest(recipe: TrainingRecipe) throws {
    var fixture = try Self.fixture(recipe)
    for height in 1...2 as ClosedRange<UInt64> {
      let mined = try fixture.mine()
      let (outcomes, chain, verdict) = try fixture.decide(mined)
      #expect(verdict == .confirmed, "\(outcomes[0].failure.map { "\($0)" } ?? "")")
      #expect(
        outcomes.allSatisfy { 
          $0.failure == nil
            && Int($0.attestation.attestation.replayedSteps) == (recipe.commitsMicrobatches ? 8 : 4)
        })
      #expect(chain.height == Height(height))
      #expect(chain.auxiliary == mined.model.auxiliaryCommitment)
      #expect(mined.content.gradients.count == (recipe.quantizationPoint == .step ? 4 : 1))
      #expect(mined.model.parameters.array != mined.parent.parameters.array)
      fixture.state = chain
      fixture.parent = mined.model
    }
    #expect(fixture.trainer.task.stepsBefore(height: fixture.state.height.next) == 8)
  }

  @Test("segment by segment as well as all at once", arguments: recipes)
  func segments(recipe: TrainingRecipe) throws {
    let fixture = try Self.fixture(recipe)
    let mined = try fixture.mine()
    let task = fixture.task
    for segment in 0..<task.segmentCount {
      var meter = PhaseMeter(clock: StoppedClock())
      let replayed = try ReplayCheck.check(
        segments: [segment], header: mined.signed.header, publication: mined.content,
        parent: fixture.parent, states: { mined.state(ofSegment: $0) }, accumulations: { mined.accumulation(beforeSegment: $0) },
        trainingSeed: fixture.trainingSeed(), trainer: fixture.trainer, meter: &meter)
      #expect(replayed == task.steps(ofSegment: segment).count)
      // Without the state there is no replay where it does not follow from the publication.
      guard task.steps(ofSegment: segment).lowerBound > 0, !task.isWalkable else { continue }
      #expect(throws: CheckFailure.unavailable("no state of segment \(segment)")) {
        try ReplayCheck.check(
          segments: [segment], header: mined.signed.header, publication: mined.content,
          parent: fixture.parent, states: { _ in nil }, accumulations: { _ in nil }, trainingSeed: fixture.trainingSeed(),
          trainer: fixture.trainer, meter: &meter)
      }
    }
  }

  @Test("faked steps are caught in all of them", arguments: recipes)
  func faked(recipe: TrainingRecipe) throws {
    let faking = FakedSteps(fraction: PartsPerMillion(250_000)!)
    let fixture = try Self.fixture(recipe, behaviour: faking)
    let (outcomes, _, verdict) = try fixture.decide(try fixture.mine())
    #expect(verdict.word == "slashed")
    for outcome in outcomes {
      #expect(outcome.attestation.attestation.reason == .replay)
      guard case .fraud(let finding) = outcome.failure else {
        Issue.record("\(String(describing: outcome.failure))")
        continue
      }
      #expect(finding.isInside(outcome.challenge, task: fixture.task))
    }
    guard case .slashedByProof = verdict else {
      Issue.record("a stranger was not convinced: \(verdict)")
      return
    }
  }

  @Test("a changed optimizer state is caught", arguments: recipes.filter { $0.optimizer != .sgd })
  func moments(recipe: TrainingRecipe) throws {
    struct ChangedMoments: MinerBehaviour {
      func step(
        _ step: Int, after previous: [Trainer.Step], state: TrainingState,
        in context: MiningContext, meter: inout PhaseMeter
      ) throws -> Trainer.Step {
        let honest = try HonestMiner().step(
          step, after: previous, state: state, in: context, meter: &meter)
        // After the last gradient is computed, before it is applied: one moment moves a little.
        if step == 3 {
          var bytes = state.moments[0].bytes
          // The exponent of a float32; a code of the first group where values are packed.
          let place = state.moments[0].format == nil ? 31 : 8
          bytes[place] ^= 1
          state.moments[0].set(bytes)
        }
        return honest
      }
    }
    let fixture = try Self.fixture(recipe, behaviour: ChangedMoments())
    let verdict = try fixture.decide(try fixture.mine()).verdict
    guard case .slashedByProof(let finding) = verdict else {
      Issue.record("\(verdict)")
      return
    }
    switch (recipe.quantizationPoint, finding) {
    case (.step, .update(leaf: 0)), (.block, .outcome(step: 3)), (.block, .state): break
    default: Issue.record("\(finding)")
    }
  }

  @Test("a state of another segment, of another size or with a flipped bit is no answer")
  func wrongStates() throws {
    let recipe = TrainingRecipe(
      optimizer: .adamW(.init()), schedule: Self.schedule, segmentLength: 2,
      usesErrorFeedback: true)
    // So many that some draw segment 1, whatever the digests are.
    let fixture = try Self.fixture(recipe, replayRate: 500_000, verifiers: 12)
    let mined = try fixture.mine()
    let changes: [(SegmentState) -> SegmentState?] = [
      { _ in nil }, { SegmentState(parameters: $0.parameters, auxiliary: []) },
      { SegmentState(parameters: $0.parameters + [0, 0, 0, 0], auxiliary: $0.auxiliary) },
      {
        SegmentState(
          parameters: [$0.parameters[0] ^ 1] + $0.parameters.dropFirst(), auxiliary: $0.auxiliary)
      },
      {
        SegmentState(
          parameters: $0.parameters, auxiliary: [$0.auxiliary[0] ^ 1] + $0.auxiliary.dropFirst())
      },
      { _ in mined.state(ofSegment: 0) },
    ]
    var refused = 0
    for change in changes {
      let server = AlteredServer(base: mined, changeState: change)
      for index in 0..<12 {
        let outcome = try fixture.verify(index, mined.signed, server: server)
        // Segment 0 starts from the parent, which needs no answer.
        let expected: Attestation.Reason =
          outcome.challenge.segments == [0] ? .positive : .unavailable
        #expect(outcome.attestation.attestation.reason == expected)
        #expect(outcome.evidence == nil)
        refused += expected == .unavailable ? 1 : 0
      }
    }
    #expect(refused > 0)
  }

  @Test("error feedback keeps exactly what quantization dropped")
  func feedback() throws {
    let plain = try Self.fixture(TrainingRecipe(schedule: Self.schedule))
    let fed = try Self.fixture(
      TrainingRecipe(schedule: Self.schedule, usesErrorFeedback: true))
    func step(_ fixture: Fixture, _ state: TrainingState) throws -> [Float] {
      var meter = PhaseMeter(clock: StoppedClock())
      let step = try fixture.trainer.compute(
        step: 0, state: state, seed: .zero, meter: &meter, phases: (.training, .quantization))
      let values = try QuantTestBridge.dequantize(
        step.gradient, fixture.task.gradientFormat, count: fixture.task.parameterCount)
      return values
    }
    let state = TrainingState(
      initial: FloatBuffer(fed.parent.parameters.array), task: fed.task)
    let first = try step(fed, state)
    // Nothing was dropped before, so the first step publishes what plain training does.
    let plainState = TrainingState(
      initial: FloatBuffer(plain.parent.parameters.array), task: plain.task)
    #expect(try step(plain, plainState) == first)
    let residual = try #require(state.residual).array
    #expect(residual.contains { $0 != 0 })
    // The same gradient again: published twice plus what is left is twice the gradient.
    let gradient = zip(first, residual).map { $0 + $1 }
    let second = try step(fed, state)
    let left = try #require(state.residual).array
    for index in gradient.indices {
      #expect(abs(first[index] + second[index] + left[index] - 2 * gradient[index]) < 1e-6)
    }
  }

  @Test(
    "microbatches give the bits of the large batch",
    arguments: [FineTuning.full] + FineTuningTests.variants)
  func microbatches(variant: FineTuning) throws {
    func step(_ parts: Int) throws -> Trainer.Step {
      let recipe = TrainingRecipe(schedule: Self.schedule, microbatchCount: parts)
      let fixture = try Fixture(FixtureOptions(recipe: recipe, fineTuning: variant))
      var meter = PhaseMeter(clock: StoppedClock())
      let state = TrainingState(
        initial: FloatBuffer(fixture.parent.parameters.array), task: fixture.task)
      let step = try fixture.trainer.compute(
        step: 1, state: state, seed: .zero, meter: &meter, phases: (.training, .quantization))
      #expect(
        meter.totalWork.flops == fixture.task.trainingFLOPs / UInt64(fixture.task.stepsPerBlock))
      return step
    }
    #expect(try step(2) == step(1))
  }

  @Test("recipes that fit no minibatch or block are refused")
  func refusals() throws {
    func make(_ change: (inout TrainingRecipe) -> Void) throws {
      var recipe = TrainingRecipe(schedule: Self.schedule)
      change(&recipe)
      _ = try Fixture.task(seed: 1, recipe: recipe)
    }
    try make { _ in }
    #expect(throws: TaskError.microbatches(3, batch: 2)) { try make { $0.microbatchCount = 3 } }
    #expect(throws: TaskError.microbatches(0, batch: 2)) { try make { $0.microbatchCount = 0 } }
    for length in [0, 5] as [UInt32] {
      #expect(throws: TaskError.segment(Int(length), steps: 4)) {
        try make { $0.segmentLength = length }
      }
    }
    for norm in [-1, .infinity] as [Float] {
      #expect(throws: TaskError.clipNorm(norm)) { try make { $0.clipNorm = norm } }
    }
    #expect(throws: TaskError.self) { try make { $0.optimizer = .momentum(.init(factor: 1)) } }
    for recipe in Self.recipes {
      let task = try Fixture.task(seed: 1, recipe: recipe)
      #expect(try TrainingTask(canonicalBytes: task.canonicalBytes) == task)
    }
  }
}

/// Packed bytes as floats, by the format's own rules.
enum QuantTestBridge {
  static func dequantize(
    _ bytes: [UInt8], _ format: QuantizationFormat, count: Int
  ) throws -> [Float] {
    var values = [Float](repeating: 0, count: count)
    try values.withUnsafeMutableBufferPointer { target in
      try bytes.withUnsafeBufferPointer { try format.dequantize($0, into: target) }
    }
    return values
  }
}
