import Costs
import Foundation
import Kernels
import Models
import Proofs
import Protocol
import Quant

/// Measures what ``Calibration`` fits.
public struct CalibrationBench {
  let arithmetic: Arithmetic
  let clock: any Stopwatch
  let rounds: Int

  /// `rounds` measurements of each size; the median counts.
  public init(
    arithmetic: Arithmetic, rounds: Int, clock: any Stopwatch = SystemStopwatch()
  ) {
    self.arithmetic = arithmetic
    self.rounds = rounds
    self.clock = clock
  }

  /// Models that steps and losses are measured on: neither mini is among them.
  struct Case {
    let shape: ModelShape
    let sequences: Int
    let tokens: Int

    /// Products, scores, values of activations and of parameters, and one: what a step is fitted to.
    func stepCounts() -> [Double] {
      let flops =
        shape.forwardFLOPs(sequenceCount: sequences, contextLength: tokens)
        + shape.backwardFLOPs(sequenceCount: sequences, contextLength: tokens)
      return counts(flops)
    }

    /// The same of a loss alone.
    func lossCounts() -> [Double] {
      counts(shape.forwardFLOPs(sequenceCount: sequences, contextLength: tokens))
    }

    private func counts(_ flops: ModelFLOPs) -> [Double] {
      [
        Double(flops.attentionProjections + flops.feedForward + flops.head),
        Double(flops.attentionScores),
        shape.activationBytes(sequenceCount: sequences, contextLength: tokens),
        Double(ParameterLayout(shape).count), 1,
      ]
    }
  }

  static let countUnits = [
    "FLOP of products", "FLOP of scores", "byte of activations", "parameter", "call",
  ]

  /// Layers, width, heads, sequences and tokens.
  private static let sizes = [
    (2, 192, 3, 2, 128), (3, 256, 4, 4, 128), (4, 256, 4, 2, 256), (2, 384, 6, 4, 128),
    (4, 320, 5, 4, 128), (2, 512, 8, 2, 256), (3, 448, 7, 4, 128), (1, 512, 8, 8, 128),
    (6, 256, 4, 4, 128), (5, 384, 6, 2, 128),
  ]

  static func cases(_ family: Family) throws(ModelError) -> [Case] {
    var cases: [Case] = []
    for (layers, width, heads, sequences, tokens) in sizes {
      cases.append(
        Case(
          shape: try family.shape(layers: layers, width: width, heads: heads),
          sequences: sequences, tokens: tokens))
    }
    return cases
  }

  /// A family that is fitted by itself.
  enum Family: String, CaseIterable {
    case gpt3, gemma3

    /// The model that predictions are tried on.
    var mini: String { "\(rawValue)-mini" }

    func shape(layers: Int, width: Int, heads: Int) throws(ModelError) -> ModelShape {
      switch self {
      case .gpt3:
        try .gpt3(
          layerCount: layers, dModel: width, headCount: heads, contextLength: 256,
          vocabularySize: 256)
      case .gemma3:
        try .gemma3(
          layerCount: 2 * layers, dModel: width, headCount: heads, kvHeadCount: 1,
          headDimension: 64, feedForwardWidth: 7 * width / 2, contextLength: 256,
          vocabularySize: 256, attention: .localThenGlobal(window: 64))
      }
    }
  }

  /// Medians of a loss and of a step with its gradient, for every case; all take turns.
  func measure(
    _ cases: [Case], progress: (String) -> Void
  ) throws -> (losses: [Double], steps: [Double]) {
    let trials = try cases.map { try Trial($0, arithmetic: arithmetic) }
    var losses = cases.map { _ in [Double]() }
    var steps = cases.map { _ in [Double]() }
    for round in 0...rounds {
      progress("steps, round \(round) of \(rounds)")
      for (index, trial) in trials.enumerated() {
        let start = clock.seconds()
        trial.loss()
        let middle = clock.seconds()
        trial.step()
        let end = clock.seconds()
        // The first round warms caches and touches pages.
        guard round > 0 else { continue }
        losses[index].append(middle - start)
        steps[index].append(end - middle)
      }
    }
    return (losses.map(median), steps.map(median))
  }

