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

  @OptionGroup var measuring: BenchRounds

  @OptionGroup var options: BenchOptions

  func run() throws {
    try CommandFailure.sorting {
      let rounds = try measuring.count()
      let arithmetic = try options.arithmetic()
      let rows = ElementwiseBench(arithmetic: arithmetic, rounds: rounds).measure { round in
        options.show("round \(round) of \(rounds)")
      }
      try options.print(
        rows,
        text: BenchOptions.heading(arithmetic, "medians of \(rounds)")
          + ElementwiseBench.text(rows))
    }
  }
}
