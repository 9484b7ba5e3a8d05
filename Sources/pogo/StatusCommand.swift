import ArgumentParser
import Foundation
import Harness

/// `pogo status DIR`: how far a run is.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show which points of a run are done, running, waiting, failed or missing.",
    discussion: """
      Looks into the folder of the points and asks Slurm, if jobs were submitted. Exit code 1 if a \
      point failed.
      """)

  @Argument(help: "The folder of the points, RESULT.points, or the spec.")
  var folder: String

  @OptionGroup var overrides: OverrideOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Print only the counts.")
  var brief = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    try CommandFailure.sorting {
      let source = try SweepSource(folder, overrides: overrides, output: output)
      let status = try SweepStatus(source.experiment, out: source.out)
      if json {
        print(status.json)
      } else {
        if !brief { print(status.table.text + "\n") }
        print(([status.summary] + status.notes).joined(separator: "\n"))
      }
      let failed = status.count(.failed)
      guard failed == 0 else {
        throw CommandFailure(
          .checkFailed,
          "\(failed) points failed; 'pogo run \(folder) --executor slurm' submits them again")
      }
    }
  }
}
