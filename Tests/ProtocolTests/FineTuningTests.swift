import Kernels
import Models
import Proofs
import Protocol
import Testing

/// The same flow judges every variant; only what is trained is committed.
@Suite("Fine-tuning")
struct FineTuningTests {
  static let variants: [FineTuning] = [
    .lora(rank: 2, alpha: 4, matrices: ["attention"]),
    .lora(rank: 8, alpha: 8, matrices: ["c_attn", "mlp"]),
    .layers(["h.0.mlp", "ln_f"]),
    .layers(["embedding"]),
  ]

  @Test("honest blocks of every variant are confirmed", arguments: variants)
  func honest(variant: FineTuning) throws {
    var fixture = try Fixture(FixtureOptions(progressTokens: 64, fineTuning: variant))
    let task = fixture.task
    #expect(task.parameterCount == (try TrainableParameters(task.shape, variant)).count)
    for _ in 0..<2 {
      let mined = try fixture.mine()
      var chain = fixture.state
      try chain.propose(mined.signed)
      for index in 0..<3 {
        let outcome = try fixture.verify(index, mined.signed, server: mined)
        #expect(outcome.failure == nil)
        #expect(outcome.attestation.attestation.isPositive)
        try fixture.process(
          outcome.attestation, evidence: nil, block: mined.signed,
          publication: mined.publication(), in: &chain)
      }
      #expect(try chain.finalize(at: chain.open!.closesAt) == .confirmed)
      #expect(mined.model.parameters.count == task.parameterCount)
      #expect(mined.signed.header.diffByteCount == UInt64(4 * task.gradientByteCount))
      #expect(mined.meter.work[.training]?.flops == task.trainingFLOPs)
      fixture.state = chain
      fixture.parent = mined.model
    }
  }

  /// Everything is trained, and a block's update is published as factors.
  private static func lowRank(
    _ rank: Int, feedback: Bool = false, behaviour: any MinerBehaviour = HonestMiner()
  ) -> FixtureOptions {
    FixtureOptions(
      progressTokens: 64, behaviour: behaviour,
      recipe: TrainingRecipe(
        schedule: LearningRateSchedule(peak: 0.05), usesErrorFeedback: feedback,
        quantizationPoint: .block),
      fineTuning: .lowRank(rank: rank))
  }

