import Kernels
import Models
import Proofs
import Protocol
import Quant
import Testing

@Suite struct QuantizedTwinTests {
  /// A twin is the quantized initial model, byte for byte, however it is read.
  @Test(arguments: ["int4:g64", "int8:g32:float16", "mxfp4", "bfloat16", "qlora"])
  func bytesAreThoseOfTheQuantizedModel(name: String) throws {
    let format = try QuantizationFormat(named: name)
    let layout = ParameterLayout(try #require(ModelShape.preset(named: "gpt3-nano")))
    let arithmetic = Arithmetic(workers: Workers(threads: 2, pinned: false))
    let buffer = FloatBuffer(count: layout.count)
    layout.initialize(buffer, seed: 9, arithmetic: arithmetic)
    let expected = try format.quantize(buffer.array)
    let model = SyntheticModel(layout: layout, seed: 9, arithmetic: arithmetic)
    let values = 16384
    let twin = try QuantizedTwin(of: model, format: format, leafValueCount: values)
    #expect(twin.byteCount == expected.count)
    #expect(try twin.copy(of: 0..<twin.byteCount) == expected)
    var sampler = SeededSampler(seed: .zero, domain: "ranges")
    for _ in 0..<100 {
      let start = Int(sampler.uniform(below: UInt64(twin.byteCount)))
      let end = min(start + Int(sampler.uniform(below: 9000)), twin.byteCount)
      #expect(try twin.copy(of: start..<end) == Array(expected[start..<end]))
    }
    // Leaf i of the twin is leaf i of the model, quantized alone.
    let leafSize = twin.leafSize(leafValueCount: values)
    let tree = try StreamedTree(twin, leafSize: leafSize, concurrently: arithmetic.workers.run)
    let parameters = MerkleTree.leafCount(byteCount: model.byteCount, leafSize: 4 * values)
    #expect(tree.leafCount == parameters)
    for leaf in [0, 3, parameters - 1] {
      let range = leaf * values..<min((leaf + 1) * values, layout.count)
      let alone = try format.quantize(range.map { buffer[$0] })
      #expect(tree.keptNodes[leaf] == MerkleTree.leafHash(alone))
    }
  }

  @Test func formatsThatDoNotFitLeavesAreRefused() throws {
    let layout = ParameterLayout(try #require(ModelShape.preset(named: "gpt3-nano")))
    let model = SyntheticModel(
      layout: layout, seed: 1, arithmetic: Arithmetic(workers: Workers(threads: 1)))
    for (name, values) in [("int4:g64", 100), ("int4:tensor", 1024), ("int4:g64", 32)] {
      let format = try QuantizationFormat(named: name)
      let error = #expect(throws: TwinError.self) {
        try QuantizedTwin(of: model, format: format, leafValueCount: values)
      }
      #expect(error?.description.contains(format.name) == true)
    }
  }
}