  /// Seconds by bytes that go into a tree, and by values that are quantized, or dequantized and applied.
  func measureBytesAndValues(
    progress: (String) -> Void
  ) throws -> (hashing: FittedRates, quantizing: FittedRates) {
    let format = try QuantizationFormat(named: "int4:g64")
    var (bytes, hashSeconds) = ([[Double]](), [Double]())
    var (values, passSeconds) = ([[Double]](), [Double]())
    for count in [1 << 19, 1 << 20, 1 << 21, 1 << 22, 10_000_000] {
      progress("\(count) values")
      let buffer = FloatBuffer(count: count)
      let gradient = FloatBuffer(count: count)
      let packed = FloatBuffer(count: (format.byteCount(values: count) + 3) / 4)
      arithmetic.fillNormal(Vector(buffer), seed: 1, stream: 0, standardDeviation: 1)
      var (trees, passes) = ([Double](), [Double]())
      for round in 0...rounds {
        let start = clock.seconds()
        let tree = buffer.withUnsafeBytes {
          MerkleTree(bytes: $0, leafSize: 4096, concurrently: arithmetic.workers.run)
        }
        let hashed = clock.seconds()
        try roundTrip(buffer, format, packed: packed, into: gradient)
        arithmetic.sgdStep(
          parameters: Vector(buffer), gradient: Vector(gradient), learningRate: 1e-9)
        let end = clock.seconds()
        guard round > 0, tree.leafCount > 0 else { continue }
        trees.append(hashed - start)
        passes.append(end - hashed)
      }
      let leafCount = (4 * count + 4095) / 4096
      bytes.append([
        Double(MerkleCosts.hashedBytes(of: UInt128(4 * count), leafCount: leafCount)), 1,
      ])
      hashSeconds.append(median(trees))
      values.append([Double(2 * count), 1])
      passSeconds.append(median(passes))
    }
    return (
      try FittedRates(
        "Merkle tree", units: ["byte hashed", "call"], counts: bytes, measured: hashSeconds),
      try FittedRates(
        "quantizing and applying", units: ["value and pass", "call"], counts: values,
        measured: passSeconds)
    )
  }

  /// Quantizes and dequantizes as a chain does: on one thread.
  private func roundTrip(
    _ values: FloatBuffer, _ format: QuantizationFormat, packed: FloatBuffer,
    into back: FloatBuffer
  ) throws {
    let byteCount = format.byteCount(values: values.count)
    try values.withUnsafeBytes { source in
      try packed.withUnsafeMutableBytes { target in
        let bytes = UnsafeMutableRawBufferPointer(rebasing: target[..<byteCount])
          .assumingMemoryBound(to: UInt8.self)
        try format.quantize(source.assumingMemoryBound(to: Float.self), into: bytes)
        try back.withUnsafeMutableBytes { result in
          try format.dequantize(
            UnsafeBufferPointer(bytes), into: result.assumingMemoryBound(to: Float.self))
        }
      }
    }
  }

  /// One model with a batch of random tokens.
  struct Trial {
    private let model: any LanguageModel
    private let parameters: FloatBuffer
    private let gradient: FloatBuffer
    private let workspace: ModelWorkspace
    private let batch: TokenBatch

    init(_ which: Case, arithmetic: Arithmetic) throws(ModelError) {
      model = which.shape.languageModel(arithmetic: arithmetic)
      parameters = FloatBuffer(count: model.layout.count)
      gradient = FloatBuffer(count: model.layout.count)
      model.layout.initialize(parameters, seed: 1, arithmetic: arithmetic)
      workspace = model.makeWorkspace(
        sequenceCount: which.sequences, contextLength: which.tokens)
      let random = RandomStream(seed: 1, stream: 1 << 42)
      let tokens = (0..<which.sequences * which.tokens).map {
        Int32(random.integer(at: UInt64($0), below: 256))
      }
      batch = try TokenBatch(
        sequenceCount: which.sequences, contextLength: which.tokens, tokens: tokens,
        targets: tokens, vocabularySize: which.shape.vocabularySize)
    }

    func loss() { _ = model.loss(parameters, on: batch, in: workspace) }
    func step() {
      _ = model.lossAndGradient(parameters, on: batch, gradient: gradient, in: workspace)
    }
  }
}
