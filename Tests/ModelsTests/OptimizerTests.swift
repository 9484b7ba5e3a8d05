import Foundation
import Kernels
import Models
import Testing

/// Cases of `Tests/Vectors/optimizers.json`, made by PyTorch in float64 (the script is beside it).
struct OptimizerVectors: Decodable {
  struct Settings: Decodable {
    let momentum, beta1, beta2, epsilon, weight_decay: Float?
    let nesterov: Bool?
  }
  struct Run: Decodable {
    let name: String
    let settings: Settings
    let rates, start: [Float]
    let gradients: [[Float]]
    let parameters: [Double]
    let state: [[Double]]
  }
  struct Clip: Decodable {
    let count: Int
    let period: [Float]
    let maximum: Float
    let norm: Double
    let clipped: [Double]
  }
  struct Schedule: Decodable {
    let peak, floor: Float
    let warmup, end: Int
    let rates: [Double]
  }

  let optimizers: [Run]
  let clipping: [Clip]
  let schedules: [Schedule]

  static func load() throws -> OptimizerVectors {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Vectors")
    return try JSONDecoder().decode(
      OptimizerVectors.self, from: Data(contentsOf: folder.appending(path: "optimizers.json")))
  }
}

extension OptimizerVectors.Run {
  func optimizer() throws -> Optimizer {
    switch name {
    case "sgd": return .sgd
    case "momentum":
      return .momentum(
        Optimizer.Momentum(
          factor: try #require(settings.momentum), isNesterov: settings.nesterov ?? false))
    case "adamw":
      return .adamW(
        Optimizer.AdamW(
          beta1: try #require(settings.beta1), beta2: try #require(settings.beta2),
          epsilon: try #require(settings.epsilon),
          weightDecay: try #require(settings.weight_decay)))
    default: throw CocoaError(.fileReadCorruptFile)
    }
  }
}

@Suite struct OptimizerTests {
  private let arithmetic = Machine().arithmetic

  @Test func stepsArePyTorchs() throws {
    let runs = try OptimizerVectors.load().optimizers
    #expect(runs.count == 5)
    for run in runs {
      let optimizer = try run.optimizer()
      try optimizer.validate()
      let parameters = FloatBuffer(run.start)
      let state = optimizer.makeState(parameterCount: run.start.count)
      for (index, gradient) in run.gradients.enumerated() {
        optimizer.step(
          index + 1, parameters: Vector(parameters), gradient: Vector(FloatBuffer(gradient)),
          state: state.map { Vector($0) }, learningRate: run.rates[index], arithmetic: arithmetic)
      }
      // Twelve steps, each rounded a handful of times to 2^-24 of its largest term.
      let largest = run.start.indices.map { i in
        Double(run.gradients.map { $0[i].magnitude }.max() ?? 0)
      }
      let none = largest.map { _ in 0.0 }
      func check(_ actual: FloatBuffer, _ expected: [Double], terms: [Double]) {
        #expect(actual.count == expected.count)
        for (i, e) in expected.enumerated() {
          let limit = 1e-6 * max(abs(e), terms[i])
          #expect(abs(Double(actual[i]) - e) <= limit, "\(run.name) \(i): \(actual[i]), not \(e)")
        }
      }
      check(
        parameters, run.parameters,
        terms: zip(run.start, largest).map { max(Double($0.magnitude), $1) })
      // Second moments are sums of squares: nothing cancels.
      for (index, expected) in run.state.enumerated() {
        check(state[index], expected, terms: index == 0 ? largest : none)
      }
      #expect(state.count == run.state.count && optimizer.stateNames.count == state.count)
    }
  }

  /// A leaf alone gives the bits that the whole model gives there.
  @Test(arguments: [
    Optimizer.sgd, .momentum(.init()), .momentum(.init(isNesterov: true)), .adamW(.init()),
  ])
  func aLeafAloneGivesTheSameBits(optimizer: Optimizer) {
    let count = 1000
    var numbers = TestNumbers(seed: 8)
    func vector() -> [Float] { (0..<count).map { _ in numbers.number() } }
    let (start, old) = (vector(), vector().map(\.magnitude))
    let gradient = Vector(FloatBuffer(vector()))
    func run(_ ranges: [Range<Int>], _ arithmetic: Arithmetic) -> [[UInt32]] {
      let parameters = FloatBuffer(start)
      let state = optimizer.stateNames.map { _ in FloatBuffer(old) }
      for range in ranges {
        optimizer.step(
          3, parameters: Vector(parameters).elements(range), gradient: gradient.elements(range),
          state: state.map { Vector($0).elements(range) }, learningRate: 0.02,
          arithmetic: arithmetic)
      }
      return ([parameters] + state).map(\.bits)
    }
    let whole = run([0..<count], Machine(.portable, threads: 1).arithmetic)
    #expect(whole[0] != start.map(\.bitPattern))
    for machine in Machine.all {
      #expect(run([0..<count], machine.arithmetic) == whole)
      #expect(run([640..<count, 0..<7, 7..<64, 64..<640], machine.arithmetic) == whole)
    }
  }

  @Test func clippingIsPyTorchs() throws {
    let cases = try OptimizerVectors.load().clipping
    #expect(cases.count == 4)
    for clip in cases {
      let gradient = FloatBuffer(
        (0..<clip.count).map { clip.period[$0 % clip.period.count] })
      let norm = arithmetic.clip(Vector(gradient), toNorm: clip.maximum)
      #expect(abs(Double(norm) - clip.norm) <= 1e-6 * clip.norm)
      // PyTorch divides by norm + 1e-6.
      for (a, e) in zip(gradient.array, clip.clipped) {
        #expect(abs(Double(a) - e) <= (1e-6 + 1e-6 / clip.norm) * abs(e))
      }
    }
  }

  @Test func schedulesArePyTorchs() throws {
    let schedules = try OptimizerVectors.load().schedules
    #expect(schedules.count == 2)
    for golden in schedules {
      let schedule = LearningRateSchedule(
        peak: golden.peak, warmupSteps: golden.warmup,
        decay: .cosine(floor: golden.floor, endStep: golden.end))
      try schedule.validate()
      for (step, expected) in golden.rates.enumerated() {
        let rate = schedule.rate(at: step)
        #expect(abs(Double(rate) - expected) <= 1e-7 * Double(golden.peak), "step \(step)")
      }
      #expect(schedule.rate(at: golden.end) == golden.floor)
      #expect(schedule.rate(at: .max) == golden.floor)
    }
  }

  @Test func aConstantScheduleRisesAndStays() throws {
    let schedule = LearningRateSchedule(peak: 0.5, warmupSteps: 4)
    try schedule.validate()
    #expect((0..<6).map(schedule.rate) == [0.125, 0.25, 0.375, 0.5, 0.5, 0.5])
    #expect(LearningRateSchedule(peak: 0.3).rate(at: 0) == 0.3)
  }

  @Test(arguments: [
    Optimizer.momentum(.init(factor: 1)), .momentum(.init(factor: -0.1)),
    .momentum(.init(factor: .nan)), .adamW(.init(beta1: 1)), .adamW(.init(beta2: 1)),
    .adamW(.init(beta2: .nan)), .adamW(.init(epsilon: 0)), .adamW(.init(epsilon: .infinity)),
    .adamW(.init(weightDecay: -1)), .adamW(.init(weightDecay: .nan)),
  ])
  func impossibleSettingsAreRefused(optimizer: Optimizer) {
    #expect(throws: OptimizerError.self) { try optimizer.validate() }
  }

  @Test(arguments: [
    LearningRateSchedule(peak: 0), .init(peak: .nan), .init(peak: .infinity),
    .init(peak: 1, warmupSteps: -1), .init(peak: 1, decay: .cosine(floor: 2, endStep: 9)),
    .init(peak: 1, decay: .cosine(floor: -1, endStep: 9)),
    .init(peak: 1, decay: .cosine(floor: .nan, endStep: 9)),
    .init(peak: 1, warmupSteps: 9, decay: .cosine(floor: 0, endStep: 9)),
  ])
  func impossibleSchedulesAreRefused(schedule: LearningRateSchedule) {
    #expect(throws: OptimizerError.self) { try schedule.validate() }
  }

  @Test func refusalsNameTheKeyAndTheRange() {
    #expect(throws: OptimizerError.setting(name: "beta1", value: 1, expected: "in 0 ..< 1")) {
      try Optimizer.adamW(.init(beta1: 1)).validate()
    }
    let error = OptimizerError.step(
      name: "decay_steps", value: 9, expected: "above warmup_steps (9)")
    #expect("\(error)" == "decay_steps must be above warmup_steps (9), but is 9")
  }
}
