import ArgumentParser
import Foundation
import Harness

extension Report.Format: ExpressibleByArgument {}

/// `pogo report RESULT`: the tables and plots of a result.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Print the tables and plots of a result.",
    discussion: """
      csv and json hold all values, the others the tables that the kind of the experiment has and \
      those that its spec declares under 'report'. Plots need gnuplot.
      """)

  @Argument(help: "The result, an HDF5 file.")
  var result: String

  @Option(help: "text, markdown, latex, csv, json or html.")
  var format = Report.Format.text

  @Option(help: "Write to this file instead of standard output.")
  var out: String?

  @Option(help: "Write the plots into this folder, as SVG and PDF.")
  var plots: String?

  func run() throws {
    try CommandFailure.sorting {
      let file = try ResultFile.read(result)
      var folder: String?
      if let plots { folder = try write(Report.document(of: file).plots, to: plots) }
      let text = try Report.text(of: file, as: format) { number in
        folder.map { "\($0)/plot-\(number + 1).\(format == .latex ? "pdf" : "svg")" }
      }
      try Output.write(text, to: out)
    }
  }

  private func write(_ plots: [ReportPlot], to folder: String) throws -> String {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
      for (number, plot) in plots.enumerated() {
        for format in Gnuplot.Format.allCases {
          try Gnuplot.draw(plot, as: format).write(
            to: URL(fileURLWithPath: "\(folder)/plot-\(number + 1).\(format.rawValue)"),
            options: .atomic)
        }
      }
    } catch let error as RunError { throw error } catch {
      throw CommandFailure(.machineFault, "\(folder): the plots cannot be written: \(error)")
    }
    return folder
  }
}

/// Where the text of a command goes.
enum Output {
  /// Writes to a file, whole or not at all, or to standard output.
  static func write(_ text: String, to path: String?) throws {
    guard let path else {
      print(text, terminator: text.hasSuffix("\n") ? "" : "\n")
      return
    }
    do { try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
      throw CommandFailure(.machineFault, "\(path): it cannot be written")
    }
  }
}
