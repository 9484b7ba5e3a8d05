import Costs
import Models
import Proofs
import Protocol
import Quant
import Testing

@Suite("Costs of models that no machine here trains") struct PaperShapeTests {
  static func task(_ preset: String, batch: Int, steps: Int) throws -> TrainingTask {
    try TrainingTask(
      arithmeticVersion: 1, shape: #require(ModelShape.preset(named: preset)),
      initializationSeed: 1,
      corpus: Commitment(.corpus, byteCount: 1 << 40, leafSize: 1 << 20, root: .zero),
      contextLength: 2048, batchSize: batch, stepsPerBlock: steps,
      recipe: TrainingRecipe(
        optimizer: .adamW(.init()), schedule: LearningRateSchedule(peak: 1e-4),
        microbatchCount: batch, segmentLength: min(8, steps), quantizationPoint: .block),
      gradientFormat: QuantizationFormat(named: "int4:g64"),
      modelFormat: QuantizationFormat(named: "int4:g64"), leafValueCount: 1 << 18)
  }

  /// Worked out by hand from 174,604,259,328 parameters.
  @Test func gpt3() throws {
    let costs = try BlockCosts(Self.task("gpt3-175b", batch: 1562, steps: 400))
    #expect(costs.parameterCount == 174_604_259_328)
    #expect(costs.parameterBytes == 698_417_037_312)
    #expect(costs.auxiliaryBytes == 2 * 698_417_037_312)
    // 64 codes of four bits and a float32 scale a group.
    #expect(costs.publishedBytes == 174_604_259_328 / 64 * 36)
    #expect(costs.leafCount == 666_063)
    // 400 steps of more than 3e18 operations leave 64 bits.
    let training = try #require(costs.mining()[.training])
    #expect(training.flops == 400 * UInt128(costs.step.total))
    #expect(training.flops > UInt128(UInt64.max))
    let parts = SampledParts(leaves: [0, 666_062], segments: [7, 8], evaluationSequences: 3124)
    let work = costs.verification(parts)
    #expect(work[.replay]?.flops == 16 * UInt128(costs.step.total))
    #expect(work[.progress]?.flops == 2 * 3124 * UInt128(costs.evaluation.total))
    // The optimizer's state and the parameters before segment 7; segment 8 goes on from there.
    let state: UInt128 = 2_095_251_111_936
    #expect(work[.replay]?.receivedBytes == state)
  }

  @Test func aStepThatLeaves64BitsIsRefused() throws {
    #expect(throws: CostError.tooLarge) {
      try BlockCosts(Self.task("gpt3-175b", batch: 100_000, steps: 1))
    }
  }

  @Test func evenSamplesLieApartAndAreAsManyAsAChallengeHas() throws {
    let task = try Self.task("gpt3-125m", batch: 2, steps: 400)
    let constants = ProtocolConstants.paper
    let parts = try SampledParts(evenlyOver: BlockCosts(task), constants: constants)
    #expect(parts.leaves.count == constants.challengedLeaves(task))
    #expect(parts.segments.count == constants.challengedSegments(task))
    #expect(Set(parts.segments).count == parts.segments.count)
    #expect(parts.segments == parts.segments.sorted())
    #expect(parts.segments.allSatisfy { (0..<task.segmentCount).contains($0) })
  }

  /// "Language Models are Few-Shot Learners", table D.1: printed parameters in millions, operations
  /// and petaflop-days for 300 billion tokens.
  static let tableD1: [(Double, Double, Double)] = [
    (125, 2.25e20, 2.60), (356, 6.41e20, 7.42), (760, 1.37e21, 15.8), (1320, 2.38e21, 27.5),
    (2650, 4.77e21, 55.2), (6660, 1.20e22, 139), (12850, 2.31e22, 268), (174_600, 3.14e23, 3640),
  ]

  @Test(arguments: tableD1)
  func tableD1IsSixTimesParametersAndTokens(millions: Double, flops: Double, days: Double) {
    let own = TrainingRules.sixND(parameters: millions * 1e6, tokens: 300e9)
    #expect(TrainingRules.agrees(own, published: flops, digits: 3))
    #expect(TrainingRules.agrees(TrainingRules.petaflopDays(own), published: days, digits: 3))
    #expect(!TrainingRules.agrees(own * 1.02, published: flops, digits: 3))
  }
}