  @Test("blocks with updates of low rank are confirmed, and move by the factors alone")
  func lowRankHonest() throws {
    for (rank, feedback) in [(1, false), (3, true)] {
      var fixture = try Fixture(Self.lowRank(rank, feedback: feedback))
      let task = fixture.task
      #expect(try TrainingTask(canonicalBytes: task.canonicalBytes) == task)
      let form = try LowRankForm(ParameterLayout(task.shape), rank: rank)
      #expect(task.gradientByteCount == task.gradientFormat.byteCount(values: form.count))
      for _ in 0..<2 {
        let mined = try fixture.mine()
        #expect(mined.signed.header.diffByteCount == UInt64(task.gradientByteCount))
        for index in 0..<3 {
          #expect(try fixture.verify(index, mined.signed, server: mined).failure == nil)
        }
        // What was published, dequantized by hand and multiplied, leads to the committed model.
        let factors = try task.gradientFormat.dequantize(
          mined.publication()!.gradients[0], count: form.count)
        let update = FloatBuffer(count: task.parameterCount)
        form.expand(
          FloatBuffer(factors), range: 0..<update.count, into: Vector(update),
          arithmetic: Fixture.arithmetic)
        for index in 0..<update.count {
          #expect(
            mined.model.parameters[index] == fixture.parent.parameters[index] + update[index])
        }
        var chain = fixture.state
        try chain.propose(mined.signed)
        for index in 0..<3 {
          let outcome = try fixture.verify(index, mined.signed, server: mined)
          try fixture.process(
            outcome.attestation, evidence: nil, block: mined.signed,
            publication: mined.publication(), in: &chain)
        }
        #expect(try chain.finalize(at: chain.open!.closesAt) == .confirmed)
        fixture.state = chain
        fixture.parent = mined.model
      }
    }
  }

  @Test("forged leaves and updates of low rank are found, and the evidence holds")
  func lowRankFraud() throws {
    let all = PartsPerMillion(1_000_000)!
    for behaviour in [FakedSteps(fraction: all), TamperedLeaves(fraction: all)]
      as [any MinerBehaviour]
    {
      let fixture = try Fixture(Self.lowRank(2, behaviour: behaviour))
      let mined = try fixture.mine()
      let outcome = try fixture.verify(0, mined.signed, server: mined)
      #expect(!outcome.attestation.attestation.isPositive)
      #expect(outcome.evidence != nil)
    }
    #expect(throws: TaskError.self) {
      try Fixture.task(seed: 1, fineTuning: .lowRank(rank: 2))
    }
  }

  @Test("forged steps and leaves are found in every variant", arguments: variants)
  func fraud(variant: FineTuning) throws {
    let all = PartsPerMillion(1_000_000)!
    for behaviour in [FakedSteps(fraction: all), TamperedLeaves(fraction: all)]
      as [any MinerBehaviour]
    {
      let fixture = try Fixture(FixtureOptions(behaviour: behaviour, fineTuning: variant))
      let mined = try fixture.mine()
      let outcome = try fixture.verify(0, mined.signed, server: mined)
      #expect(!outcome.attestation.attestation.isPositive)
      #expect(outcome.evidence != nil)
    }
  }

  @Test("tasks survive their encoding and are all different", arguments: variants)
  func encoding(variant: FineTuning) throws {
    let task = try Fixture.task(seed: 1, fineTuning: variant)
    #expect(try TrainingTask(canonicalBytes: task.canonicalBytes) == task)
    let full = try Fixture.task(seed: 1)
    #expect(full.canonicalBytes != task.canonicalBytes)
    var bytes = full.canonicalBytes
    bytes[bytes.count - 1] = 4
    #expect(throws: CanonicalError.self) { try TrainingTask(canonicalBytes: bytes) }
  }

  @Test("a start is bound by its root")
  func start() throws {
    let arithmetic = Fixture.arithmetic
    var task = try Fixture.task(seed: 1, fineTuning: Self.variants[0])
    let drawn = try task.startParameters(nil, arithmetic: arithmetic)
    let given = FloatBuffer(count: drawn.count)
    given.copy(from: drawn)
    given[17] += 1
    #expect(throws: TrainingError.otherStart) {
      try task.startParameters(given, arithmetic: arithmetic)
    }
    task.start = TrainingTask.startCommitment(given, workers: arithmetic.workers)
    #expect(try TrainingTask(canonicalBytes: task.canonicalBytes) == task)
    #expect(try task.startParameters(given, arithmetic: arithmetic) === given)
    for wrong in [nil, drawn, FloatBuffer(count: 3)] {
      #expect(throws: TrainingError.otherStart) {
        try ModelState.initial(task: task, start: wrong, arithmetic: arithmetic)
      }
      #expect(throws: TrainingError.otherStart) {
        try Trainer(
          task: task, corpus: Fixture.corpus(seed: 1), start: wrong, arithmetic: arithmetic)
      }
    }
    // Adapters start as nothing, so the model is the start.
    let state = try ModelState.initial(task: task, start: given, arithmetic: arithmetic)
    let model = try task.modelParameters(state.parameters, start: given, arithmetic: arithmetic)
    #expect(model.array == given.array)
  }

  @Test("what does not fit the model makes no task")
  func refusals() {
    for variant in [
      .lora(rank: 9, alpha: 1, matrices: ["attention"]), .layers([]), .layers(["h.1"]),
    ] as [FineTuning] {
      #expect(throws: TaskError.self) { try Fixture.task(seed: 1, fineTuning: variant) }
    }
  }
}
