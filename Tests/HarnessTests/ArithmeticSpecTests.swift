import Foundation
import Harness
import Kernels
import Testing

/// Chains whose products are OpenBLAS's.
@Suite struct ArithmeticSpecTests {
  private func run(_ arithmetic: String, spec: String = TinyExperiment.spec) throws -> ResultFile {
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = try TinyExperiment.write(to: folder, spec: spec + "\narithmetic: \(arithmetic)")
    let experiment = try Experiment(readingSpecAt: path)
    #expect(experiment.usesOpenBLAS == arithmetic.contains("openblas"))
    return try experiment.run(
      arithmetic: TinyExperiment.arithmetic(), commandLine: "pogo run tiny.yaml",
      observer: SilentObserver())
  }

  private func verdicts(_ result: ResultFile) throws -> [String] {
    let point = try #require(result.points.first)
    let variable = try #require(point.variables.first { $0.name == "verdict" })
    guard case .text(let words) = variable.values else { return [] }
    return words
  }

  @Test func toleranceConfirmsOtherMachinesAndStillSlashesCheats() throws {
    let result = try run("{products: openblas, verifiers: fixed, tolerance: 0.05}")
    #expect(try verdicts(result) == ["confirmed", "slashed", "slashed"])
    let point = try #require(result.points.first)
    #expect(point.variables.allSatisfy { $0.determinism == .measured })
    #expect(point.machine.contains("openblas") && point.machine.contains(OpenBLAS.coreName))
    var audit = Audit(file: result, arithmetic: TinyExperiment.arithmetic())
    #expect {
      try audit.run()
    } throws: { "\($0)".contains("bits depend on the machine") }
  }

  /// In fixed arithmetic a tolerance changes no verdict of an honest chain, and stays auditable.
  @Test func fixedArithmeticWithATolerance() throws {
    let result = try run("{tolerance: 0.05}")
    #expect(try verdicts(result) == ["confirmed", "slashed", "slashed"])
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("tiny.h5").path
    try result.write(to: path, replacing: false)
    var audit = Audit(file: try ResultFile.read(path), arithmetic: TinyExperiment.arithmetic())
    #expect(try audit.run().blocks == 3)
  }

  @Test func whatDoesNotGoTogetherIsRefused() throws {
    let feedback = TinyExperiment.spec.replacing(
      "steps_per_block: 4}", with: "steps_per_block: 4, error_feedback: true}")
    #expect {
      try run("{tolerance: 0.05}", spec: feedback)
    } throws: { "\($0)".contains("without error_feedback") }
    #expect {
      try run("{products: blas}")
    } throws: { "\($0)".contains("must be one of fixed, openblas") }
    #expect {
      try run("{tolerance: 1.5}")
    } throws: { "\($0)".contains("tolerance") }
  }
}
