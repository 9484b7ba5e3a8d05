import Foundation
import Testing

/// Chains on machines whose OpenBLAS was loaded for other processors.
@Suite struct OpenBLASCommandTests {
  /// Verdicts of a chain whose miner computes with OpenBLAS for processors without fused multiply-add,
  /// and whose verifiers compute in fixed arithmetic.
  private func verdicts(_ arithmetic: String, coreType: String) throws -> [String] {
    var found: [String] = []
    try SmallSpec.inFolder(adding: "arithmetic: \(arithmetic)") { folder in
      let out = "\(folder)/r.h5"
      let run = try Program.run(
        ["run", "\(folder)/small.yaml", "--out", out, "--quiet"],
        environment: ["OPENBLAS_CORETYPE": coreType])
      #expect(run.code == 0, "\(run.errors)")
      let report = try Program.run(["report", out])
      // The table of blocks ends its rows with the verdict.
      found = report.output.split(separator: "\n").compactMap {
        $0.split(separator: " ").last.map(String.init)
      }.filter(["confirmed", "slashed"].contains)
      let audit = try Program.run(["audit", out])
      #expect(audit.code == 2 && audit.errors.contains("bits depend on the machine"))
    }
    return found
  }

  #if arch(x86_64)
    /// An honest miner is slashed for its machine alone; a tolerance confirms it.
    @Test func otherCoreTypesGiveOtherBits() throws {
      let exact = "{products: openblas, verifiers: fixed}"
      let slashed = try verdicts(exact, coreType: "Prescott")
      #expect(slashed.contains("slashed") && !slashed.contains("confirmed"))
      let near = "{products: openblas, verifiers: fixed, tolerance: 0.01}"
      let confirmed = try verdicts(near, coreType: "Prescott")
      #expect(confirmed.contains("confirmed") && !confirmed.contains("slashed"))
    }
  #endif

  @Test func everyoneWithTheSameKernelsAgrees() throws {
    let words = try verdicts("{products: openblas}", coreType: "Prescott")
    #expect(words.contains("confirmed") && !words.contains("slashed"))
  }
}
