import Kernels
import Models
import Testing

@Suite struct ShapeTests {
  struct Sizes: Sendable {
    var layers = 2
    var dModel = 12
    var heads = 3
    var context = 8
    var vocabulary = 16

    func shape() throws(ModelError) -> ModelShape {
      try ModelShape.gpt3(
        layerCount: layers, dModel: dModel, headCount: heads, contextLength: context,
        vocabularySize: vocabulary)
    }
  }

  static let refused: [(Sizes, key: String, value: Int)] = [
    (Sizes(layers: 0), "n_layers", 0), (Sizes(layers: -1), "n_layers", -1),
    (Sizes(layers: 1025), "n_layers", 1025), (Sizes(layers: .max), "n_layers", .max),
    (Sizes(dModel: 0), "d_model", 0), (Sizes(dModel: -12), "d_model", -12),
    (Sizes(dModel: 65_537), "d_model", 65_537), (Sizes(dModel: .max), "d_model", .max),
    (Sizes(heads: 0), "n_heads", 0), (Sizes(heads: -3), "n_heads", -3),
    (Sizes(heads: 1025), "n_heads", 1025), (Sizes(heads: 5), "n_heads", 12),
    (Sizes(heads: 24), "n_heads", 12),
    (Sizes(context: 0), "context", 0), (Sizes(context: -8), "context", -8),
    (Sizes(context: 131_073), "context", 131_073), (Sizes(context: .min), "context", .min),
    (Sizes(vocabulary: 1), "vocab_size", 1), (Sizes(vocabulary: -2), "vocab_size", -2),
    (Sizes(vocabulary: 1_048_577), "vocab_size", 1_048_577),
  ]

  @Test(arguments: refused.indices)
  func sizesOutOfRangeAreRefused(index: Int) {
    let (sizes, key, value) = Self.refused[index]
    let error = #expect(throws: ModelError.self) { try sizes.shape() }
    guard case .invalidShape(let text) = error else {
      Issue.record("\(sizes) gave \(String(describing: error))")
      return
    }
    #expect(text.hasPrefix("\(key) must ") && text.contains("\(value)"))
    #expect(error?.description == text)
  }

  @Test func limitsThemselvesAreTaken() throws {
    let smallest = try Sizes(layers: 1, dModel: 1, heads: 1, context: 1, vocabulary: 2).shape()
    #expect(ParameterLayout(smallest).count == 30)
    let largest = try Sizes(
      layers: 1024, dModel: 65_536, heads: 1024, context: 131_072, vocabulary: 1_048_576
    ).shape()
    // Counted without allocating any of them.
    #expect(ParameterLayout(largest).count == 52_854_740_090_880)
    #expect(largest.headDimension == 64 && largest.feedForwardWidth == 262_144)
  }

  @Test(arguments: CostTests.settings.filter { $0.shape.family == "gpt3" })
  func layoutHasNoGapsAndFindsItsElements(setting: Setting) {
    let (shape, layout) = (setting.shape, ParameterLayout(setting.shape))
    let d = shape.dModel
    #expect(
      layout.count == (shape.vocabularySize + shape.contextLength) * d
        + shape.layerCount * (12 * d * d + 13 * d) + 2 * d)
    var next = 0
    for tensor in layout.tensors {
      #expect(tensor.offset == next)
      next = tensor.range.upperBound
      for element in [0, tensor.count / 2, tensor.count - 1] {
        let place = layout.location(of: tensor.offset + element)
        #expect(place?.tensor == tensor && place?.element == element)
      }
    }
    #expect(next == layout.count)
    #expect(Set(layout.tensors.map(\.name)).count == layout.tensors.count)
    for outside in [-1, layout.count, Int.min, Int.max] {
      #expect(layout.location(of: outside) == nil)
    }
  }

  @Test func otherErrorsNameTheirNumbers() {
    #expect(ModelError.corpusTooShort(tokens: 3, needed: 9).description.contains("3 tokens"))
    #expect(ModelError.corpusTooShort(tokens: 3, needed: 9).description.hasSuffix("needs 9"))
    #expect(ModelError.nonFiniteLoss(.infinity).description.contains("the loss is inf"))
  }
}

@Suite struct InitializationTests {
  static func values(_ shape: ModelShape, seed: UInt64, _ machine: Machine) -> [Float] {
    let layout = ParameterLayout(shape)
    let buffer = FloatBuffer(count: layout.count)
    buffer.fill(.nan)
    layout.initialize(buffer, seed: seed, arithmetic: machine.arithmetic)
    return buffer.array
  }

  @Test(arguments: [0, 1, UInt64.max])
  func isAPureFunctionOfTheSeed(seed: UInt64) {
    let expected = Self.values(Setting.nano.shape, seed: seed, Machine(.portable, threads: 1))
    for machine in Machine.all {
      let actual = Self.values(Setting.nano.shape, seed: seed, machine)
      #expect(actual.map(\.bitPattern) == expected.map(\.bitPattern), "\(machine)")
    }
  }

  @Test func seedsAndTensorsDiffer() {
    let layout = ParameterLayout(Setting.nano.shape)
    let one = Self.values(Setting.nano.shape, seed: 1, Machine())
    let two = Self.values(Setting.nano.shape, seed: 2, Machine())
    var starts = Set<[Float]>()
    var drawn = 0
    for tensor in layout.tensors {
      guard case .normal(let deviation) = tensor.initialization else { continue }
      #expect(zip(one[tensor.range], two[tensor.range]).count { $0 == $1 } < tensor.count / 100)
      // In units of the tensor's own deviation and rounded, so that scaling cannot hide a copy.
      starts.insert(one[tensor.range].prefix(8).map { ($0 / deviation * 1000).rounded() })
      drawn += 1
    }
    #expect(drawn == 10 && starts.count == drawn)
  }

  /// GPT-2's: deviation 0.02, in front of the residual stream divided by sqrt(2 * layers).
  @Test func numbersHaveTheirDeviation() {
    let layout = ParameterLayout(Setting.nano.shape)
    let values = Self.values(Setting.nano.shape, seed: 3, Machine())
    for tensor in layout.tensors {
      let own = values[tensor.range].map(Double.init)
      if tensor.dimensions.count == 1 {
        let constant = tensor.name.contains("ln_") && tensor.name.hasSuffix("weight") ? 1.0 : 0
        #expect(own.allSatisfy { $0 == constant }, "\(tensor.name)")
        continue
      }
      let expected = tensor.name.contains("c_proj") ? 0.01 : 0.02
      let n = Double(own.count)
      let mean = own.reduce(0, +) / n
      let deviation = norm(own.map { $0 - mean }) / n.squareRoot()
      // Five standard errors of each estimate.
      #expect(abs(mean) < 5 * expected / n.squareRoot(), "\(tensor.name)")
      #expect(abs(deviation / expected - 1) < 5 / (2 * n).squareRoot(), "\(tensor.name)")
      #expect(own.allSatisfy { abs($0) < 7 * expected }, "\(tensor.name)")
    }
  }
}
