import Models
import Proofs
import Protocol
import Quant

/// Honest chains of every recipe, and of many shapes, formats and rates.
enum HonestChains {
  static let shapes: [ModelShape] = {
    do {
      return [
        Fixture.shape,
        try .gpt3(
          layerCount: 2, dModel: 12, headCount: 3, contextLength: 9, vocabularySize: 257,
          attention: .layers([.global, .local], window: 4)),
        try .gemma3(
          layerCount: 1, dModel: 8, headCount: 2, kvHeadCount: 1, headDimension: 4,
          feedForwardWidth: 12, contextLength: 8, vocabularySize: 256,
          attention: .dense),
        try .gemma3(
          layerCount: 2, dModel: 10, headCount: 4, kvHeadCount: 2, headDimension: 6,
          feedForwardWidth: 15, contextLength: 12, vocabularySize: 259,
          attention: .layers([.local, .global], window: 3)),
      ]
    } catch { fatalError("\(error)") }
  }()
  static let gradientFormats = [
    "int8:g16", "int4:g32", "int4:g16:stochastic", "nf4:g32", "mxfp4", "fp8-e4m3:g32",
    "bfloat16", "float32", "ternary:g16", "int4:g64:mse",
  ].map(Fixture.format)
  static let modelFormats = ["int4:g16", "int8:g64", "nf4:g64", "mxfp8-e4m3", "float16"]
    .map(Fixture.format)

  /// Options of chain `number`.
  static func options(_ number: UInt64, verifiers: Int) -> FixtureOptions {
    var sampler = SeededSampler(seed: Fixture.digest("honest", number), domain: "options")
    func pick<Element>(_ from: [Element]) -> Element {
      from[Int(sampler.uniform(below: UInt64(from.count)))]
    }
    func rate() -> UInt32 { pick([50_000, 250_000, 600_000, 1_000_000]) }
    var options = FixtureOptions()
    options.seed = number
    options.leafRate = rate()
    options.replayRate = rate()
    options.verifierStakes = [UInt64](repeating: 100, count: verifiers)
    // Losses of a few tokens go up and down; that is section 6.5's affair, not fraud.
    options.progressTokens = 16
    options.progressMargin = 100
    options.recipe = RecipeTests.recipes[Int(number % UInt64(RecipeTests.recipes.count))]
    options.shape = pick(shapes)
    options.gradientFormat = pick(gradientFormats)
    options.modelFormat = pick(modelFormats)
    options.fineTuning = pick([.full, .full, .full, .layers(["norm", "feed_forward"])])
    return options
  }
}
