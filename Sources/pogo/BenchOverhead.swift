import ArgumentParser
import Foundation
import Harness

/// `pogo bench overhead`: what the harness adds to a run.
struct BenchOverhead: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "overhead",
    abstract: "Measure what journal, digests and files add to the run of a chain.",
    discussion: "The first point of a spec is run alone in memory and as pogo run does, in turn; "
      + "the overhead is the median of the ratios.")

  @Argument(help: "A spec of kind chain.")
  var spec = "Experiments/quickstart.yaml"

  @OptionGroup var overrides: OverrideOptions

  @OptionGroup var measuring: BenchRounds

  @OptionGroup var options: BenchOptions

  func run() throws {
    try CommandFailure.sorting {
      let experiment = try Experiment(readingSpecAt: spec, overrides: overrides.set)
      let rounds = try measuring.count()
      let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("pogo-\(UUID().uuidString)").path
      do {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: false)
      } catch { throw CommandFailure(.machineFault, "\(folder): it cannot be made") }
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let arithmetic = try options.arithmetic()
      let result = try OverheadBench(arithmetic: arithmetic, rounds: rounds)
        .run(experiment, in: folder) { options.show($0) }
      try options.print(
        result,
        text: BenchOptions.heading(arithmetic, "\(rounds) rounds, medians") + result.text)
    }
  }
}
