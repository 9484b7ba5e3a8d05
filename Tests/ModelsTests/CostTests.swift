import Kernels
import Models
import Testing

/// Operations by formula are the operations that were done.
@Suite struct CostTests {
  static let settings =
    GradientTests.settings + [
      .odd, .nano,
      Setting(layers: 1, dModel: 1, heads: 1, context: 1, vocabulary: 2, sequences: 1, tokens: 1),
      Setting(
        layers: 4, dModel: 32, heads: 2, context: 20, vocabulary: 50, sequences: 2, tokens: 7),
    ]

  @Test(arguments: settings)
  func formulaIsTheMeter(setting: Setting) throws {
    var numbers = TestNumbers(seed: 21)
    let (shape, workspace) = (setting.shape, setting.workspace())
    let model = GPT3(shape: shape, arithmetic: Machine().arithmetic)
    let parameters = FloatBuffer(setting.parameters(&numbers))
    let gradient = FloatBuffer(count: parameters.count)
    let batch = try setting.batch(&numbers)
    let forward = shape.forwardFLOPs(
      sequenceCount: setting.sequenceCount, contextLength: setting.contextLength
    ).total
    let backward = shape.backwardFLOPs(
      sequenceCount: setting.sequenceCount, contextLength: setting.contextLength
    ).total
    #expect(workspace.productFLOPs == 0)
    _ = model.loss(parameters, on: batch, in: workspace)
    #expect(workspace.productFLOPs == forward)
    _ = model.lossAndGradient(parameters, on: batch, gradient: gradient, in: workspace)
    #expect(workspace.productFLOPs == 2 * forward + backward)
  }

  /// Worked out by hand for 4 sequences of 64 tokens.
  @Test func partsOfNano() {
    let shape = Setting.nano.shape
    let forward = shape.forwardFLOPs(sequenceCount: 4, contextLength: 64)
    #expect(forward.attentionProjections == 16_777_216)
    #expect(forward.attentionScores == 8_388_608)
    #expect(forward.feedForward == 33_554_432)
    #expect(forward.head == 8_388_608)
    #expect(forward.total == 67_108_864)
    let backward = shape.backwardFLOPs(sequenceCount: 4, contextLength: 64)
    #expect(backward.attentionProjections == 33_554_432)
    #expect(backward.attentionScores == 16_777_216)
    #expect(backward.feedForward == 67_108_864)
    #expect(backward.head == 16_777_216)
    #expect(backward.total == 134_217_728)
  }

  /// GPT-3 175B in "Language Models are Few-Shot Learners", arXiv 2005.14165, table D.1: 174,600
  /// million parameters, 3.14e23 operations for 300 billion tokens without attention's scores.
  @Test func largestModelOfThePaper() throws {
    let shape = try ModelShape.gpt3(
      layerCount: 96, dModel: 12_288, headCount: 96, contextLength: 2048, vocabularySize: 50_257)
    #expect(shape.headDimension == 128)
    #expect((Double(ParameterLayout(shape).count) / 1e8).rounded() == 1746)
    let forward = shape.forwardFLOPs(sequenceCount: 1, contextLength: 2048)
    let backward = shape.backwardFLOPs(sequenceCount: 1, contextLength: 2048)
    let withoutScores =
      forward.total - forward.attentionScores + backward.total - backward.attentionScores
    let training: Double = Double(withoutScores) * (300e9 / 2048)
    #expect((3.13e23...3.15e23).contains(training))
  }
}
