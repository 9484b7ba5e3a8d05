import Harness
import Kernels
import Testing

/// The golden digests of docs/arithmetic.md, section "Conformance".
@Suite struct ConformanceTests {
  @Test func everyInstructionSetAndThreadCountGivesTheGoldenDigest() throws {
    let runs = try ConformanceRun.all()
    #expect(Set(runs.map(\.golden)).count == 2)
    for run in runs {
      for set in InstructionSet.allCases where set.isSupported {
        for threads in 1...4 {
          var arithmetic = Arithmetic(
            instructionSet: set, workers: Workers(threads: threads, pinned: false))
          arithmetic.splitsSmallWork = true
          let digest = try run.digest(arithmetic: arithmetic)
          #expect(digest.hex == run.golden, "\(run), \(set), \(threads) threads")
        }
      }
    }
  }
}
