/// Shapes that have a name.
extension ModelShape {
  /// A shape with its name, and where it is from.
  public struct Preset: Sendable, Hashable {
    /// What specs and commands call it.
    public let name: String
    /// The shape.
    public let shape: ModelShape
    /// One line for people.
    public let summary: String
  }

  /// All presets: for each family the runnable ones and then the published ones, smallest first.
  public static let presets: [Preset] = gpt3Presets + gemma3Presets

  /// The preset called `name`, or nil.
  public static func preset(named name: String) -> ModelShape? {
    presets.first { $0.name == name }?.shape
  }

  private static let gpt3Presets: [Preset] = [
    runnableGPT3("gpt3-nano", layers: 2, dModel: 64, heads: 4, context: 64),
    runnableGPT3("gpt3-tiny", layers: 4, dModel: 256, heads: 4, context: 256),
    runnableGPT3("gpt3-mini", layers: 6, dModel: 384, heads: 6, context: 256),
    publishedGPT3("gpt3-125m", layers: 12, dModel: 768, heads: 12),
    publishedGPT3("gpt3-350m", layers: 24, dModel: 1024, heads: 16),
    publishedGPT3("gpt3-760m", layers: 24, dModel: 1536, heads: 16),
    // The table prints 24 heads; 16 agree with its own count of parameters.
    publishedGPT3("gpt3-1.3b", layers: 24, dModel: 2048, heads: 16),
    publishedGPT3("gpt3-2.7b", layers: 32, dModel: 2560, heads: 32),
    publishedGPT3("gpt3-6.7b", layers: 32, dModel: 4096, heads: 32),
    // The table prints a width of 5140; 5120 agrees with its own count of parameters.
    publishedGPT3("gpt3-13b", layers: 40, dModel: 5120, heads: 40),
    publishedGPT3("gpt3-175b", layers: 96, dModel: 12_288, heads: 96),
  ]

  private static let gemma3Presets: [Preset] = [
    gemma3(
      "gemma3-nano", "Gemma 3 in small, trains in milliseconds a step", layers: 6, dModel: 64,
      heads: (4, kv: 1, dimension: 16), dFF: 128, window: 32, context: 64, vocabulary: 256),
    gemma3(
      "gemma3-tiny", "Gemma 3 in small, about 3 M parameters", layers: 6, dModel: 192,
      heads: (4, kv: 2, dimension: 48), dFF: 640, window: 64, context: 256, vocabulary: 256),
    gemma3(
      "gemma3-mini", "Gemma 3 in small, about 10 M parameters", layers: 12, dModel: 256,
      heads: (4, kv: 1, dimension: 64), dFF: 896, window: 64, context: 256, vocabulary: 256),
    releasedGemma3(
      "gemma3-270m", layers: 18, dModel: 640, heads: (4, kv: 1, dimension: 256), dFF: 2048,
      window: 512, context: 32_768, vocabulary: 262_144),
    releasedGemma3(
      "gemma3-1b", layers: 26, dModel: 1152, heads: (4, kv: 1, dimension: 256), dFF: 6912,
      window: 512, context: 32_768, vocabulary: 262_144),
    releasedGemma3(
      "gemma3-4b", layers: 34, dModel: 2560, heads: (8, kv: 4, dimension: 256), dFF: 10_240,
      window: 1024, context: 131_072, vocabulary: 262_208, globalScaling: 8),
    releasedGemma3(
      "gemma3-12b", layers: 48, dModel: 3840, heads: (16, kv: 8, dimension: 256), dFF: 15_360,
      window: 1024, context: 131_072, vocabulary: 262_208, globalScaling: 8),
    releasedGemma3(
      "gemma3-27b", layers: 62, dModel: 5376, heads: (32, kv: 16, dimension: 128), dFF: 21_504,
      window: 1024, context: 131_072, vocabulary: 262_208, globalScaling: 8, queryScale: 168),
  ]

  private static func runnableGPT3(
    _ name: String, layers: Int, dModel: Int, heads: Int, context: Int
  ) -> Preset {
    make(name, "GPT-3 in small, context \(context), bytes as tokens") { () throws(ModelError) in
      try gpt3(
        layerCount: layers, dModel: dModel, headCount: heads, contextLength: context,
        vocabularySize: 256)
    }
  }

  private static func publishedGPT3(
    _ name: String, layers: Int, dModel: Int, heads: Int
  ) -> Preset {
    make(name, "arXiv 2005.14165, table 2.1") { () throws(ModelError) in
      try gpt3(
        layerCount: layers, dModel: dModel, headCount: heads, contextLength: 2048,
        vocabularySize: 50_257)
    }
  }

  private static func releasedGemma3(
    _ name: String, layers: Int, dModel: Int, heads: (Int, kv: Int, dimension: Int), dFF: Int,
    window: Int, context: Int, vocabulary: Int, globalScaling: Double = 1,
    queryScale: Double = 256
  ) -> Preset {
    gemma3(
      name, "arXiv 2503.19786, text decoder", layers: layers, dModel: dModel, heads: heads,
      dFF: dFF, window: window, context: context, vocabulary: vocabulary,
      globalScaling: globalScaling, queryScale: queryScale)
  }

  private static func gemma3(
    _ name: String, _ summary: String, layers: Int, dModel: Int,
    heads: (Int, kv: Int, dimension: Int), dFF: Int, window: Int, context: Int, vocabulary: Int,
    globalScaling: Double = 1, queryScale: Double? = nil
  ) -> Preset {
    make(name, summary) { () throws(ModelError) in
      try gemma3(
        layerCount: layers, dModel: dModel, headCount: heads.0, kvHeadCount: heads.kv,
        headDimension: heads.dimension, feedForwardWidth: dFF, contextLength: context,
        vocabularySize: vocabulary, attention: .localThenGlobal(window: window),
        settings: Gemma3Settings(
          queryScale: queryScale ?? Double(heads.dimension),
          globalRope: .init(base: 1_000_000, scaling: globalScaling)))
    }
  }

  private static func make(
    _ name: String, _ summary: String, _ shape: () throws(ModelError) -> ModelShape
  ) -> Preset {
    do {
      return Preset(name: name, shape: try shape(), summary: summary)
    } catch {
      preconditionFailure("preset \(name): \(error)")
    }
  }
}
