import Kernels
import Models
import Proofs
import Protocol
import Quant
import Testing

/// What the optimizer remembers lies packed between steps.
@Suite struct StateFormatTests {
  private static func recipe(_ format: String?, _ optimizer: Optimizer = .adamW(.init()))
    -> TrainingRecipe
  {
    TrainingRecipe(
      optimizer: optimizer, schedule: RecipeTests.schedule, segmentLength: 2,
      stateFormat: format.map { Fixture.format($0) })
  }

  private static func mined(_ format: String?) throws -> (Fixture, MinedBlock) {
    let fixture = try Fixture(FixtureOptions(recipe: recipe(format)))
    return (fixture, try fixture.mine())
  }

  /// Many steps of one trainer on noise, whose parts are shared out; the state's bytes.
  private static func walk(_ arithmetic: Arithmetic, _ format: String?) throws -> [UInt8] {
    // So large that it is cut into many parts.
    let shape = try ModelShape.gpt3(
      layerCount: 2, dModel: 96, headCount: 2, contextLength: 8, vocabularySize: 256)
    let task = try Fixture.task(seed: 3, recipe: recipe(format), shape: shape)
    #expect(task.parameterCount > 4 << 15)
    let trainer = try Trainer(
      task: task, corpus: Fixture.corpus(seed: 3), arithmetic: arithmetic)
    let model = try ModelState.initial(task: task, arithmetic: arithmetic)
    let state = model.trainingState(task)
    var meter = PhaseMeter(clock: StoppedClock())
    for step in 0..<3 {
      let done = try trainer.compute(
        step: step, state: state, seed: .zero, meter: &meter, phases: (.training, .quantization))
      try trainer.apply(done.gradient, step: step, to: state)
    }
    return state.parameters.littleEndianBytes(0..<state.parameters.count)
      + state.auxiliary.flatMap(\.bytes)
  }

  @Test("float32 as a format is float32 without one")
  func float32() throws {
    let plain = try Self.walk(Fixture.arithmetic, nil)
    #expect(try Self.walk(Fixture.arithmetic, "float32") == plain)
    let parameters = plain.count / 3
    let other = try Self.walk(Fixture.arithmetic, "bfloat16")
    #expect(other[..<parameters] != plain[..<parameters])
    // The task is another one, and says so.
    let tasks = try [nil, "float32"].map { try Self.mined($0).1.signed.header.task }
    #expect(tasks[0] != tasks[1])
  }

  @Test("gives the same bytes on every instruction set and number of threads",
    arguments: ["mxfp8-e5m2", "bfloat16:stochastic", "int8:g64"])
  func sameBytes(format: String) throws {
    let reference = try Self.walk(
      Arithmetic(instructionSet: .portable, workers: Workers(threads: 1)), format)
    for set in InstructionSet.allCases where set.isSupported {
      for threads in [1, 2, 3] {
        let arithmetic = Arithmetic(
          instructionSet: set, workers: Workers(threads: threads, pinned: false))
        #expect(try Self.walk(arithmetic, format) == reference, "\(set), \(threads) threads")
      }
    }
  }

  @Test("is committed and served in its own bytes")
  func sizes() throws {
    let (fixture, mined) = try Self.mined("mxfp8-e5m2")
    let (task, count) = (fixture.task, fixture.task.parameterCount)
    // A byte a value, and one of scale for 32.
    let vector = count + (count + 31) / 32
    #expect(task.auxiliaryByteCount == 2 * vector)
    #expect(mined.signed.header.auxiliaryAfter?.byteCount == UInt64(2 * vector))
    #expect(mined.signed.header.auxiliaryAfter.map { Int($0.leafSize) } == 2 * (64 + 2))
    let answer = try #require(mined.answer(leaf: 3))
    #expect(answer.auxiliary.map(\.leaf.count) == [132, 132])
    #expect(SegmentState(mined.model.trainingState(task)).auxiliary.count == 2 * vector)
    #expect(task.appliedValueCount(10) == 50)
  }

  @Test("is refused where nothing is remembered or a leaf cuts its records")
  func refusals() throws {
    #expect(throws: TaskError.noOptimizerState) {
      try Fixture.task(seed: 1, recipe: Self.recipe("bfloat16", .sgd))
    }
    #expect(throws: TaskError.leafCutsGroup(leafValues: 64, groupSize: 128)) {
      try Fixture.task(seed: 1, recipe: Self.recipe("int8:g128"))
    }
    #expect(throws: TaskError.self) {
      try Fixture.task(seed: 1, recipe: Self.recipe("int8:tensor"))
    }
  }

  @Test("names the vector that has no form in it")
  func overflow() throws {
    let fixture = try Fixture(FixtureOptions(recipe: Self.recipe("bfloat16")))
    let state = fixture.parent.trainingState(fixture.task)
    // A second moment that is infinite after the step: 1e30 squared.
    let values = FloatBuffer(count: fixture.task.parameterCount)
    values[70] = 1e30
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: values.count, by: 16) {
      let group = (start..<min(start + 16, values.count)).map { values[$0] }
      bytes += try fixture.task.gradientFormat.quantize(group)
    }
    #expect {
      try fixture.trainer.apply(bytes, step: 0, to: state)
    } throws: { error in
      "\(error)".contains("optimizer's second_moment of wte.weight[70]")
    }
  }
}
