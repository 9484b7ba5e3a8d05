import Kernels
import Models
import Proofs
import Protocol
import Testing

@Suite struct SyntheticModelTests {
  static func arithmetic(_ set: InstructionSet) -> Arithmetic {
    Arithmetic(instructionSet: set, workers: Workers(threads: 2, pinned: false))
  }

  /// A synthetic model is the initial model, byte for byte, however it is read.
  @Test(arguments: InstructionSet.allCases.filter(\.isSupported))
  func bytesAreThoseOfTheInitialModel(set: InstructionSet) throws {
    let shape = try #require(ModelShape.preset(named: "gpt3-nano"))
    let layout = ParameterLayout(shape)
    let arithmetic = Self.arithmetic(set)
    let buffer = FloatBuffer(count: layout.count)
    layout.initialize(buffer, seed: 5, arithmetic: arithmetic)
    let expected = buffer.littleEndianBytes(0..<layout.count)
    let model = SyntheticModel(layout: layout, seed: 5, arithmetic: arithmetic)
    #expect(model.byteCount == expected.count)
    #expect(model.copy(of: 0..<model.byteCount) == expected)
    var sampler = SeededSampler(seed: .zero, domain: "ranges")
    for _ in 0..<300 {
      let start = Int(sampler.uniform(below: UInt64(model.byteCount)))
      let end = min(start + Int(sampler.uniform(below: 9000)), model.byteCount)
      #expect(model.copy(of: start..<end) == Array(expected[start..<end]))
    }
    for leafSize in [1024, 1025, 4096, 100_000] {
      let streamed = try StreamedTree(
        model, leafSize: leafSize, concurrently: arithmetic.workers.run)
      let memory = try StreamedTree(MemorySource(buffer), leafSize: leafSize)
      #expect(streamed.root == memory.root)
      #expect(streamed.root == MerkleTree(bytes: expected, leafSize: leafSize).root)
    }
  }
}
