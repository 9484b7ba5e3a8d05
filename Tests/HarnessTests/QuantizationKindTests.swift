import Foundation
import Harness
import Models
import Quant
import Safetensors
import Testing

@Suite struct QuantizationKindTests {
  private func run(_ text: String, threads: Int = 1) throws -> ResultFile {
    let file = try SpecFile(text: text, fileName: "q.yaml")
    return try Experiment(file: file, dataFolder: ".", name: "q.yaml").run(
      arithmetic: TinyExperiment.arithmetic(threads: threads), commandLine: "test",
      observer: SilentObserver())
  }

  private func numbers(_ file: ResultFile, _ name: String) throws -> [Double] {
    guard case .float64(let values) = file[name]?.values else {
      throw ResultError.malformed(name)
    }
    return values
  }

  /// The errors of a uniform quantizer on normal numbers, and what no code can go below.
  @Test func errorsLieAboveTheBound() throws {
    let result = try run(
      """
      name: q
      kind: quantization
      formats: [int4, nf4, lm4, mxfp4, float32]
      distributions: [normal]
      values: 65536

      """)
    let bits = try numbers(result, "effective_bits")
    let errors = try numbers(result, "mean_squared_error")
    #expect(bits == [4.5, 4.5, 4.5, 4.25, 32])
    for (bits, error) in zip(bits, errors).dropLast() { #expect(error > exp2(-2 * bits)) }
    // Published and measured elsewhere: absmax int4 0.0116, NF4 0.0085; at most 0.0070 is wanted.
    #expect((errors[0] - 0.0116).magnitude < 0.0004)
    #expect((errors[1] - 0.0085).magnitude < 0.0004)
    #expect(errors[2] < 0.0056)
    #expect(errors[4] == 0)
    let report = try Report.document(of: result).text()
    #expect(report.contains("bound") && report.contains("lm4:g32:float16"))
  }

  /// All three have unit variance; the tails of the others are heavier.
  @Test func distributionsHaveUnitVarianceAndTheirTails() throws {
    let result = try run(
      """
      name: q
      kind: quantization
      formats: [float16, "int8:tensor"]
      values: 200000

      """)
    let errors = try numbers(result, "mean_squared_error")
    let noise = try numbers(result, "signal_to_noise")
    for vector in 0..<2 {
      // Power = error * 10^(SNR / 10); the variance of Student's with three degrees scatters too much.
      let power = errors[2 * vector] * exp2(noise[2 * vector] / 10 * 3.321928094887362)
      #expect((power - 1).magnitude < 0.02, "vector \(vector)")
    }
    // The largest number sets the step of a whole tensor: heavier tails cost more.
    #expect(errors[1] < errors[3] && errors[3] < errors[5])
  }

  /// Weights of a checkpoint are all its float tensors in the order of their names; those of a
  /// training come from the same code as the kind `chain`'s. Both in one run, on one and two threads.
  @Test func capturedAndCheckpointVectorsAreQuantized() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pogo-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let first = (0..<300).map { Float($0 % 97) * 0.02 - 1 }
    let second = (0..<128).map { Float($0 % 31) * 0.5 }
    try SafetensorsWriter.write(
      [
        TensorSource("b", .float32, shape: [300], first),
        TensorSource("a", .bfloat16, shape: [128], second),
      ], metadata: [:], to: folder.appendingPathComponent("w.safetensors").path)
    let verse = "In the beginning God created the heaven and the earth. "
    let text = String(repeating: verse, count: 9)
    try text.write(
      to: folder.appendingPathComponent("t.txt"), atomically: true, encoding: .utf8)
    let spec = """
      name: q
      kind: quantization
      formats: [int4, float32]
      distributions: [normal]
      values: 1024
      checkpoint: \(folder.path)/w.safetensors
      captured: {corpus: \(folder.path)/t.txt, preset: gpt3-nano, steps: 3, batch: 2, context: 16}

      """
    let result = try run(spec)
    guard case .text(let vectors) = result["vector"]?.values else {
      throw ResultError.malformed("vector")
    }
    #expect(vectors == ["normal", "captured weights", "captured gradient", "checkpoint weights"])
    guard case .int64(let counts) = result["value_count"]?.values else {
      throw ResultError.malformed("value_count")
    }
    let parameters = try #require(ModelShape.preset(named: "gpt3-nano"))
    let count = Int64(ParameterLayout(parameters).count)
    #expect(counts == [1024, 1024, count, count, count, count, 428, 428])
    let errors = try numbers(result, "mean_squared_error")
    // The control loses nothing; 4 bits lose something.
    for vector in 0..<4 { #expect(errors[2 * vector] > 0 && errors[2 * vector + 1] == 0) }
    let format = try QuantizationFormat(named: "int4")
    let weights = second + first
    let back = try format.dequantize(format.quantize(weights), count: 428)
    #expect(errors[6] == (try ErrorMeasures(values: weights, approximation: back)).meanSquaredError)
    #expect(try run(spec, threads: 2).exactDigest == result.exactDigest)
    let missing = spec.replacingOccurrences(of: "w.safetensors", with: "none.safetensors")
    #expect(throws: (any Error).self) { try run(missing) }
    let refused = spec.replacingOccurrences(of: "steps: 3", with: "steps: 0")
    #expect(throws: SpecError.self) { try run(refused) }
    let long = spec.replacingOccurrences(of: "context: 16", with: "context: 100000")
    #expect(throws: PlanError.self) { try run(long) }
  }

  @Test func badFormatsAreRefusedWithTheirLine() throws {
    let text = "name: q\nkind: quantization\nformats: [int4, int99]\n"
    let error = #expect(throws: SpecError.self) { try SpecFile(text: text, fileName: "q.yaml") }
    #expect(error?.description.contains("q.yaml:3") == true)
    #expect(error?.description.contains("int99") == true)
  }
}
