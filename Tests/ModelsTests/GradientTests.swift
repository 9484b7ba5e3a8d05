import Kernels
import Models
import Testing

/// Loss and gradients against an oracle in double precision and its central differences.
@Suite struct GradientTests {
  static let settings = [
    Setting(
      layers: 2, dModel: 12, heads: 3, context: 6, vocabulary: 13, sequences: 2, tokens: 5),
    Setting(layers: 1, dModel: 7, heads: 1, context: 3, vocabulary: 5, sequences: 3, tokens: 3),
    Setting(layers: 3, dModel: 6, heads: 6, context: 9, vocabulary: 2, sequences: 1, tokens: 8),
    Setting(layers: 1, dModel: 10, heads: 5, context: 4, vocabulary: 40, sequences: 4, tokens: 1),
    // One dense and one banded layer.
    Setting(
      layers: 2, dModel: 8, heads: 2, context: 9, vocabulary: 6, sequences: 2, tokens: 9,
      attention: .alternating(window: 3)),
    // Each kind of layer of Gemma 3 alone, and both.
    Setting(
      gemma: "l", dModel: 9, heads: (4, kv: 2, dimension: 6), window: 3, vocabulary: 7,
      sequences: 2, tokens: 8),
    Setting(
      gemma: "g", dModel: 7, heads: (3, kv: 1, dimension: 4), window: 3, vocabulary: 9,
      sequences: 2, tokens: 7,
      settings: Gemma3Settings(
        queryScale: 3, globalRope: .init(base: 50, scaling: 2.5), normEpsilon: 1e-3)),
    Setting(
      gemma: "lgl", dModel: 6, heads: (2, kv: 2, dimension: 2), window: 4, vocabulary: 5,
      sequences: 1, tokens: 6,
      settings: Gemma3Settings(queryScale: 2, localRope: .init(base: 30, scaling: 1.5))),
  ]

  /// What the module says of one random point, and the oracle's loss as a function.
  struct Point {
    let layout: ParameterLayout
    let parameters: [Double]
    let loss: Float
    let gradient: [Float]
    let oracle: ([Double]) -> Double

    init(_ setting: Setting) throws {
      var numbers = TestNumbers(seed: 11)
      let (shape, values) = (setting.shape, setting.parameters(&numbers))
      let batch = try setting.batch(&numbers)
      let model = setting.model(Machine().arithmetic)
      let buffer = FloatBuffer(count: values.count)
      loss = model.lossAndGradient(
        FloatBuffer(values), on: batch, gradient: buffer, in: setting.workspace())
      (layout, parameters, gradient) = (model.layout, values.map(Double.init), buffer.array)
      let reference: any LossOracle
      switch shape.architecture {
      case .gpt3:
        reference = Oracle(
          layers: shape.layerCount, width: shape.dModel, heads: shape.headCount,
          context: shape.contextLength, vocabulary: shape.vocabularySize,
          windows: (0..<shape.layerCount).map(shape.window(ofLayer:)))
      case .gemma3(let settings):
        reference = GemmaOracle(
          width: shape.dModel, heads: shape.headCount, kvHeads: shape.kvHeadCount,
          size: shape.headDimension, wide: shape.feedForwardWidth,
          vocabulary: shape.vocabularySize,
          windows: (0..<shape.layerCount).map(shape.window(ofLayer:)), settings: settings)
      }
      func sequences(_ flat: [Int32]) -> [[Int]] {
        (0..<setting.sequenceCount).map { row in
          (0..<setting.contextLength).map { Int(flat[row * setting.contextLength + $0]) }
        }
      }
      let (tokens, targets) = (sequences(batch.tokens), sequences(batch.targets))
      oracle = { reference.loss($0, tokens: tokens, targets: targets) }
    }

    /// Derivative of the oracle along `direction`, which moves only elements from `first` on.
    func slope(along direction: [Double], from first: Int) -> Double {
      let step = 1e-5
      var (up, down) = (parameters, parameters)
      for (i, d) in direction.enumerated() {
        up[first + i] += step * d
        down[first + i] -= step * d
      }
      return (oracle(up) - oracle(down)) / (2 * step)
    }
  }

  @Test(arguments: settings)
  func lossIsTheOracles(setting: Setting) throws {
    let point = try Point(setting)
    let expected = point.oracle(point.parameters)
    #expect(abs(Double(point.loss) - expected) <= 1e-5 * expected)
  }

  @Test(arguments: settings)
  func singleElementsOfEveryTensor(setting: Setting) throws {
    let point = try Point(setting)
    var numbers = TestNumbers(seed: 12)
    for tensor in point.layout.tensors {
      let largest = point.gradient[tensor.range].map { Double(abs($0)) }.max()!
      let inner = (0..<8).map { _ in Int(numbers.token(below: tensor.count)) }
      for element in Set([0, tensor.count - 1] + inner) {
        let expected = point.slope(along: [1], from: tensor.offset + element)
        let actual = Double(point.gradient[tensor.offset + element])
        #expect(
          abs(actual - expected) <= 1e-4 * largest + 1e-7,
          "\(tensor.name)[\(element)] is \(actual), not \(expected)")
      }
    }
  }

  @Test(arguments: settings)
  func allElementsOfEveryTensorAlongRandomDirections(setting: Setting) throws {
    let point = try Point(setting)
    var numbers = TestNumbers(seed: 13)
    for tensor in point.layout.tensors {
      let gradient = point.gradient[tensor.range].map(Double.init)
      for _ in 0..<3 {
        let direction = (0..<tensor.count).map { _ in Double(numbers.number()) }
        let actual = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
        let expected = point.slope(along: direction, from: tensor.offset)
        #expect(
          abs(actual - expected) <= 1e-4 * norm(gradient) + 1e-7,
          "\(tensor.name) rises by \(actual), not \(expected)")
      }
    }
  }

  @Test func gradientOfUnusedRowsIsZero() throws {
    let setting = Self.settings[3]
    let point = try Point(setting)
    let positions = point.layout.tensors[1]
    let unused = positions.range.dropFirst(setting.contextLength * setting.shape.dModel)
    #expect(!unused.isEmpty && unused.allSatisfy { point.gradient[$0] == 0 })
  }
}
