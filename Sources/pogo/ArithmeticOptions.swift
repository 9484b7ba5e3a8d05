import ArgumentParser
import Foundation
import Kernels

/// Options that choose how to compute; none of them changes a result.
struct ArithmeticOptions: ParsableArguments {
  @Option(help: "Threads; by default one a core. Any number gives the same bits.")
  var threads: Int?

  @Flag(help: "Do not pin threads to cores.")
  var noPin = false

  /// The arithmetic that the options and `POGO_ISA` ask for.
  func arithmetic() throws -> Arithmetic {
    let threads = self.threads ?? Workers.cores
    guard (1...1024).contains(threads) else {
      throw CommandFailure(.badInput, "--threads must be in 1...1024, but is \(threads)")
    }
    return Arithmetic(
      instructionSet: try instructionSet(), workers: Workers(threads: threads, pinned: !noPin))
  }

  private func instructionSet() throws -> InstructionSet {
    guard let name = ProcessInfo.processInfo.environment["POGO_ISA"], !name.isEmpty else {
      return .best
    }
    guard let set = InstructionSet(rawValue: name) else {
      let names = InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")
      throw CommandFailure(.badInput, "POGO_ISA must be one of \(names), but is '\(name)'")
    }
    guard set.isSupported else {
      throw CommandFailure(
        .badInput,
        "POGO_ISA=\(name), but this processor lacks it; its best is "
          + "\(InstructionSet.best.rawValue)")
    }
    return set
  }
}
