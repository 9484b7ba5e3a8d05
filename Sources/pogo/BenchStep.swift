import ArgumentParser
import Foundation
import Harness
import Kernels

/// `pogo bench step`: whole training steps.
struct BenchStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Measure training steps: loss, gradient and AdamW.",
    discussion:
      "Medians. GFLOP/s count matrix products and norms, over the time of the whole step; "
      + "'of peak' is their share of what multiply-adds on registers alone reach; 'memory' is what "
      + "the process grew by (for the first model alone: --only names it), 'of predicted' its ratio to "
      + "what the shape says. "
      + "Benchmarks/steps.py and gemma_steps.py put the same steps beside PyTorch and llm.c.")

  @Option(help: "Only the models whose name contains this.")
  var only: String?

  @Option(help: "Steps that are measured.")
  var steps = 7

  @Option(help: "Steps before them.")
  var warmups = 2

  @OptionGroup var options: BenchOptions

  func run() throws {
    try CommandFailure.sorting {
      for (name, value) in [("--steps", steps), ("--warmups", warmups)] {
        guard (1...10_000).contains(value) else {
          throw CommandFailure(.badInput, "\(name) must be in 1...10000, but is \(value)")
        }
      }
      let cases = StepBench.Case.all.filter { only == nil || $0.name.contains(only ?? "") }
      guard !cases.isEmpty else {
        throw CommandFailure(
          .badInput,
          "--only '\(only ?? "")' names no model; there are "
            + StepBench.Case.all.map { "'\($0.name)'" }.joined(separator: ", "))
      }
      let arithmetic = try options.arithmetic()
      let bench = StepBench(arithmetic: arithmetic)
      var rows: [StepBench.Row] = []
      for which in cases {
        options.show(which.name)
        rows.append(try bench.measure(which, warmups: warmups, steps: steps, isFirst: rows.isEmpty))
      }
      try options.print(
        rows, text: BenchOptions.heading(arithmetic, "medians of \(steps)") + StepBench.text(rows))
    }
  }
}
