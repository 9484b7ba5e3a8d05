import Foundation
import Kernels
import Models
import Protocol

/// Measures whole training steps: loss, gradient and AdamW on one batch.
public struct StepBench {
  /// A model and its batch.
  public struct Case: Sendable, Encodable {
    /// What it is called.
    public let name: String
    /// Shape of the model.
    public let shape: ModelShape
    /// Sequences in a batch, B.
    public let sequences: Int
    /// Tokens in a sequence, T.
    public let length: Int
    /// What of the model is trained.
    public let fineTuning: FineTuning

    /// GPT-3-like: small, middle and the 124 million parameters of the smallest GPT-2 and GPT-3; a
    /// small one like Gemma 3; and the small ones with adapters beside all their matrices.
    public static let all = [
      gpt3("4x256", layers: 4, dModel: 256, heads: 4, context: 128, batch: (8, 128)),
      gpt3("6x384", layers: 6, dModel: 384, heads: 6, context: 256, batch: (16, 256)),
      gpt3(
        "124m", layers: 12, dModel: 768, heads: 12, context: 1024, vocabulary: 50257,
        batch: (4, 64)),
      make("gemma3-6x256", batch: (8, 128)) { () throws(ModelError) in
        try .gemma3(
          layerCount: 6, dModel: 256, headCount: 4, kvHeadCount: 1, headDimension: 64,
          feedForwardWidth: 1024, contextLength: 128, vocabularySize: 256,
          attention: .localThenGlobal(window: 64))
      },
    ].flatMap { $0.name == "4x256" || $0.name == "gemma3-6x256" ? [$0, $0.withAdapters] : [$0] }

    /// The same model with adapters of rank 8 beside all matrices, of which nothing else is trained.
    private var withAdapters: Case {
      Case(
        name: "lora-\(shape.family)", shape: shape, sequences: sequences, length: length,
        fineTuning: .lora(rank: 8, alpha: 8, matrices: ["attention", "feed_forward"]))
    }

    private static func gpt3(
      _ name: String, layers: Int, dModel: Int, heads: Int, context: Int, vocabulary: Int = 256,
      batch: (Int, Int)
    ) -> Case {
      make(name, batch: batch) { () throws(ModelError) in
        try .gpt3(
          layerCount: layers, dModel: dModel, headCount: heads, contextLength: context,
          vocabularySize: vocabulary)
      }
    }

    private static func make(
      _ name: String, batch: (Int, Int), _ shape: () throws(ModelError) -> ModelShape
    ) -> Case {
      do {
        return Case(
          name: name, shape: try shape(), sequences: batch.0, length: batch.1, fineTuning: .full)
      } catch {
        preconditionFailure("case \(name): \(error)")
      }
    }

    private enum Key: String, CodingKey { case name, family, sequences, length, fineTuning }

