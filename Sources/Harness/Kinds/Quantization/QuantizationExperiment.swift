import Kernels
import Models
import Proofs
import Quant

/// The kind `quantization`: vectors are quantized and compared with what comes back.
public struct QuantizationExperiment: ExperimentKind {
  /// `quantization`.
  public static let name = "quantization"
  /// What it does.
  public static let summary =
    "vectors are quantized in many formats and compared with what comes back"
  /// Results of this version.
  public static let version = 1

  /// The number from which all randomness of the run is derived.
  let seed: UInt64
  /// What is compared (`formats`).
  let formats: [QuantizationFormat]
  /// Synthetic vectors (`distributions`).
  let distributions: [Distribution]
  /// Values of a synthetic vector (`values`).
  let valueCount: Int
  /// Training whose weights and gradient are quantized too (`captured`).
  let captured: CapturedTraining?
  /// A safetensors file whose weights are quantized too (`checkpoint`).
  let checkpoint: String?

  /// Reads the keys of the kind.
  public init(reading file: inout SpecSection, header: Spec.Header) throws(SpecError) {
    seed = header.seed
    formats = try file.texts(
      "formats", "a format such as int4:g64, nf4:double or mxfp4", example: "int4",
      doc:
        "Formats to compare (`pogo list formats`), with group size, scale, rounding, clipping and "
        + "rotation behind the name."
    ) { try? QuantizationFormat(named: $0) }
    distributions = try file.choices(
      "distributions", among: Distribution.allCases.map(\.rawValue),
      default: Distribution.allCases.map(\.rawValue),
      doc:
        "Synthetic vectors of unit variance: `normal`, `laplace`, and `student` with three degrees "
        + "of freedom."
    ).compactMap(Distribution.init(rawValue:))
    valueCount = try file.integer(
      "values", in: 1024...268_435_456, default: 65536, unit: "value",
      doc: "Values of a synthetic vector.")
    captured = try file.optionalSection(
      "captured", doc: "A short training whose weights and last gradient are quantized too.")
    checkpoint = try file.optionalText(
      "checkpoint", "the path of a safetensors file", example: "model.safetensors",
      doc: "A checkpoint whose weights are quantized too, all tensors as one vector."
    ) { Spec.isLine($0, limit: 4096) ? $0 : nil }
  }

  /// The corpus and the checkpoint.
  public var inputs: [InputFile] {
    (captured.map { [InputFile("corpus", path: $0.corpus)] } ?? [])
      + (checkpoint.map { [InputFile("checkpoint", path: $0)] } ?? [])
  }

  /// Vectors, and the training. Throws ``PlanError``.
  public func estimate(_ inputs: Inputs) throws -> Estimate {
    let stored = inputs.bytes("checkpoint").count
    let shape = try captured?.shape()
    let longest = max(valueCount, shape.map { ParameterLayout($0).count } ?? 0, stored / 2)
    let flops = try captured?.flops() ?? 0
    return Estimate(
      flops: flops,
      movedBytes: Double(formats.count) * 40 * Double(distributions.count * valueCount + stored),
      memoryBytes: 24 * Double(longest) + Double(stored))
  }

  /// Quantizes every vector in every format.
  public func run(_ context: RunContext) throws -> [ResultVariable] {
    let vectors = try vectors(context)
    var table = QuantizationTable(formats: formats.map(\.name), vectors: vectors.map(\.name))
    let total = Double(vectors.count * formats.count)
    for vector in vectors {
      for format in formats {
        try context.observer.progress(
          done: Double(table.rows.count), total: total,
          activity: "\(vector.name), \(format.name)")
        table.rows.append(try measure(format, vector, context))
      }
    }
    return table.variables
  }

