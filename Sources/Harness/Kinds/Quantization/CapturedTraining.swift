import Kernels
import Models
import Safetensors

/// A short training by plain descent whose weights and last gradient are looked at (`captured`).
struct CapturedTraining: Sendable {
  /// The text that is trained on (`corpus`).
  let corpus: String
  /// Name of the shape (`preset`).
  let preset: String
  /// Gradients that are taken; the last is not applied (`steps`).
  let steps: Int
  /// Sequences of a step (`batch`).
  let batchSize: Int
  /// Tokens of a sequence (`context`).
  let contextLength: Int
  /// Step size (`learning_rate`).
  let learningRate: Double

  /// The shape of the preset. Throws ``PlanError`` if its context is too short.
  func shape() throws(PlanError) -> ModelShape {
    guard let shape = ModelShape.preset(named: preset) else {
      throw .impossible("there is no preset '\(preset)'")
    }
    guard contextLength <= shape.contextLength else {
      throw .impossible(
        "captured.context is \(contextLength), but \(preset) has positions for "
          + "\(shape.contextLength)")
    }
    return shape
  }

  /// Floating-point operations of all steps: loss and gradient.
  func flops() throws(PlanError) -> Double {
    let shape = try shape()
    let (forward, backward) = (
      shape.forwardFLOPs(sequenceCount: batchSize, contextLength: contextLength),
      shape.backwardFLOPs(sequenceCount: batchSize, contextLength: contextLength)
    )
    return Double(steps) * Double((forward + backward).total)
  }

  /// The weights after all steps but the last, and the gradient of the last at them.
  func run(
    corpus bytes: [UInt8], seed: UInt64, arithmetic: Arithmetic
  ) throws -> (weights: [Float], gradient: [Float]) {
    let shape = try shape()
    let model = shape.languageModel(arithmetic: arithmetic)
    let text = Corpus(bytes: bytes)
    let windows = try text.windowCount(contextLength: contextLength)
    let parameters = FloatBuffer(count: model.layout.count)
    model.layout.initialize(parameters, seed: seed, arithmetic: arithmetic)
    let gradient = FloatBuffer(count: parameters.count)
    let workspace = model.makeWorkspace(sequenceCount: batchSize, contextLength: contextLength)
    let draws = RandomStream(seed: seed, stream: Self.batchStream)
    for step in 0..<steps {
      let starts = (0..<batchSize).map {
        Int(draws.integer(at: UInt64(step * batchSize + $0), below: UInt32(clamping: windows)))
      }
      let batch = try text.batch(startingAt: starts, contextLength: contextLength)
      _ = model.lossAndGradient(parameters, on: batch, gradient: gradient, in: workspace)
      guard step + 1 < steps else { break }
      arithmetic.sgdStep(
        parameters: Vector(parameters), gradient: Vector(gradient),
        learningRate: Float(learningRate))
    }
    return (parameters.array, gradient.array)
  }

  /// "batches" in ASCII: a stream that no parameter is drawn from.
  private static let batchStream: UInt64 = 0x62_6174_6368_6573
}

extension CapturedTraining: SpecReadable {
  init(reading section: inout SpecSection) throws(SpecError) {
    corpus = try section.text(
      "corpus", "the path of a text file", example: "Data/kjv.txt",
      doc: "The text that is trained on."
    ) { Spec.isLine($0, limit: 4096) ? $0 : nil }
    preset = try section.choice(
      "preset", among: ModelShape.presets.map(\.name), default: "gpt3-nano",
      doc: "The shape that is trained (`pogo list presets`).")
    steps = try section.integer(
      "steps", in: 1...100_000, default: 20, unit: "step",
      doc: "Gradients that are taken; the last one is quantized and not applied.")
    batchSize = try section.integer(
      "batch", in: 1...65536, default: 16, unit: "sequence", doc: "Sequences of one step.")
    contextLength = try section.integer(
      "context", in: 1...131_072, default: 64, unit: "token", doc: "Tokens of a sequence.")
    learningRate = try section.number(
      "learning_rate", .positive, default: 0.1, doc: "Step size of plain descent.")
  }
}

/// The float tensors of a safetensors file as one vector, in the order of their names.
enum CheckpointWeights {
  static func values(_ path: String) throws(SafetensorsError) -> [Float] {
    let file = try SafetensorsFile(path)
    let floats: Set<ElementType> = [.float64, .float32, .float16, .bfloat16]
    var values: [Float] = []
    for entry in file.header.tensors.sorted(by: { $0.name < $1.name })
    where floats.contains(entry.type) {
      values += try file.floats(entry.name)
    }
    return values
  }
}
