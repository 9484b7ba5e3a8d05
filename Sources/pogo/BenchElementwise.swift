import ArgumentParser
import Foundation
import Harness

/// `pogo bench elementwise`: the kernels that are bound by memory.
struct BenchElementwise: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "elementwise",
    abstract: "Measure activations, norms, softmax, rotary embedding and optimizer steps.",
    discussion: "Medians of interleaved measurements. 'of copy' is the share of what copying "
      + "memory reaches, counting the bytes that an operation must read and write. "
      + "Benchmarks/elementwise.py puts PyTorch beside them.")

  @Option(help: "Measurements of each operation; the median counts.")
  var rounds = 7

  @Flag(help: "Print JSON instead of a table.")
  var json = false

  @OptionGroup var options: ArithmeticOptions

  func run() throws {
    try CommandFailure.sorting {
      guard (1...1000).contains(rounds) else {
        throw CommandFailure(.badInput, "--rounds must be in 1...1000, but is \(rounds)")
      }
      let arithmetic = try options.arithmetic()
      let rows = ElementwiseBench(arithmetic: arithmetic, rounds: rounds).measure { round in
        if Console.isTerminal { Console.write("\r\u{1B}[Kround \(round) of \(rounds)") }
      }
      if Console.isTerminal { Console.write("\r\u{1B}[K") }
      if json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        print(String(decoding: try encoder.encode(rows), as: UTF8.self))
      } else {
        let threads = arithmetic.workers.threads
        print(
          "\(arithmetic.instructionSet.rawValue), \(threads) thread\(threads == 1 ? "" : "s"), "
            + "medians of \(rounds)")
        print(ElementwiseBench.text(rows))
      }
    }
  }
}
