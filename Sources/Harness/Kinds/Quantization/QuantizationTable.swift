import Foundation
import Quant

/// What a `quantization` experiment found, vector by vector and format by format.
struct QuantizationTable {
  /// One format on one vector.
  struct Row {
    let measures: ErrorMeasures
    let byteCount: Int
    let valueCount: Int
    let quantizingSeconds: Double
    let dequantizingSeconds: Double
  }

  let formats: [String]
  let vectors: [String]
  /// For each vector all formats.
  var rows: [Row] = []

  /// The variables of the result.
  var variables: [ResultVariable] {
    let axes = [("vector", vectors.count), ("format", formats.count)]
    func exact(
      _ name: String, _ units: String = "1", _ longName: String, _ value: (Row) -> Double
    ) -> ResultVariable {
      ResultVariable(name, axes, .float64(rows.map(value)), units: units, longName)
    }
    func speed(_ name: String, _ longName: String, _ seconds: (Row) -> Double) -> ResultVariable {
      ResultVariable(
        name, axes, .float64(rows.map { Double(4 * $0.valueCount) / max(seconds($0), 1e-9) / 1e9 }),
        units: "1e9 byte/s", longName, .measured)
    }
    return [
      ResultVariable(
        "vector", [("vector", vectors.count)], .text(vectors), "what was quantized"),
      ResultVariable(
        "format", [("format", formats.count)], .text(formats), "full name of the format"),
      ResultVariable(
        "value_count", axes, .int64(rows.map { Int64($0.valueCount) }), "values of the vector"),
      ResultVariable(
        "byte_count", axes, .int64(rows.map { Int64($0.byteCount) }), units: "byte",
        "bytes of the packed form, scales and padding included"),
      exact("effective_bits", "bit", "bits of a value in the packed form") {
        Double($0.byteCount) * 8 / Double($0.valueCount)
      },
      exact("mean_squared_error", "1", "mean of the squared errors") {
        $0.measures.meanSquaredError
      },
      exact("cosine_similarity", "1", "cosine of the angle between before and after") {
        $0.measures.cosineSimilarity
      },
      exact("largest_error", "1", "largest absolute error") { $0.measures.largestError },
      exact("bias", "1", "mean of after minus before") { $0.measures.bias },
      // The logarithm is that of the machine's library.
      ResultVariable(
        "signal_to_noise", axes, .float64(rows.map(\.measures.signalToNoise)), units: "dB",
        "signal-to-noise ratio, infinite if nothing was lost", .measured),
      speed("quantizing_speed", "float32 bytes packed in a second") { $0.quantizingSeconds },
      speed("dequantizing_speed", "float32 bytes unpacked in a second") { $0.dequantizingSeconds },
    ]
  }
}

/// The tables of one point of a `quantization` result; reads nothing but the point.
struct QuantizationReport {
  let file: PointResult

  init(_ file: PointResult) { self.file = file }

  /// One section a vector. Throws ``ResultError`` if a variable is missing.
  func sections() throws(ResultError) -> [ReportDocument.Section] {
    let (vectors, formats) = (try file.texts("vector"), try file.texts("format"))
    var sections: [ReportDocument.Section] = []
    for (index, vector) in vectors.enumerated() {
      sections.append(
        try section(vector, formats, index * formats.count..<(index + 1) * formats.count))
    }
    return sections
  }

  private func section(
    _ vector: String, _ formats: [String], _ range: Range<Int>
  ) throws(ResultError) -> ReportDocument.Section {
    let isNormal = vector == Distribution.normal.rawValue
    var table = ReportTable(
      [.text("format"), .number("bits"), .number("mean squared error")]
        + (isNormal ? [.number("bound")] : [])
        + [
          .number("SNR dB"), .number("cosine"), .number("largest error"), .number("bias"),
          .number("quantize GB/s"), .number("dequantize GB/s"),
        ])
    let bits = try file.numbers("effective_bits")[range]
    let error = try file.numbers("mean_squared_error")[range]
    let noise = try file.numbers("signal_to_noise")[range]
    let cosine = try file.numbers("cosine_similarity")[range]
    let largest = try file.numbers("largest_error")[range]
    let bias = try file.numbers("bias")[range]
    let packing = try file.numbers("quantizing_speed")[range]
    let unpacking = try file.numbers("dequantizing_speed")[range]
    for (format, i) in zip(formats, range) {
      table.rows.append(
        [format, Numbers.decimal(bits[i], 3), String(format: "%.5g", error[i])]
          + (isNormal ? [String(format: "%.3g", exp2(-2 * bits[i]))] : [])
          + [
            noise[i].isFinite ? Numbers.decimal(noise[i], 2) : "-", Numbers.decimal(cosine[i], 6),
            String(format: "%.3g", largest[i]), String(format: "%.2g", bias[i]),
            Numbers.decimal(packing[i], 2), Numbers.decimal(unpacking[i], 2),
          ])
    }
    let count = try file.integers("value_count")[range.lowerBound]
    return .init(
      vector,
      lines: ["\(count) values"]
        + (isNormal
          ? [
            "bound: no code of R bits a value has a smaller mean squared error than 2^(-2R) on normal",
            "numbers of unit variance (Shannon's rate-distortion function).",
          ] : []),
      table: table)
  }
}
