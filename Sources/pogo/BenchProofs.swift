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

  @Option(help: "Measurements of each; the median counts.")
  var rounds = 7

  @Flag(help: "Print JSON instead of tables.")
  var json = false

  @OptionGroup var options: ArithmeticOptions

  func run() throws {
    try CommandFailure.sorting {
      guard (1...1000).contains(rounds) else {
        throw CommandFailure(.badInput, "--rounds must be in 1...1000, but is \(rounds)")
      }
      let bench = ProofsBench(arithmetic: try options.arithmetic(), rounds: rounds)
      let result = try bench.run { activity in
        if Console.isTerminal { Console.write("\r\u{1B}[K\(activity)") }
      }
      if Console.isTerminal { Console.write("\r\u{1B}[K") }
      if json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        print(String(decoding: try encoder.encode(result), as: UTF8.self))
      } else {
        print(result.text)
      }
    }
  }
}
