import Foundation
import Kernels
import Quant
import Safetensors

/// Quantizes the tensors of a safetensors file and writes them dequantized, with the errors of each.
public struct CheckpointQuantizer {
  /// What quantizing did to one tensor, or to all together.
  public struct Row: Sendable, Codable {
    /// Name of the tensor.
    public let tensor: String
    /// Number of its values.
    public let values: Int
    /// Bytes of the packed form.
    public let bytes: Int
    /// Bits of a value in the packed form.
    public let bitsPerValue: Double
    /// Mean of the squared errors.
    public let meanSquaredError: Double
    /// Signal-to-noise ratio in dB; nil if nothing was lost.
    public let signalToNoise: Double?
    /// Cosine of the angle between the tensor before and after.
    public let cosineSimilarity: Double
    /// Largest absolute error.
    public let largestError: Double
    /// Mean error, after minus before.
    public let bias: Double
  }

  /// What quantizing did to a file.
  public struct Report: Sendable, Codable {
    /// Full name of the format.
    public let format: String
    /// One a tensor, in the order of the file.
    public let tensors: [Row]
    /// All tensors as one vector.
    public let total: Row
    /// Tensors of whole numbers, which cannot be quantized and are left out.
    public let leftOut: [String]

    /// The table for people.
    public var text: String {
      var table = TextTable(
        header: [
          "tensor", "values", "bytes", "bits", "mean squared error", "SNR dB", "cosine",
          "largest error", "bias",
        ])
      table.rightAligned = Set(1..<table.header.count)
      for row in tensors + [total] {
        table.rows.append([
          row.tensor, "\(row.values)", "\(row.bytes)", Numbers.decimal(row.bitsPerValue, 3),
          Self.number(row.meanSquaredError),
          row.signalToNoise.map { Numbers.decimal($0, 2) } ?? "-",
          Numbers.decimal(row.cosineSimilarity, 6), Self.number(row.largestError),
          Self.number(row.bias),
        ])
      }
      let omitted =
        leftOut.isEmpty ? "" : "\nleft out (no floats): \(leftOut.joined(separator: ", "))"
      return "\(format)\n\(table.text)\(omitted)"
    }

    private static func number(_ value: Double) -> String { String(format: "%.4g", value) }
  }

  let format: QuantizationFormat
  let arithmetic: Arithmetic

  /// Quantizes with `format`.
  public init(format: QuantizationFormat, arithmetic: Arithmetic) {
    self.format = format
    self.arithmetic = arithmetic
  }

  /// Reads `source` and writes `target`, which appears whole or not at all. Each tensor is a vector
  /// of its own; stochastic rounding gives tensor i (by name) the random stream i.
  ///
  /// Throws ``SafetensorsError``, and ``CheckpointQuantizerError`` that names tensor and element.
  public func run(from source: String, to target: String) throws -> Report {
    let file = try SafetensorsFile(source)
    let floats: Set<ElementType> = [.float64, .float32, .float16, .bfloat16]
    let tensors = file.header.tensors.filter { floats.contains($0.type) }
    let names = tensors.map(\.name).sorted()
    var rows: [Row] = []
    var total = ErrorSums()
    var totalBytes = 0
    // Everything is measured before a file is begun.
    for entry in tensors {
      let values = try file.floats(entry.name)
      let bytes = try quantize(values, stream: names.firstIndex(of: entry.name), tensor: entry.name)
      let result = try format.dequantize(bytes, count: values.count)
      var sums = ErrorSums()
      sums.add(values: values, approximation: result)
      total.add(values: values, approximation: result)
      totalBytes += bytes.count
      rows.append(row(entry.name, sums, bytes: bytes.count))
    }
    try SafetensorsWriter.write(
      tensors.map { entry in
        // Made again when it is its turn, so that memory holds one tensor at a time.
        var made: [Float]?
        return TensorSource(entry.name, .float32, shape: entry.shape) { range in
          let values = made ?? dequantized(entry, file, stream: names.firstIndex(of: entry.name))
          made = range.upperBound == values.count ? nil : values
          return range.upperBound <= values.count ? Array(values[range]) : []
        }
      }, metadata: file.header.metadata, to: target)
    return Report(
      format: format.name, tensors: rows, total: row("total", total, bytes: totalBytes),
      leftOut: file.header.tensors.filter { !floats.contains($0.type) }.map(\.name))
  }

  /// What was measured, once more; empty if the file has changed since, which the writer refuses.
  private func dequantized(
    _ entry: TensorEntry, _ file: SafetensorsFile, stream: Int?
  ) -> [Float] {
    guard let values = try? file.floats(entry.name),
      let bytes = try? quantize(values, stream: stream, tensor: entry.name),
      let result = try? format.dequantize(bytes, count: values.count)
    else { return [] }
    return result
  }

  private func quantize(_ values: [Float], stream: Int?, tensor: String) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: format.byteCount(values: values.count))
    do {
      try values.withUnsafeBufferPointer { input in
        try bytes.withUnsafeMutableBufferPointer {
          try format.quantize(
            input, into: $0, random: RandomStream(seed: 0, stream: UInt64(stream ?? 0)),
            arithmetic: arithmetic)
        }
      }
    } catch let error as QuantError {
      throw CheckpointQuantizerError(tensor: tensor, problem: error)
    }
    return bytes
  }

  private func row(_ name: String, _ sums: ErrorSums, bytes: Int) -> Row {
    let measures = sums.measures
    return Row(
      tensor: name, values: sums.count, bytes: bytes,
      bitsPerValue: sums.count == 0 ? 0 : Double(bytes) * 8 / Double(sums.count),
      meanSquaredError: measures.meanSquaredError,
      signalToNoise: measures.signalToNoise.isFinite ? measures.signalToNoise : nil,
      cosineSimilarity: measures.cosineSimilarity, largestError: measures.largestError,
      bias: measures.bias)
  }
}

/// A tensor that cannot be quantized.
public struct CheckpointQuantizerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Its name.
  public let tensor: String
  /// What is wrong with its values.
  public let problem: QuantError

  /// A tensor and what is wrong with it.
  public init(tensor: String, problem: QuantError) {
    self.tensor = tensor
    self.problem = problem
  }

  public var description: String { "tensor '\(tensor)': \(problem)" }
}
