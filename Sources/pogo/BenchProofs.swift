import ArgumentParser
import Foundation
import Harness

/// `pogo bench proofs`: committing against OpenSSL's SHA-256.
struct BenchProofs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proofs",
    abstract: "Measure Merkle commitments against OpenSSL's SHA-256, on all cores in the same run.",
    discussion: "Medians; each commitment is measured right after OpenSSL, and 'of OpenSSL' is the "
      + "median of the ratios. 'one proof' is the time to answer a challenge for one leaf of 4 KiB."
  )

  @OptionGroup var measuring: BenchRounds

  @OptionGroup var options: BenchOptions

  func run() throws {
    try CommandFailure.sorting {
      let rounds = try measuring.count()
      let bench = ProofsBench(arithmetic: try options.arithmetic(), rounds: rounds)
      let result = try bench.run { options.show($0) }
      try options.print(result, text: result.text)
    }
  }
}
