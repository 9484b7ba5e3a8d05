import Kernels
import Models
import Testing

/// A batch that is computed in parts gives the bits of the whole.
@Suite struct MicrobatchTests {
  static let settings = [
    Setting(
      layers: 2, dModel: 21, heads: 3, context: 11, vocabulary: 37, sequences: 6, tokens: 10),
    Setting(
      gemma: "lg", dModel: 19, heads: (6, kv: 2, dimension: 10), window: 4, vocabulary: 37,
      sequences: 6, tokens: 11),
  ]

  @Test(arguments: settings) func partsGiveTheBitsOfTheWhole(setting: Setting) throws {
    var numbers = TestNumbers(seed: 21)
    let (batch, parameters) = (
      try setting.batch(&numbers), FloatBuffer(setting.parameters(&numbers))
    )
    func run(_ sequences: Int, _ arithmetic: Arithmetic) -> [UInt32] {
      let model = setting.model(arithmetic)
      let workspace = model.makeWorkspace(
        sequenceCount: sequences, contextLength: setting.contextLength)
      let gradient = FloatBuffer(count: model.layout.count)
      let loss = model.lossAndGradient(parameters, on: batch, gradient: gradient, in: workspace)
      #expect(model.loss(parameters, on: batch, in: workspace).bitPattern == loss.bitPattern)
      return [loss.bitPattern] + gradient.bits
    }
    let whole = run(6, Machine(.portable, threads: 1).arithmetic)
    for machine in Machine.all {
      for sequences in [1, 2, 3, 6] {
        #expect(run(sequences, machine.arithmetic) == whole, "\(machine), parts of \(sequences)")
      }
    }
  }

  /// Each part goes on from the bytes of the one before, in a workspace that computed something else.
  @Test(arguments: settings) func partsGoOnFromBytes(setting: Setting) throws {
    var numbers = TestNumbers(seed: 23)
    let batch = try setting.batch(&numbers)
    let other = try setting.batch(&numbers)
    let start = FloatBuffer(setting.parameters(&numbers))
    let arithmetic = Machine().arithmetic
    for variant in [
      .full, .layers(["attention"]), .layers(["embedding"]),
      .lora(rank: 2, alpha: 3, matrices: ["feed_forward"]),
    ] as [FineTuning] {
      let trainable = try TrainableParameters(setting.shape, variant)
      let model: any LanguageModel =
        variant.trainsEverything
        ? setting.model(arithmetic)
        : FineTunedModel(trainable, start: start, arithmetic: arithmetic)
      let trained = trainable.initial(model: start, seed: 3, arithmetic: arithmetic)
      let count = 3
      func workspace() -> ModelWorkspace {
        model.makeWorkspace(
          sequenceCount: setting.sequenceCount / count, contextLength: setting.contextLength)
      }
      let gradient = FloatBuffer(count: trainable.count)
      var carried: [[UInt8]] = []
      let first = workspace()
      let loss = model.lossAndGradient(
        trained, on: batch, parts: 0..<count, gradient: gradient, in: first
      ) { _ in carried.append(model.accumulation(of: batch, gradient: gradient, in: first)) }
      let whole = gradient.bits
      #expect(carried.count == count - 1)
      let size = trainable.accumulationByteCount(positionCount: batch.positionCount)
      #expect(carried.allSatisfy { $0.count == size })
      for part in 0..<count {
        let used = workspace()
        _ = model.lossAndGradient(trained, on: other, gradient: gradient, in: used)
        if part > 0 {
          model.resume(
            carried[part - 1], after: part - 1, of: batch, gradient: gradient, in: used)
        }
        let result = model.lossAndGradient(
          trained, on: batch, parts: part..<part + 1, gradient: gradient, in: used,
          afterPart: { _ in })
        guard part == count - 1 else {
          #expect(result == nil)
          #expect(
            model.accumulation(of: batch, gradient: gradient, in: used) == carried[part],
            "\(variant), part \(part)")
          continue
        }
        #expect(result?.bitPattern == loss?.bitPattern)
        #expect(gradient.bits == whole, "\(variant)")
      }
    }
  }

  /// The parts' gradients, each of its own mean, average to the gradient of the whole.
  @Test(arguments: settings) func theWholeIsTheMeanOfItsParts(setting: Setting) throws {
    var numbers = TestNumbers(seed: 22)
    let (batch, parameters) = (
      try setting.batch(&numbers), FloatBuffer(setting.parameters(&numbers))
    )
    let model = setting.model(Machine().arithmetic)
    let (gradient, ofPart) = (
      FloatBuffer(count: model.layout.count), FloatBuffer(count: model.layout.count)
    )
    let loss = model.lossAndGradient(
      parameters, on: batch, gradient: gradient, in: setting.workspace())
    let length = setting.contextLength
    let workspace = model.makeWorkspace(sequenceCount: 1, contextLength: length)
    var meanLoss = 0.0
    var mean = [Double](repeating: 0, count: gradient.count)
    for sequence in 0..<setting.sequenceCount {
      let positions = sequence * length..<(sequence + 1) * length
      let part = try TokenBatch(
        sequenceCount: 1, contextLength: length, tokens: Array(batch.tokens[positions]),
        targets: Array(batch.targets[positions]), vocabularySize: setting.shape.vocabularySize)
      meanLoss += Double(
        model.lossAndGradient(parameters, on: part, gradient: ofPart, in: workspace))
      for i in mean.indices { mean[i] += Double(ofPart[i]) / Double(setting.sequenceCount) }
    }
    #expect(abs(meanLoss / Double(setting.sequenceCount) - Double(loss)) <= 1e-6 * Double(loss))
    let error = norm(mean.indices.map { mean[$0] - Double(gradient[$0]) })
    #expect(error <= 1e-5 * norm(mean))
  }
}
