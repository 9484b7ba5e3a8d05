import Kernels
import Models
import Testing

@Suite struct FineTuningTests {
  let arithmetic = Arithmetic(workers: Workers(threads: 2))
  let shape: ModelShape
  let start: FloatBuffer
  let batch: TokenBatch

  init() throws {
    shape = try .gpt3(
      layerCount: 2, dModel: 12, headCount: 3, contextLength: 9, vocabularySize: 31)
    let layout = ParameterLayout(shape)
    start = FloatBuffer(count: layout.count)
    layout.initialize(start, seed: 5, arithmetic: arithmetic)
    var numbers = TestNumbers(seed: 8)
    batch = try TokenBatch(
      sequenceCount: 3, contextLength: 9, tokens: (0..<27).map { _ in numbers.token(below: 31) },
      targets: (0..<27).map { _ in numbers.token(below: 31) }, vocabularySize: 31)
  }

  /// Loss and gradient of the plain model.
  func plain(_ parameters: FloatBuffer) throws -> (loss: Float, gradient: FloatBuffer) {
    let model = shape.languageModel(arithmetic: arithmetic)
    let gradient = FloatBuffer(count: model.layout.count)
    let workspace = model.makeWorkspace(sequenceCount: 3, contextLength: 9)
    let loss = model.lossAndGradient(parameters, on: batch, gradient: gradient, in: workspace)
    return (loss, gradient)
  }

  func model(_ variant: FineTuning) throws -> FineTunedModel {
    FineTunedModel(
      try TrainableParameters(shape, variant), start: start, arithmetic: arithmetic)
  }

