import Harness
import Models
import Testing

/// The shapes that `model` can say.
@Suite struct ModelSpecTests {
  static func shape(_ model: String) throws -> ModelShape {
    try read(goodSpec.replacing("{preset: gpt3-nano}", with: model)).model.shape
  }

  @Test(arguments: ModelShape.presets.map(\.name))
  func everyPresetIsItsShape(name: String) throws {
    #expect(try Self.shape("{preset: \(name)}") == ModelShape.preset(named: name))
  }

  @Test func bandsStandBesideAPreset() throws {
    let nano = try #require(ModelShape.preset(named: "gpt3-nano"))
    #expect(
      try Self.shape("{preset: gpt3-nano, attention: alternating, window: 16}")
        == nano.withAttention(.alternating(window: 16)))
    #expect(try Self.shape("{preset: gpt3-nano, attention: dense}") == nano)
    let gemma = try #require(ModelShape.preset(named: "gemma3-nano"))
    #expect(
      try Self.shape("{preset: gemma3-nano, window: 8}")
        == gemma.withAttention(.localThenGlobal(window: 8)))
    #expect(
      try Self.shape("{preset: gemma3-nano, local_per_global: 2}")
        == gemma.withAttention(.localThenGlobal(window: 32, localPerGlobal: 2)))
  }

  @Test func shapesOfTheirOwn() throws {
    #expect(
      try Self.shape(customModel.replacing("{", with: "{d_ff: 20, attention: dense, "))
        == .gpt3(
          layerCount: 1, dModel: 12, headCount: 4, contextLength: 64, vocabularySize: 256,
          feedForwardWidth: 20))
    let plain = try ModelShape.gemma3(
      layerCount: 7, dModel: 12, headCount: 4, kvHeadCount: 2, headDimension: 6,
      feedForwardWidth: 20, contextLength: 64, vocabularySize: 256,
      attention: .localThenGlobal(window: 16))
    #expect(try Self.shape(customGemma) == plain)
    let other = customGemma.replacing(
      "}",
      with: ", local_per_global: 1, query_scale: 9, rope_base_local: 100, rope_base_global: 500, "
        + "rope_scaling_global: 8, norm_epsilon: 1e-5}")
    #expect(
      try Self.shape(other)
        == .gemma3(
          layerCount: 7, dModel: 12, headCount: 4, kvHeadCount: 2, headDimension: 6,
          feedForwardWidth: 20, contextLength: 64, vocabularySize: 256,
          attention: .localThenGlobal(window: 16, localPerGlobal: 1),
          settings: Gemma3Settings(
            queryScale: 9, localRope: .init(base: 100),
            globalRope: .init(base: 500, scaling: 8), normEpsilon: 1e-5)))
  }

  @Test func resolvedSpecsReadTheSameShape() throws {
    for model in [
      "{preset: gemma3-nano, window: 8}", customGemma,
      "{preset: gpt3-nano, attention: alternating, window: 16}",
    ] {
      let text = goodSpec.replacing("{preset: gpt3-nano}", with: model)
      let resolved = try point(text).canonicalText
      #expect(try read(resolved).model.shape == read(text).model.shape)
    }
  }
}
