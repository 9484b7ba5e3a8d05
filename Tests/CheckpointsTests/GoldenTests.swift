import Checkpoints
import Kernels
import Models
import Safetensors
import Testing

/// Checkpoints that Hugging Face wrote, against what it computes from them in float64.
@Suite struct GoldenTests {
  let arithmetic = Arithmetic(workers: Workers(threads: 2))

  @Test(arguments: GoldenCheckpoint.all)
  func lossAndGradientAgree(_ golden: GoldenCheckpoint) throws {
    let checkpoint = try Checkpoint(golden.path)
    let expected = try golden.expected()
    let configuration = checkpoint.configuration
    let batch = try golden.tokens().leadingBatch(
      sequenceCount: expected.batch, contextLength: expected.context,
      vocabularySize: configuration.shape.vocabularySize)
    let model = configuration.shape.languageModel(arithmetic: arithmetic)
    let gradient = FloatBuffer(count: model.layout.count)
    let loss = model.lossAndGradient(
      try checkpoint.readParameters(), on: batch, gradient: gradient,
      in: model.makeWorkspace(sequenceCount: expected.batch, contextLength: expected.context))
    #expect(abs(Double(loss) - expected.loss) <= 1e-5 * expected.loss)

    try withTemporaryFolder { folder in
      let path = "\(folder)/gradient.safetensors"
      try checkpoint.write(gradient, to: path)
      let ours = try SafetensorsFile(path)
      let theirs = try SafetensorsFile("\(golden.path)/gradient.safetensors")
      #expect(Set(ours.header.tensors.map(\.name)) == Set(theirs.header.tensors.map(\.name)))
      for entry in theirs.header.tensors {
        #expect(ours.entry(entry.name)?.shape == entry.shape)
        let (a, b) = (try ours.floats(entry.name), try theirs.floats(entry.name))
        let difference = zip(a, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
        let norm = b.reduce(0) { $0 + Double($1) * Double($1) }
        #expect(
          difference.squareRoot() <= 1e-4 * norm.squareRoot(),
          "\(entry.name): \((difference / norm).squareRoot())")
      }
    }
  }

  @Test(arguments: GoldenCheckpoint.all)
  func survivesWritingAndReading(_ golden: GoldenCheckpoint) throws {
    let checkpoint = try Checkpoint(golden.path)
    let parameters = try checkpoint.readParameters()
    try withTemporaryFolder { folder in
      try Checkpoint.write(
        parameters, configuration: checkpoint.configuration, shardByteLimit: 9000, to: folder)
      let back = try Checkpoint(folder)
      #expect(back.configuration == checkpoint.configuration)
      #expect(try back.readParameters().array == parameters.array)
      #expect(back.prefix == checkpoint.configuration.shape.tensorNamePrefix)
    }
  }

  @Test func bothFormsOfRotaryPositionsAreTheSameModel() throws {
    let new = try Checkpoint(GoldenCheckpoint(name: "gemma3-scaled").path).configuration
    let old = try Checkpoint(GoldenCheckpoint(name: "gemma3-old").path).configuration
    #expect(new == old)
    guard case .gemma3(let settings) = new.shape.architecture else {
      Issue.record("another family")
      return
    }
    #expect(settings.globalRope == .init(base: 500_000, scaling: 8))
    #expect(settings.localRope == .init(base: 8_000))
    #expect(settings.queryScale == 7 && settings.normEpsilon == 1e-5)
    #expect(new.shape.reaches.last == .global && settings.paddingToken == 0)
  }
}
