import ArgumentParser
import Harness
import Kernels

/// `pogo arithmetic`: whether this machine computes what docs/arithmetic.md says.
struct ArithmeticCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "arithmetic",
    abstract: "Check that this machine computes the arithmetic of docs/arithmetic.md.",
    discussion: "Trains a small model of each family for 20 steps, on every instruction set that "
      + "this processor has and with 1 to 4 threads, and compares the digests with the golden "
      + "ones. Exit code 1 if one differs.")

  func run() throws {
    try CommandFailure.sorting {
      print("arithmetic version \(arithmeticVersion)")
      var differing = 0
      for run in try ConformanceRun.all() {
        print("\(run): golden digest \(run.golden)")
        for set in InstructionSet.allCases where set.isSupported {
          for threads in 1...4 {
            var arithmetic = Arithmetic(
              instructionSet: set, workers: Workers(threads: threads, pinned: false))
            arithmetic.splitsSmallWork = true
            let digest = try run.digest(arithmetic: arithmetic).hex
            let isGolden = digest == run.golden
            if !isGolden { differing += 1 }
            print(
              "  \(set.rawValue), \(threads) thread\(threads == 1 ? "" : "s"): "
                + (isGolden ? "equal" : digest))
          }
        }
      }
      guard differing == 0 else {
        throw CommandFailure(
          .checkFailed, "\(differing) runs differ: results of this build are not comparable")
      }
    }
  }
}