  @Test func adaptersStartAsTheModelItself() throws {
    let model = try model(.lora(rank: 3, alpha: 6, matrices: ["attention", "mlp.c_fc"]))
    let trained = model.trainable.initial(model: start, seed: 1, arithmetic: arithmetic)
    #expect(model.modelParameters(trained).array == start.array)
    let workspace = model.makeWorkspace(sequenceCount: 3, contextLength: 9)
    let loss = model.loss(trained, on: batch, in: workspace)
    #expect(try loss == plain(start).loss)
    // (12 + 36) + (12 + 12) + (12 + 48) times the rank, in two layers.
    #expect(model.layout.count == 2 * 3 * (48 + 24 + 60))
    #expect(
      model.layout.tensors.map(\.name).prefix(4) == [
        "h.0.attn.c_attn.lora_A.weight", "h.0.attn.c_attn.lora_B.weight",
        "h.0.attn.c_proj.lora_A.weight", "h.0.attn.c_proj.lora_B.weight",
      ])
  }

  @Test func adaptersChangeTheModelAsTheFormulaSays() throws {
    let (rank, scale) = (3, 2.0)
    let model = try model(.lora(rank: rank, alpha: 6, matrices: ["c_attn", "c_fc"]))
    var numbers = TestNumbers(seed: 3)
    let trained = FloatBuffer((0..<model.layout.count).map { _ in numbers.number() / 4 })
    let composed = model.modelParameters(trained)
    let gradient = FloatBuffer(count: model.layout.count)
    let workspace = model.makeWorkspace(sequenceCount: 3, contextLength: 9)
    let loss = model.lossAndGradient(trained, on: batch, gradient: gradient, in: workspace)
    let (plainLoss, plainGradient) = try plain(composed)
    #expect(loss == plainLoss)
    #expect(workspace.flops == model.trainable.stepFLOPs(sequenceCount: 3, contextLength: 9))

    // In double precision, matrix by matrix: W (inputs, outputs) = W0 + s (B A)^T.
    var untouched = Set(0..<start.count)
    for (a, b) in stride(from: 0, to: model.layout.tensors.count, by: 2).map({
      (model.layout.tensors[$0], model.layout.tensors[$0 + 1])
    }) {
      let name = a.name.replacing(".lora_A", with: "")
      let target = try #require(ParameterLayout(shape).tensor(named: name))
      let (inputs, outputs) = (target.dimensions[0], target.dimensions[1])
      #expect(a.dimensions == [rank, inputs] && b.dimensions == [outputs, rank])
      func valueA(_ k: Int, _ i: Int) -> Double { Double(trained[a.offset + k * inputs + i]) }
      func valueB(_ o: Int, _ k: Int) -> Double { Double(trained[b.offset + o * rank + k]) }
      func dW(_ i: Int, _ o: Int) -> Double {
        Double(plainGradient[target.offset + i * outputs + o])
      }
      for i in 0..<inputs {
        for o in 0..<outputs {
          let index = target.offset + i * outputs + o
          untouched.remove(index)
          let sum = (0..<rank).reduce(0) { $0 + valueB(o, $1) * valueA($1, i) }
          #expect(abs(Double(composed[index]) - Double(start[index]) - scale * sum) < 1e-6)
        }
      }
      for k in 0..<rank {
        for i in 0..<inputs {
          let expected = scale * (0..<outputs).reduce(0) { $0 + valueB($1, k) * dW(i, $1) }
          #expect(abs(Double(gradient[a.offset + k * inputs + i]) - expected) < 1e-6)
        }
        for o in 0..<outputs {
          let expected = scale * (0..<inputs).reduce(0) { $0 + dW($1, o) * valueA(k, $1) }
          #expect(abs(Double(gradient[b.offset + o * rank + k]) - expected) < 1e-6)
        }
      }
    }
    #expect(untouched.allSatisfy { composed[$0].bitPattern == start[$0].bitPattern })
  }

  @Test func adapterGradientsAgreeWithDifferences() throws {
    let model = try model(.lora(rank: 2, alpha: 2, matrices: ["attention", "feed_forward"]))
    var numbers = TestNumbers(seed: 4)
    let values = (0..<model.layout.count).map { _ in numbers.number() / 4 }
    let direction = values.map { _ in numbers.number() }
    let workspace = model.makeWorkspace(sequenceCount: 3, contextLength: 9)
    let gradient = FloatBuffer(count: values.count)
    _ = model.lossAndGradient(FloatBuffer(values), on: batch, gradient: gradient, in: workspace)
    let slope = zip(gradient.array, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    func loss(_ step: Float) -> Double {
      let moved = zip(values, direction).map { $0 + step * $1 }
      return Double(model.loss(FloatBuffer(moved), on: batch, in: workspace))
    }
    let step: Float = 1 / 256
    let difference = (loss(step) - loss(-step)) / Double(2 * step)
    #expect(abs(difference - slope) <= 1e-3 * abs(slope) + 1e-4, "\(difference), \(slope)")
  }

  @Test func chosenLayersTrainAndTheOthersStay() throws {
    let model = try model(.layers(["h.1", "ln_f", "wpe.weight"]))
    #expect(model.layout.tensors.count == 12 + 2 + 1)
    #expect(model.layout.tensors.first?.name == "wpe.weight")
    let trained = model.trainable.initial(model: start, seed: 1, arithmetic: arithmetic)
    let workspace = model.makeWorkspace(sequenceCount: 3, contextLength: 9)
    for round in 0..<2 {
      let gradient = FloatBuffer(count: trained.count)
      let loss = model.lossAndGradient(trained, on: batch, gradient: gradient, in: workspace)
      let composed = model.modelParameters(trained)
      let (plainLoss, plainGradient) = try plain(composed)
      #expect(loss == plainLoss)
      for tensor in ParameterLayout(shape).tensors {
        if let own = model.layout.tensor(named: tensor.name) {
          for k in 0..<tensor.count {
            #expect(gradient[own.offset + k] == plainGradient[tensor.offset + k])
            #expect(composed[tensor.offset + k] == trained[own.offset + k])
          }
        } else {
          #expect(tensor.range.allSatisfy { composed[$0] == start[$0] }, "round \(round)")
        }
      }
      for k in 0..<trained.count { trained[k] -= 0.1 * gradient[k] }
    }
  }

  @Test func patternsChooseWholeWords() throws {
    func chosen(_ patterns: [String]) throws -> [String] {
      try TrainableParameters(shape, .layers(patterns)).layout.tensors.map(\.name)
    }
    #expect(try chosen(["h.0.ln_1"]) == ["h.0.ln_1.weight", "h.0.ln_1.bias"])
    #expect(try chosen(["c_fc.bias"]) == ["h.0.mlp.c_fc.bias", "h.1.mlp.c_fc.bias"])
    #expect(try chosen(["norm"]).count == 10)
    #expect(try chosen(["h", "ln_f", "embedding"]).count == ParameterLayout(shape).tensors.count)
    for pattern in ["h.2", "c_", "attn.c", "", "h..0", "ln", "0.h"] {
      #expect(throws: ModelError.self) { try chosen([pattern]) }
      #expect(throws: ModelError.self) { try chosen(["h.0", pattern]) }
    }
    #expect(throws: ModelError.self) { try chosen([]) }
    let refused: [FineTuning] = [
      .lora(rank: 0, alpha: 1, matrices: ["attention"]),
      .lora(rank: 13, alpha: 1, matrices: ["attention"]),
      .lora(rank: 1, alpha: 0, matrices: ["attention"]),
      .lora(rank: 1, alpha: .nan, matrices: ["attention"]),
      .lora(rank: 1, alpha: 1, matrices: ["wte"]),
      .lora(rank: 1, alpha: 1, matrices: ["ln_1"]),
      .lora(rank: 1, alpha: 1, matrices: ["c_fc.bias"]),
    ]
    for variant in refused {
      #expect(throws: ModelError.self) { try TrainableParameters(shape, variant) }
    }
  }

  @Test func gemmaMatricesKeepTheirOrientation() throws {
    let gemma = try ModelShape.gemma3(
      layerCount: 1, dModel: 8, headCount: 2, kvHeadCount: 1, headDimension: 6,
      feedForwardWidth: 10, contextLength: 8, vocabularySize: 20, attention: .dense)
    let trainable = try TrainableParameters(
      gemma, .lora(rank: 2, alpha: 2, matrices: ["q_proj", "down_proj"]))
    #expect(trainable.layout.tensors.map(\.dimensions) == [[2, 8], [12, 2], [2, 10], [8, 2]])
  }
}
