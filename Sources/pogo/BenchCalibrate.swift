import ArgumentParser
import Foundation
import Harness

/// `pogo bench calibrate`: seconds for the cost model, and how well they predict.
struct BenchCalibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Fit seconds of this machine to what the cost model counts, and try the fit.",
    discussion:
      "Steps and losses of twenty small models, trees and quantization are measured and fitted by "
      + "least squares; blocks of gpt3-mini and gemma3-mini, which no fit saw, are then predicted, run "
      + "and compared. --out writes the machine for 'include' in a spec of the kind cost.")

  @Option(help: "Write the machine's figures to this YAML file.")
  var out: String?

  @Option(help: "Watts that the machine draws, for the file; not measured.")
  var watts = 100.0

  @Option(help: "Price of an hour in US dollars, for the file; not measured.")
  var price = 0.1

  @OptionGroup var measuring: BenchRounds

  @OptionGroup var options: BenchOptions

  func run() throws {
    try CommandFailure.sorting {
      let rounds = try measuring.count()
      for (name, value) in [("--watts", watts), ("--price", price)] {
        guard value.isFinite, value > 0 else {
          throw CommandFailure(.badInput, "\(name) must be above 0, but is \(value)")
        }
      }
      let bench = CalibrationBench(arithmetic: try options.arithmetic(), rounds: rounds)
      let result = try bench.run { options.show($0) }
      if let out {
        try Output.write(
          result.hardware(watts: watts, price: price, date: Date()), to: out)
      }
      try options.print(result, text: result.text)
    }
  }
}
