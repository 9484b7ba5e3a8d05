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
      + "its own. 'of peak' is the share of what multiply-adds on registers alone reach. --all adds "
      + "the products with AVX2 alone, the operations that memory bounds, and what is reached of "
      + "the goals.")

  @Option(help: "Only products whose name contains this.")
  var only: String?

  @Flag(help: "Measure everything that docs/arithmetic.md states a goal for.")
  var all = false

  @OptionGroup var measuring: BenchRounds

  @OptionGroup var options: BenchOptions

  func run() throws {
    try CommandFailure.sorting {
      let rounds = try measuring.count()
      guard !(all && only != nil) else {
        throw CommandFailure(.badInput, "--all measures every product; leave --only out")
      }
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
      let rivals = try coreTypes.map { try rival($0, threads: threads) }
      let rows = try measure(shapes, arithmetic, rounds, against: rivals)
      let table =
        BenchOptions.heading(arithmetic, "GFLOP/s, medians of \(rounds)")
        + ProductBench.text(rows, rivals: rivals.map(\.label))
      guard all else { return try options.print(rows, text: table) }
      var narrow: [ProductBench.Row] = []
      var narrowTable = ""
      if InstructionSet.avx2.isSupported {
        let haswell = try rival("Haswell", threads: threads)
        let arithmetic = Arithmetic(instructionSet: .avx2, workers: arithmetic.workers)
        narrow = try measure(
          shapes.filter { $0.isTransformerOf256Rows || $0.isLargeSquare && $0.m <= 1536 },
          arithmetic, rounds, against: [haswell])
        narrowTable =
          "\n" + BenchOptions.heading(arithmetic, "GFLOP/s, medians of \(rounds)")
          + ProductBench.text(narrow, rivals: [haswell.label])
      }
      let elementwise = ElementwiseBench(arithmetic: arithmetic, rounds: rounds).measure { round in
        options.show("what memory bounds: round \(round) of \(rounds)")
      }
      let goals = KernelGoals(products: rows, productsAVX2: narrow, elementwise: elementwise)
      try options.print(
        goals,
        text: table + narrowTable + "\n" + BenchOptions.heading(arithmetic, "what memory bounds")
          + ElementwiseBench.text(elementwise) + "\n" + goals.text)
    }
  }

  private func rival(_ coreType: String?, threads: Int) throws -> Rival {
    try Rival(
      program: "/proc/self/exe", arguments: ["bench", "rival", "--threads", "\(threads)"],
      coreType: coreType)
  }

  private func measure(
    _ shapes: [ProductShape], _ arithmetic: Arithmetic, _ rounds: Int, against rivals: [Rival]
  ) throws -> [ProductBench.Row] {
    let bench = ProductBench(arithmetic: arithmetic, rounds: rounds)
    return try shapes.map { shape in
      options.show(shape.name)
      return try bench.measure(shape, against: rivals)
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
