import ArgumentParser
import Foundation
import Harness
import Kernels

/// `pogo bench kernels`: the `fixed` matrix product against OpenBLAS.
struct BenchKernels: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Measure the matrix product against OpenBLAS, in GFLOP/s.",
    discussion: "Medians of interleaved measurements; each OpenBLAS core type runs in a process of "
      + "its own. 'of peak' is the share of what multiply-adds on registers alone reach.")

  @Option(help: "Only products whose name contains this.")
  var only: String?

  @OptionGroup var measuring: BenchRounds

  @OptionGroup var options: BenchOptions

  func run() throws {
    try CommandFailure.sorting {
      let rounds = try measuring.count()
      let shapes = ProductShape.all.filter { only == nil || $0.name.contains(only ?? "") }
      guard !shapes.isEmpty else {
        throw CommandFailure(
          .badInput,
          "--only '\(only ?? "")' names no product; there are "
            + ProductShape.all.map { "'\($0.name)'" }.joined(separator: ", "))
      }
      let arithmetic = try options.arithmetic()
      let threads = arithmetic.workers.threads
      let coreTypes: [String?] =
        [nil] + (InstructionSet.avx2.isSupported ? ["Haswell"] : [])
        + (InstructionSet.avx512.isSupported ? ["SkylakeX"] : [])
      let rivals = try coreTypes.map { coreType in
        try Rival(
          program: "/proc/self/exe",
          arguments: ["bench", "rival", "--threads", "\(threads)"], coreType: coreType)
      }
      let bench = ProductBench(arithmetic: arithmetic, rounds: rounds)
      var rows: [ProductBench.Row] = []
      for shape in shapes {
        options.show(shape.name)
        rows.append(try bench.measure(shape, against: rivals))
      }
      try options.print(
        rows,
        text: BenchOptions.heading(arithmetic, "GFLOP/s, medians of \(rounds)")
          + ProductBench.text(rows, rivals: rivals.map(\.label)))
    }
  }
}

/// The other side of ``BenchKernels``: measures OpenBLAS when asked to.
struct BenchRival: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "rival", shouldDisplay: false)

  @Option var threads: Int

  func run() throws {
    try CommandFailure.sorting {
      try Rival.serve(threads: threads) { line in
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
      }
    }
  }
}
