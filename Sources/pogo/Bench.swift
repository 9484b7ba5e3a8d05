import ArgumentParser
import Foundation
import Harness
import Kernels

/// `pogo bench`: the speed of the kernels on this machine.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure the speed of the kernels on this machine.",
    subcommands: [
      BenchKernels.self, BenchStep.self, BenchElementwise.self, BenchProofs.self, BenchQuant.self,
      BenchRival.self,
    ])
}

/// `pogo bench kernels`: the `fixed` matrix product against OpenBLAS.
struct BenchKernels: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Measure the matrix product against OpenBLAS, in GFLOP/s.",
    discussion: "Medians of interleaved measurements; each OpenBLAS core type runs in a process of "
      + "its own. 'of peak' is the share of what multiply-adds on registers alone reach.")

  @Option(help: "Measurements of each product; the median counts.")
  var rounds = 7

  @Option(help: "Only products whose name contains this.")
  var only: String?

  @Flag(help: "Print JSON instead of a table.")
  var json = false

  @OptionGroup var options: ArithmeticOptions

  func run() throws {
    try CommandFailure.sorting {
      guard (1...1000).contains(rounds) else {
        throw CommandFailure(.badInput, "--rounds must be in 1...1000, but is \(rounds)")
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
      let rivals = try coreTypes.map { coreType in
        try Rival(
          program: "/proc/self/exe",
          arguments: ["bench", "rival", "--threads", "\(threads)"], coreType: coreType)
      }
      let bench = ProductBench(arithmetic: arithmetic, rounds: rounds)
      var rows: [ProductBench.Row] = []
      for shape in shapes {
        if Console.isTerminal { Console.write("\r\u{1B}[K\(shape.name)") }
        rows.append(try bench.measure(shape, against: rivals))
      }
      if Console.isTerminal { Console.write("\r\u{1B}[K") }
      if json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        print(String(decoding: try encoder.encode(rows), as: UTF8.self))
      } else {
        print(
          "\(arithmetic.instructionSet.rawValue), \(threads) thread\(threads == 1 ? "" : "s"), "
            + "GFLOP/s, medians of \(rounds)")
        print(ProductBench.text(rows, rivals: rivals.map(\.label)))
      }
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
