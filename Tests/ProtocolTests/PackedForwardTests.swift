import Kernels
import Models
import Protocol
import Quant
import Testing

/// A model that stays packed has the loss of the same parameters in float32, bit for bit.
@Suite struct PackedForwardTests {
  private func shapes() throws -> [ModelShape] {
    // Widths that cut through groups of 64, and local layers.
    [
      try .gpt3(
        layerCount: 2, dModel: 40, headCount: 4, contextLength: 24, vocabularySize: 61,
        attention: .alternating(window: 8)),
      try .gemma3(
        layerCount: 3, dModel: 48, headCount: 4, kvHeadCount: 2, headDimension: 10,
        feedForwardWidth: 72, contextLength: 24, vocabularySize: 67,
        attention: .localThenGlobal(window: 8, localPerGlobal: 1)),
    ]
  }

  private func batch(_ vocabulary: Int) throws -> TokenBatch {
    let tokens = (0..<4 * 17).map { Int32($0 * 31 % vocabulary) }
    return try TokenBatch(
      sequenceCount: 4, contextLength: 17, tokens: tokens, targets: tokens.reversed(),
      vocabularySize: vocabulary)
  }

  @Test(arguments: [
    "int2", "int3", "int4", "int5", "int6", "int8", "uint4", "nf4", "fp4", "mxfp4", "mxfp8-e4m3",
    "nf4:g64:double", "lm4", "ternary", "bfloat16", "float32",
  ])
  func lossesHaveTheSameBits(name: String) throws {
    let format = try QuantizationFormat(named: name)
    for shape in try shapes() {
      let batch = try batch(shape.vocabularySize)
      let layout = ParameterLayout(shape)
      let values = FloatBuffer(count: layout.count)
      layout.initialize(values, seed: 5, arithmetic: Fixture.arithmetic)
      let bytes = try format.quantize(values.array)
      let floats = FloatBuffer(try format.dequantize(bytes, count: layout.count))
      let plain = shape.languageModel(arithmetic: Fixture.arithmetic)
      let expected = plain.loss(
        floats, on: batch, in: plain.makeWorkspace(sequenceCount: 2, contextLength: 17))
      #expect(expected.isFinite)
      for set in InstructionSet.allCases where set.isSupported {
        for threads in [1, 3] {
          let arithmetic = Arithmetic(
            instructionSet: set, workers: Workers(threads: threads, pinned: false))
          let model = shape.languageModel(arithmetic: arithmetic)
          let packed = PackedParameters(
            try PackedVector(format, bytes: bytes, count: layout.count, arithmetic: arithmetic),
            layout: layout, arithmetic: arithmetic)
          let workspace = model.makeWorkspace(sequenceCount: 4, contextLength: 17)
          let loss = model.loss(packed, on: batch, in: workspace)
          #expect(
            loss.bitPattern == expected.bitPattern, "\(shape.family), \(set), \(threads) threads")
        }
      }
    }
  }

  /// What is counted does not depend on how the parameters lie.
  @Test func operationsAreCountedAlike() throws {
    let format = try QuantizationFormat(named: "int4")
    for shape in try shapes() {
      let model = shape.languageModel(arithmetic: Fixture.arithmetic)
      let values = FloatBuffer(count: model.layout.count)
      model.layout.initialize(values, seed: 5, arithmetic: Fixture.arithmetic)
      let packed = PackedParameters(
        try PackedVector(
          format, bytes: try format.quantize(values.array), count: values.count),
        layout: model.layout, arithmetic: Fixture.arithmetic)
      let batch = try batch(shape.vocabularySize)
      let (first, second) = (
        model.makeWorkspace(sequenceCount: 4, contextLength: 17),
        model.makeWorkspace(sequenceCount: 4, contextLength: 17)
      )
      _ = model.loss(values, on: batch, in: first)
      _ = model.loss(packed, on: batch, in: second)
      #expect(first.flops == second.flops)
    }
  }
}
