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

  @Option(help: "A format (`pogo list formats`); may be given more than once.")
  var format: [String] = QuantBench.defaultFormats

  @OptionGroup var measuring: BenchRounds

  @OptionGroup var options: BenchOptions

  func run() throws {
    try CommandFailure.sorting {
      let rounds = try measuring.count()
      let formats = try format.map { try QuantizationFormat(named: $0) }
      let bench = QuantBench(arithmetic: try options.arithmetic(), rounds: rounds)
      let result = try bench.run(formats) { options.show($0) }
      try options.print(result, text: result.text)
    }
  }
}
