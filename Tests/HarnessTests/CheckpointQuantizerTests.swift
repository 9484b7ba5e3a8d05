import Foundation
import Harness
import Kernels
import Quant
import Safetensors
import Testing

@Suite struct CheckpointQuantizerTests {
  private static let arithmetic = Arithmetic(workers: Workers(threads: 2, pinned: false))

  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pogo-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }

  private func wave(_ count: Int, _ step: Float) -> [Float] {
    (0..<count).map { Float($0 % 97) * step - 1 }
  }

  @Test func tensorsAreWrittenDequantizedWithTheirErrors() throws {
    try inFolder { folder in
      let (source, target) = ("\(folder)/in.safetensors", "\(folder)/out.safetensors")
      let (first, second) = (wave(300, 0.02), wave(128, 0.031))
      try SafetensorsWriter.write(
        [
          TensorSource("b", .float32, shape: [3, 100], first),
          TensorSource("a", .bfloat16, shape: [128], second),
        ], metadata: ["format": "pt"], to: source)
      let format = try QuantizationFormat(named: "int4:g64")
      let report = try CheckpointQuantizer(format: format, arithmetic: Self.arithmetic)
        .run(from: source, to: target)
      let read = try SafetensorsFile(source)
      let written = try SafetensorsFile(target)
      #expect(written.header.metadata == ["format": "pt"])
      #expect(Set(written.header.tensors.map(\.name)) == ["a", "b"])
      #expect(written.entry("b")?.shape == [3, 100])
      var all: (before: [Float], after: [Float]) = ([], [])
      for row in report.tensors {
        let values = try read.floats(row.tensor)
        let expected = try format.dequantize(format.quantize(values), count: values.count)
        #expect(try written.floats(row.tensor) == expected)
        let measures = try ErrorMeasures(values: values, approximation: expected)
        #expect(row.meanSquaredError == measures.meanSquaredError)
        #expect(row.bytes == format.byteCount(values: values.count))
        all.before += values
        all.after += expected
      }
      let total = try ErrorMeasures(values: all.before, approximation: all.after)
      #expect(report.total.meanSquaredError == total.meanSquaredError)
      #expect(report.total.values == 428)
      #expect(report.text.contains("total") && report.text.contains("int4:g64:float32"))
    }
  }

  @Test func aTensorWithoutNumbersIsNamedAndNothingIsWritten() throws {
    try inFolder { folder in
      let (source, target) = ("\(folder)/in.safetensors", "\(folder)/out.safetensors")
      var values = wave(100, 0.1)
      values[42] = .nan
      try SafetensorsWriter.write([TensorSource("w", .float32, shape: [100], values)], to: source)
      let quantizer = CheckpointQuantizer(
        format: try QuantizationFormat(named: "nf4"), arithmetic: Self.arithmetic)
      let expected = CheckpointQuantizerError(tensor: "w", problem: .notFinite(index: 42))
      #expect(throws: expected) { try quantizer.run(from: source, to: target) }
      #expect(!FileManager.default.fileExists(atPath: target))
      #expect(throws: SafetensorsError.self) {
        try quantizer.run(from: "\(folder)/none.safetensors", to: target)
      }
    }
  }

  @Test func float32LosesNothing() throws {
    try inFolder { folder in
      let (source, target) = ("\(folder)/in.safetensors", "\(folder)/out.safetensors")
      try SafetensorsWriter.write(
        [TensorSource("w", .float32, shape: [97], wave(97, 0.1))], to: source)
      let report = try CheckpointQuantizer(format: .float32, arithmetic: Self.arithmetic)
        .run(from: source, to: target)
      #expect(report.total.meanSquaredError == 0 && report.total.signalToNoise == nil)
      #expect(
        try Data(contentsOf: URL(filePath: source)) == Data(contentsOf: URL(filePath: target)))
    }
  }
}
