import Models
import Testing

@Suite struct Gemma3ShapeTests {
  struct Sizes: Sendable {
    var layers = 6
    var dModel = 12
    var heads = 6
    var kvHeads = 2
    var headDimension = 10
    var dFF = 20
    var context = 16
    var vocabulary = 16
    var attention = ModelShape.AttentionPattern.localThenGlobal(window: 4)
    var settings: Gemma3Settings?

    func shape() throws(ModelError) -> ModelShape {
      try .gemma3(
        layerCount: layers, dModel: dModel, headCount: heads, kvHeadCount: kvHeads,
        headDimension: headDimension, feedForwardWidth: dFF, contextLength: context,
        vocabularySize: vocabulary, attention: attention, settings: settings)
    }
  }

  static let refused: [(Sizes, key: String, value: String)] = [
    (Sizes(layers: 0), "n_layers", "0"), (Sizes(dModel: 65_537), "d_model", "65537"),
    (Sizes(heads: -1), "n_heads", "-1"), (Sizes(kvHeads: 0), "n_kv_heads", "0"),
    (Sizes(kvHeads: 4), "n_kv_heads", "6"), (Sizes(kvHeads: 12), "n_kv_heads", "6"),
    (Sizes(headDimension: 0), "head_dim", "0"), (Sizes(headDimension: 7), "head_dim", "7"),
    (Sizes(headDimension: 4098), "head_dim", "4098"), (Sizes(dFF: 0), "d_ff", "0"),
    (Sizes(dFF: .max), "d_ff", "\(Int.max)"), (Sizes(context: 0), "context", "0"),
    (Sizes(vocabulary: 1), "vocab_size", "1"),
    (Sizes(attention: .localThenGlobal(window: 0)), "window", "0"),
    (Sizes(attention: .localThenGlobal(window: -3)), "window", "-3"),
    (Sizes(attention: .alternating(window: 131_073)), "window", "131073"),
    (Sizes(attention: .localThenGlobal(window: 4, localPerGlobal: -1)), "local_per_global", "-1"),
    (Sizes(attention: .localThenGlobal(window: 4, localPerGlobal: .max)), "local_per_global", "9"),
    (Sizes(attention: .layers([.global], window: nil)), "a reach", "6"),
    (
      Sizes(attention: .layers(Array(repeating: .local, count: 6), window: nil)), "local layers",
      "none"
    ),
    (Sizes(settings: Gemma3Settings(queryScale: 0)), "query_scale", "0.0"),
    (Sizes(settings: Gemma3Settings(queryScale: .nan)), "query_scale", "nan"),
    (
      Sizes(settings: Gemma3Settings(queryScale: 1, localRope: .init(base: -1))),
      "rope_base_local", "-1.0"
    ),
    (
      Sizes(
        settings: Gemma3Settings(queryScale: 1, globalRope: .init(base: 1, scaling: .infinity))),
      "rope_scaling_global", "inf"
    ),
    (Sizes(settings: Gemma3Settings(queryScale: 1, normEpsilon: 0)), "norm_epsilon", "0.0"),
  ]

  @Test(arguments: refused.indices)
  func sizesOutOfRangeAreRefused(index: Int) {
    let (sizes, key, value) = Self.refused[index]
    let error = #expect(throws: ModelError.self) { try sizes.shape() }
    guard case .invalidShape(let text) = error else {
      Issue.record("\(sizes) gave \(String(describing: error))")
      return
    }
    #expect(text.hasPrefix("\(key) ") && text.contains(value), "\(text)")
  }

  @Test func patternsAreLaidOutByLayer() throws {
    func reaches(_ layers: Int, _ attention: ModelShape.AttentionPattern) throws -> String {
      let shape = try Sizes(layers: layers, attention: attention).shape()
      return shape.reaches.map { $0 == .local ? "l" : "g" }.joined()
    }
    #expect(try reaches(13, .localThenGlobal(window: 4)) == "lllllglllllgl")
    #expect(try reaches(5, .localThenGlobal(window: 4, localPerGlobal: 1)) == "lglgl")
    #expect(try reaches(3, .localThenGlobal(window: 4, localPerGlobal: 0)) == "ggg")
    #expect(try reaches(4, .alternating(window: 4)) == "glgl")
    #expect(try reaches(2, .dense) == "gg")
    #expect(try reaches(2, .layers([.local, .global], window: 1)) == "lg")
  }

  @Test func windowBelongsToLocalLayersOnly() throws {
    let shape = try Sizes().shape()
    #expect((0..<6).map(shape.window(ofLayer:)) == [4, 4, 4, 4, 4, nil])
    // Without a local layer there is no window, however the pattern was described.
    let global = try Sizes(attention: .localThenGlobal(window: 4, localPerGlobal: 0)).shape()
    #expect(global.window == nil)
    #expect(try global == Sizes(attention: .dense).shape())
    #expect(try global == shape.withAttention(.dense))
  }

  /// Each tensor once, without gaps, and the count of its formula.
  @Test func layoutHasNoGaps() throws {
    let shape = try Sizes().shape()
    let layout = ParameterLayout(shape)
    var next = 0
    for tensor in layout.tensors {
      #expect(tensor.offset == next)
      next = tensor.range.upperBound
      #expect(layout.tensor(named: tensor.name) == tensor)
      #expect(layout.location(of: tensor.offset)?.tensor == tensor)
    }
    #expect(layout.count == next)
    #expect(Set(layout.tensors.map(\.name)).count == layout.tensors.count)
    // d 12, queries 60 wide, keys and values 20, d_ff 20.
    let layer = 4 * 12 + 2 * 10 + 2 * 60 * 12 + 2 * 20 * 12 + 3 * 20 * 12
    #expect(layout.count == 16 * 12 + 6 * layer + 12)
    #expect(
      ParameterTensor.Part.allCases.reduce(0) { $0 + layout.count(of: $1) } == layout.count)
    #expect(layout.tensor(named: "wte.weight") == nil)
  }
}
