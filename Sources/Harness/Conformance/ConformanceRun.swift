import Kernels
import Models
import Proofs

/// A short training run that goes through every kernel of one model family. Its digest tells whether
/// a machine computes the arithmetic of docs/arithmetic.md, section "Conformance": every
/// instruction set, number of threads and kind of build must give the golden one.
public struct ConformanceRun: Sendable, CustomStringConvertible {
  /// What is trained.
  public let shape: ModelShape
  /// SHA-256 of the run on a machine that keeps the contract.
  public let golden: String

  /// The family of the model.
  public var description: String { "\(shape.family)" }

  /// The runs of both families: no size is a multiple of a vector's width, layers look near and far,
  /// and sequences leave positions unused.
  public static func all() throws(ModelError) -> [ConformanceRun] {
    [
      ConformanceRun(
        shape: try .gpt3(
          layerCount: 2, dModel: 21, headCount: 3, contextLength: 12, vocabularySize: 37,
          attention: .alternating(window: 4)),
        golden: "2cad2a1ba222562b5117941f9aaf7e46278367229684ea90d018b2c7e03249fa"),
      ConformanceRun(
        shape: try .gemma3(
          layerCount: 2, dModel: 19, headCount: 6, kvHeadCount: 2, headDimension: 10,
          feedForwardWidth: 23, contextLength: 12, vocabularySize: 37,
          attention: .layers([.local, .global], window: 4)),
        golden: "86ae85cf42449067c6adb97740fe5605af9847a45eb67b11f7b6cd1726bb4087"),
    ]
  }

  /// Optimizer steps of a run.
  static let steps = 20
  /// Sequences in a batch; they are computed two at a time.
  static let sequenceCount = 4
  /// Tokens in a sequence.
  static let contextLength = 10

  /// Trains, and returns the digest of every step's loss and gradient norm, of the last gradient,
  /// of the parameters and of the optimizer's state, each number as 4 bytes, little endian.
  public func digest(arithmetic: Arithmetic) throws -> Digest {
    let model = shape.languageModel(arithmetic: arithmetic)
    let workspace = model.makeWorkspace(
      sequenceCount: Self.sequenceCount / 2, contextLength: Self.contextLength)
    let (parameters, gradient) = (
      FloatBuffer(count: model.layout.count), FloatBuffer(count: model.layout.count)
    )
    model.layout.initialize(parameters, seed: 2026, arithmetic: arithmetic)
    let optimizer = Optimizer.adamW(.init())
    let state = optimizer.makeState(parameterCount: model.layout.count)
    let schedule = LearningRateSchedule(
      peak: 0.01, warmupSteps: 4, decay: .cosine(floor: 0.001, endStep: Self.steps))
    var stream = SHA256Stream()
    func add(_ buffer: FloatBuffer) {
      stream.update(buffer.littleEndianBytes(0..<buffer.count))
    }
    for step in 0..<Self.steps {
      let loss = model.lossAndGradient(
        parameters, on: try batch(step), gradient: gradient, in: workspace)
      let norm = arithmetic.clip(Vector(gradient), toNorm: 0.5)
      add(FloatBuffer([loss, norm]))
      optimizer.step(
        step + 1, parameters: Vector(parameters), gradient: Vector(gradient),
        state: state.map { Vector($0) }, learningRate: schedule.rate(at: step),
        arithmetic: arithmetic)
    }
    for buffer in [gradient, parameters] + state { add(buffer) }
    return stream.finalize()
  }

  /// Tokens at random: position i of step s has word s * (2 * positions) + 2 * i of a random stream,
  /// its target the word after it.
  private func batch(_ step: Int) throws(ModelError) -> TokenBatch {
    let random = RandomStream(seed: 2026, stream: 1 << 32)
    let positions = Self.sequenceCount * Self.contextLength
    func word(_ index: Int) -> Int32 {
      Int32(random.integer(at: UInt64(index), below: UInt32(shape.vocabularySize)))
    }
    let first = step * 2 * positions
    return try TokenBatch(
      sequenceCount: Self.sequenceCount, contextLength: Self.contextLength,
      tokens: (0..<positions).map { word(first + 2 * $0) },
      targets: (0..<positions).map { word(first + 2 * $0 + 1) },
      vocabularySize: shape.vocabularySize)
  }
}
