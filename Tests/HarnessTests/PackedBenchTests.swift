import Harness
import Kernels
import Models
import Quant
import Testing

@Suite struct PackedBenchTests {
  @Test(arguments: ["gpt3-tiny", "gemma3-tiny"])
  func packedParametersTakeAnEighthAndGiveTheSameLoss(name: String) throws {
    let shape = try #require(ModelShape.preset(named: name))
      .firstLayers(2, contextLength: 16, vocabularySize: 256)
    let bench = PackedBench(arithmetic: TinyExperiment.arithmetic(threads: 2), rounds: 2)
    let result = try bench.run(
      PackedBench.Case(
        name: name, shape: shape, format: try QuantizationFormat(named: "int4:g64"), sequences: 2,
        length: 16, comparesFloats: true)
    ) { _ in }
    let floats = try #require(result.float32)
    #expect(result.parameters == ParameterLayout(shape).count)
    #expect(floats.parameterBytes == 4 * result.parameters)
    #expect(Double(result.packed.parameterBytes) < 0.15 * Double(floats.parameterBytes))
    #expect(result.packed.loss.bitPattern == floats.loss.bitPattern && floats.loss.isFinite)
    #expect(result.flops > 2 * UInt64(result.parameters) * 20)
    let integers = try #require(result.integers)
    #expect((integers.loss - floats.loss).magnitude < 0.02 && integers.loss != floats.loss)
    #expect(result.text.contains("same bits") && result.text.contains("activations of 8 bits"))
    #expect(result.text.contains("same bits") && result.text.contains("int4:g64:float32"))
  }

  @Test func firstLayersKeepWidthsAndReaches() throws {
    let whole = try #require(ModelShape.preset(named: "gemma3-27b"))
    let part = try whole.firstLayers(7, contextLength: 128, vocabularySize: 256)
    #expect(part.reaches == Array(whole.reaches.prefix(7)) && part.window == whole.window)
    #expect(part.dModel == whole.dModel && part.feedForwardWidth == whole.feedForwardWidth)
    let layer = ParameterLayout(whole).tensors.filter { $0.name.hasPrefix("layers.3.") }
    let own = ParameterLayout(part).tensors.filter { $0.name.hasPrefix("layers.3.") }
    #expect(layer.map(\.dimensions) == own.map(\.dimensions))
    #expect(throws: ModelError.self) {
      try whole.firstLayers(63, contextLength: 128, vocabularySize: 256)
    }
    #expect(throws: ModelError.self) {
      try whole.firstLayers(0, contextLength: 128, vocabularySize: 256)
    }
  }
}
