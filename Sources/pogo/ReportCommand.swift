import ArgumentParser
import Harness

/// `pogo report RESULT`: prints the tables of a result.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Print the tables of a result.")

  @Argument(help: "The result, an HDF5 file.")
  var result: String

  func run() throws {
    try CommandFailure.sorting { print(try Report.document(of: ResultFile.read(result)).text()) }
  }
}
