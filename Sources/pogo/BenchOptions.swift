import ArgumentParser
import Foundation
import Kernels

/// What all of `pogo bench` share: how to compute, and how to print.
struct BenchOptions: ParsableArguments {
  @Flag(help: "Print JSON instead of a table.")
  var json = false

  @OptionGroup var arithmeticOptions: ArithmeticOptions

  /// The arithmetic that is measured.
  func arithmetic() throws -> Arithmetic { try arithmeticOptions.arithmetic() }

  /// Shows what is being measured, on a terminal alone.
  func show(_ activity: String) {
    if Console.isTerminal { Console.write("\r\u{1B}[K\(activity)") }
  }

  /// Ends the line of ``show(_:)`` and prints a result: as JSON if that was asked for, else as text.
  func print(_ result: some Encodable, text: @autoclosure () -> String) throws {
    show("")
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      Swift.print(String(decoding: try encoder.encode(result), as: UTF8.self))
    } else {
      Swift.print(text())
    }
  }

  /// The line over a table that says how it was measured.
  static func heading(_ arithmetic: Arithmetic, _ rest: String) -> String {
    let threads = arithmetic.workers.threads
    return "\(arithmetic.instructionSet.rawValue), \(threads) thread\(threads == 1 ? "" : "s"), "
      + "\(rest)\n"
  }
}

/// How often each thing is measured.
struct BenchRounds: ParsableArguments {
  @Option(help: "Measurements of each; the median counts.")
  var rounds = 7

  /// The number, if it is a sensible one.
  func count() throws -> Int {
    guard (1...1000).contains(rounds) else {
      throw CommandFailure(.badInput, "--rounds must be in 1...1000, but is \(rounds)")
    }
    return rounds
  }
}