    /// Name, family, batch and what is trained.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(name, forKey: .name)
      try container.encode(shape.family, forKey: .family)
      try container.encode(sequences, forKey: .sequences)
      try container.encode(length, forKey: .length)
      try container.encode(fineTuning.name, forKey: .fineTuning)
    }
  }

  /// What was measured of one case.
  public struct Row: Sendable, Encodable {
    /// What was measured.
    public let `case`: Case
    /// Number of parameters that are trained.
    public let parameters: Int
    /// Kernels that computed it.
    public let instructionSet: String
    /// Threads that computed it.
    public let threads: Int
    /// Seconds of each step, in their order, the first ones left out.
    public let steps: [Double]
    /// Seconds of each loss and gradient, the largest part of a step.
    public let gradients: [Double]
    /// GFLOP/s of multiply-adds on registers alone, on all threads, measured between the steps.
    public let peak: Double
    /// Operations of one step, as `ModelFLOPs` counts them.
    public let flops: UInt64
    /// Mean cross-entropy at the last step.
    public let loss: Float
    /// Bytes by which the process grew until the last step, 0 where the system does not say; nil if
    /// memory of a case before it served this one.
    public let residentBytes: Int?
    /// Bytes that the shape predicts for training with AdamW.
    public let predictedBytes: Double

    /// The middle step, in seconds.
    public var median: Double { Harness.median(steps) }
    /// GFLOP/s over the whole step.
    public var gigaflops: Double { Double(flops) / median / 1e9 }
  }

  let arithmetic: Arithmetic
  let clock: any Stopwatch

  /// Measures steps that `arithmetic` computes.
  public init(arithmetic: Arithmetic, clock: any Stopwatch = SystemStopwatch()) {
    self.arithmetic = arithmetic
    self.clock = clock
  }

  /// Trains on one batch for `warmups` + `steps` steps and reports the last `steps`.
  ///
  /// - Parameter isFirst: whether the process measured nothing before, so that its growth tells what
  ///   this case needs.
  public func measure(
    _ which: Case, warmups: Int, steps: Int, isFirst: Bool
  ) throws(ModelError) -> Row {
    let residentBefore = ProcessMemory.residentByteCount
    let trainable = try TrainableParameters(which.shape, which.fineTuning)
    let start = FloatBuffer(count: trainable.modelLayout.count)
    trainable.modelLayout.initialize(start, seed: 1, arithmetic: arithmetic)
    let model: any LanguageModel =
      trainable.hasFrozenParameters
      ? FineTunedModel(trainable, start: start, arithmetic: arithmetic)
      : which.shape.languageModel(arithmetic: arithmetic)
    let count = model.layout.count
    let workspace = model.makeWorkspace(
      sequenceCount: which.sequences, contextLength: which.length)
    let parameters =
      trainable.hasFrozenParameters
      ? trainable.initial(model: start, seed: 1, arithmetic: arithmetic) : start
    let gradient = FloatBuffer(count: count)
    let optimizer = Optimizer.adamW(Optimizer.AdamW())
    let state = optimizer.makeState(parameterCount: count).map { Vector($0) }
    let batch = try TokenBatch.random(
      sequences: which.sequences, length: which.length, vocabularySize: which.shape.vocabularySize)
    var (seconds, gradients, peaks) = ([Double](), [Double](), [Double]())
    var loss: Float = .nan
    for step in 1...warmups + steps {
      let start = clock.seconds()
      loss = model.lossAndGradient(parameters, on: batch, gradient: gradient, in: workspace)
      let middle = clock.seconds()
      optimizer.step(
        step, parameters: Vector(parameters), gradient: Vector(gradient), state: state,
        learningRate: 3e-4, arithmetic: arithmetic)
      let end = clock.seconds()
      if step > warmups {
        seconds.append(end - start)
        gradients.append(middle - start)
        peaks.append(peak())
      }
    }
    return Row(
      case: which, parameters: count, instructionSet: arithmetic.instructionSet.rawValue,
      threads: arithmetic.workers.threads, steps: seconds, gradients: gradients,
      peak: Harness.median(peaks), flops: workspace.flops.total / UInt64(warmups + steps),
      loss: loss, residentBytes: isFirst ? ProcessMemory.residentByteCount - residentBefore : nil,
      predictedBytes: trainable.hasFrozenParameters
        ? Double(4 * ((2 + state.count) * count + start.count) + workspace.byteCount)
        : model.shape.trainingBytes(
          sequenceCount: which.sequences, contextLength: which.length,
          optimizerVectors: state.count))
  }

  private func peak() -> Double {
    let start = clock.seconds()
    let flops = arithmetic.runPeak(rounds: 100_000)
    return Double(flops) / (clock.seconds() - start) / 1e9
  }

  /// The table of rows that were measured.
  public static func text(_ rows: [Row]) -> String {
    var table = TextTable(header: [
      "model", "parameters", "B", "T", "step", "gradient", "tokens/s", "GFLOP/s", "of peak",
      "memory", "of predicted",
    ])
    table.rightAligned = Set(1..<table.header.count)
    for row in rows {
      let tokens = Double(row.case.sequences * row.case.length)
      table.rows.append([
        row.case.name, "\(row.parameters)", "\(row.case.sequences)", "\(row.case.length)",
        Numbers.seconds(row.median), Numbers.seconds(Harness.median(row.gradients)),
        Numbers.decimal(tokens / row.median, 0), Numbers.decimal(row.gigaflops, 1),
        Numbers.decimal(row.gigaflops / row.peak, 2),
        row.residentBytes.map { Numbers.bytes(Int64($0)) } ?? "-",
        row.residentBytes.map { Numbers.decimal(Double($0) / row.predictedBytes, 2) } ?? "-",
      ])
    }
    return table.text
  }
}
