import Kernels
import Models
import Testing

/// Operations by formula are the operations that were done.
@Suite struct CostTests {
  static let settings =
    GradientTests.settings + [
      .odd, .nano, .gemmaOdd, .gemmaNano,
      Setting(layers: 1, dModel: 1, heads: 1, context: 1, vocabulary: 2, sequences: 1, tokens: 1),
      Setting(
        layers: 3, dModel: 12, heads: 2, context: 20, vocabulary: 50, sequences: 2, tokens: 17,
        attention: .alternating(window: 5)),
      Setting(
        layers: 4, dModel: 32, heads: 2, context: 20, vocabulary: 50, sequences: 2, tokens: 7),
    ]

  static let parts: [(String, @Sendable (ModelFLOPs) -> UInt64)] = [
    ("projections", { $0.attentionProjections }), ("scores", { $0.attentionScores }),
    ("feed-forward", { $0.feedForward }), ("head", { $0.head }), ("norms", { $0.norms }),
    ("total", { $0.total }),
  ]

  @Test(arguments: settings)
  func formulaIsTheMeter(setting: Setting) throws {
    var numbers = TestNumbers(seed: 21)
    let (shape, workspace) = (setting.shape, setting.workspace())
    let model = setting.model(Machine().arithmetic)
    let parameters = FloatBuffer(setting.parameters(&numbers))
    let gradient = FloatBuffer(count: parameters.count)
    let batch = try setting.batch(&numbers)
    let forward = shape.forwardFLOPs(
      sequenceCount: setting.sequenceCount, contextLength: setting.contextLength)
    let backward = shape.backwardFLOPs(
      sequenceCount: setting.sequenceCount, contextLength: setting.contextLength)
    #expect(workspace.flops == ModelFLOPs())
    _ = model.loss(parameters, on: batch, in: workspace)
    for (name, part) in Self.parts {
      #expect(part(workspace.flops) == part(forward), "\(name)")
    }
    _ = model.lossAndGradient(parameters, on: batch, gradient: gradient, in: workspace)
    for (name, part) in Self.parts {
      #expect(part(workspace.flops) == 2 * part(forward) + part(backward), "\(name)")
    }
    #expect(forward + forward + backward == workspace.flops)
  }

  @Test(arguments: settings)
  func activationsAreTheBytesOfTheWorkspace(setting: Setting) {
    #expect(
      setting.shape.activationBytes(
        sequenceCount: setting.sequenceCount, contextLength: setting.contextLength)
        == Double(setting.workspace().byteCount))
  }

  @Test func trainingAddsParametersGradientAndWhatTheOptimizerRemembers() {
    let shape = Setting.nano.shape
    #expect(
      shape.trainingBytes(sequenceCount: 4, contextLength: 64, optimizerVectors: 2)
        == 4 * 4 * 120_576 + shape.activationBytes(sequenceCount: 4, contextLength: 64))
  }

  /// Worked out by hand for 4 sequences of 64 tokens.
  @Test func partsOfNano() {
    let shape = Setting.nano.shape
    let forward = shape.forwardFLOPs(sequenceCount: 4, contextLength: 64)
    #expect(forward.attentionProjections == 16_777_216)
    #expect(forward.attentionScores == 4_259_840)
    #expect(forward.feedForward == 33_554_432)
    #expect(forward.head == 8_388_608)
    #expect(forward.norms == 573_440)
    #expect(forward.total == 63_553_536)
    let backward = shape.backwardFLOPs(sequenceCount: 4, contextLength: 64)
    #expect(backward.attentionProjections == 33_554_432)
    #expect(backward.attentionScores == 8_519_680)
    #expect(backward.feedForward == 67_108_864)
    #expect(backward.head == 16_777_216)
    #expect(backward.norms == 1_064_960)
    #expect(backward.total == 127_025_152)
  }

  /// Pairs of a query and a key in it, counted one by one.
  @Test(arguments: [1, 2, 5, 16, 17, 40])
  func visiblePairsAreThoseOfTheMask(window: Int) throws {
    let shape = try ModelShape.gpt3(
      layerCount: 2, dModel: 4, headCount: 2, contextLength: 40, vocabularySize: 7,
      attention: .alternating(window: window))
    for tokens in [1, 3, 16, 40] {
      let (all, banded) = (0..<tokens).reduce((0, 0)) { sums, query in
        (0...query).reduce(sums) { ($0.0 + 1, $0.1 + (query - $1 < window ? 1 : 0)) }
      }
      #expect(shape.visiblePairs(layer: 0, contextLength: tokens) == all)
      #expect(shape.visiblePairs(layer: 1, contextLength: tokens) == banded)
    }
  }

  /// Shapes that no machine computes are answered for too.
  @Test func numbersThatDoNotFitAreTheLargest() throws {
    let largest = try ModelShape.gpt3(
      layerCount: 1024, dModel: 65_536, headCount: 1024, contextLength: 131_072,
      vocabularySize: 1_048_576)
    let flops = largest.forwardFLOPs(sequenceCount: 1_000_000, contextLength: 131_072)
    #expect(flops.attentionProjections == .max && flops.total == .max)
    #expect((flops + flops).feedForward == .max)
    #expect(largest.activationBytes(sequenceCount: 1, contextLength: 131_072) > 1e14)
  }

  /// GPT-3 175B in "Language Models are Few-Shot Learners", arXiv 2005.14165, table D.1: 174,600
  /// million parameters, 3.14e23 operations for 300 billion tokens without attention's scores.
  @Test func largestModelOfThePaper() throws {
    let shape = try ModelShape.gpt3(
      layerCount: 96, dModel: 12_288, headCount: 96, contextLength: 2048, vocabularySize: 50_257)
    #expect(shape.headDimension == 128)
    #expect((Double(ParameterLayout(shape).count) / 1e8).rounded() == 1746)
    let step =
      shape.forwardFLOPs(sequenceCount: 1, contextLength: 2048)
      + shape.backwardFLOPs(sequenceCount: 1, contextLength: 2048)
    let withoutScores = step.total - step.attentionScores
    let training: Double = Double(withoutScores) * (300e9 / 2048)
    #expect((3.13e23...3.15e23).contains(training))
  }
}