  private func measure(
    _ format: QuantizationFormat, _ vector: (name: String, values: [Float]), _ context: RunContext
  ) throws -> QuantizationTable.Row {
    var bytes = [UInt8](repeating: 0, count: format.byteCount(values: vector.values.count))
    var back = [Float](repeating: 0, count: vector.values.count)
    func timed(_ body: () throws -> Void) rethrows -> Double {
      let start = context.clock.seconds()
      try body()
      return context.clock.seconds() - start
    }
    do {
      let quantizing = try timed {
        try vector.values.withUnsafeBufferPointer { input in
          try bytes.withUnsafeMutableBufferPointer {
            try format.quantize(
              input, into: $0, random: RandomStream(seed: seed, stream: Self.roundingStream),
              arithmetic: context.arithmetic)
          }
        }
      }
      let dequantizing = try timed {
        try bytes.withUnsafeBufferPointer { input in
          try back.withUnsafeMutableBufferPointer {
            try format.dequantize(input, into: $0, arithmetic: context.arithmetic)
          }
        }
      }
      return QuantizationTable.Row(
        measures: try ErrorMeasures(values: vector.values, approximation: back),
        byteCount: bytes.count, valueCount: vector.values.count, quantizingSeconds: quantizing,
        dequantizingSeconds: dequantizing)
    } catch let error as QuantError {
      throw PlanError.impossible("\(vector.name) in \(format.name): \(error)")
    }
  }

  private func vectors(_ context: RunContext) throws -> [(name: String, values: [Float])] {
    var vectors = distributions.map { distribution in
      (distribution.rawValue, distribution.values(valueCount, seed: seed, context.arithmetic))
    }
    if let captured {
      try context.observer.progress(done: 0, total: 1, activity: "training")
      let (weights, gradient) = try captured.run(
        corpus: context.inputs.bytes("corpus"), seed: seed, arithmetic: context.arithmetic)
      vectors += [("captured weights", weights), ("captured gradient", gradient)]
    }
    if checkpoint != nil {
      vectors.append(
        ("checkpoint weights", try CheckpointWeights.values(context.inputs.path("checkpoint"))))
    }
    return vectors
  }

  /// "rounding" in ASCII: a stream that no vector is drawn from.
  private static let roundingStream: UInt64 = 0x726f_756e_6469_6e67

  /// Errors by vector and format.
  public static func report(_ result: ResultFile) throws(ResultError) -> ReportDocument {
    try ReportDocument(result, summary: [], showsEachPoint: true) {
      point throws(ResultError) in try QuantizationReport(point).sections()
    }
  }

  /// Named 4-bit formats on synthetic numbers.
  public static let template = """
    # Named formats of about 4 bits, and what options buy at 2 bits, on synthetic vectors and on the
    # weights and a gradient of a short training.
    name: my-quantization
    title: Formats of few bits, side by side
    kind: quantization
    seed: 1
    formats: [int4, "int4:g32:float16", nf4, mxfp4, lm4, int2, "int2:mse", "int2:stochastic", float16]
    distributions: [normal, laplace, student]
    values: 4096
    captured: {corpus: Data/kjv.txt, preset: gpt3-nano, steps: 2, batch: 2, context: 32}

    """
}

/// A synthetic distribution of unit variance and mean 0.
enum Distribution: String, CaseIterable, Sendable {
  case normal, laplace, student

  /// Numbers made of normal ones by additions, multiplications, divisions and square roots alone,
  /// which are the same on every machine.
  func values(_ count: Int, seed: UInt64, _ arithmetic: Arithmetic) -> [Float] {
    func normal(_ stream: UInt64) -> [Float] {
      let buffer = FloatBuffer(count: count)
      arithmetic.fillNormal(Vector(buffer), seed: seed, stream: stream, standardDeviation: 1)
      return buffer.array
    }
    let first = normal(0)
    guard self != .normal else { return first }
    let (a, b, c) = (normal(1), normal(2), normal(3))
    return (0..<count).map { i in
      switch self {
      case .normal: first[i]
      // The determinant of a matrix of four normal numbers has the Laplace distribution of scale 1.
      case .laplace: (first[i] * a[i] - b[i] * c[i]) * Float(0.5).squareRoot()
      // Three degrees of freedom: the variance is 3.
      case .student: first[i] / (a[i] * a[i] + b[i] * b[i] + c[i] * c[i]).squareRoot()
      }
    }
  }
}
