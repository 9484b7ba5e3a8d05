import ArgumentParser
import Foundation
import Harness
import Quant

/// `pogo bench quant`: packing and unpacking against copying memory.
struct BenchQuant: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quant",
    abstract: "Measure quantizing and dequantizing against copying memory, in GB/s of float32.",
    discussion:
      "256 MiB of normal numbers; medians. 'of copy' compares the bytes that are read and "
      + "written in a second with those of a copy by the same threads right before.")

  @Option(help: "Measurements of each; the median counts.")
  var rounds = 7

  @Option(help: "A format (`pogo list formats`); may be given more than once.")
  var format: [String] = QuantBench.defaultFormats

  @Flag(help: "Print JSON instead of a table.")
  var json = false

  @OptionGroup var options: ArithmeticOptions

  func run() throws {
    try CommandFailure.sorting {
      guard (1...1000).contains(rounds) else {
        throw CommandFailure(.badInput, "--rounds must be in 1...1000, but is \(rounds)")
      }
      let formats = try format.map { try QuantizationFormat(named: $0) }
      let bench = QuantBench(arithmetic: try options.arithmetic(), rounds: rounds)
      let result = try bench.run(formats) { activity in
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
