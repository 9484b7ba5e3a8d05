import ArgumentParser
import Foundation
import Harness

/// `pogo list`: what there is.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Show what there is.",
    subcommands: [
      ListPresets.self, ListFormats.self, ListKinds.self, ListExperiments.self, ListResults.self,
    ])
}

/// `pogo list presets`: the shapes that have a name.
struct ListPresets: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "presets", abstract: "Show the shapes that a spec can name.")

  func run() { print(ModelSummary.presetTable) }
}

/// `pogo list results`: the results of a folder.
struct ListResults: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "results", abstract: "Show the results in a folder.")

  @Argument(help: "The folder.")
  var folder = "Results"

  func run() throws {
    try CommandFailure.sorting { print(try Listing.results(in: folder).text) }
  }
}

/// `pogo list experiments`: the specs of a folder.
struct ListExperiments: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "experiments", abstract: "Show the specs in a folder.")

  @Argument(help: "The folder.")
  var folder = "Experiments"

  func run() throws {
    try CommandFailure.sorting { print(try Listing.experiments(in: folder).text) }
  }
}

/// `pogo list kinds`: the kinds of experiments.
struct ListKinds: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kinds", abstract: "Show the kinds of experiments.")

  func run() throws {
    print(
      ReportTable(
        [.text("kind"), .text("in experiments of this kind")],
        rows: KindRegistry.all.kinds.map { [$0.name, $0.summary] }
      ).text)
  }
}

/// `pogo new KIND`: a commented spec to start from.
struct NewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Write a small commented spec to start from.",
    discussion: "Paths of data are those of the folder Experiments/.")

  @Argument(help: "The kind of experiment: see pogo list kinds.")
  var kind: String

  @Option(help: "Write to this file instead of standard output.")
  var out: String?

  func run() throws {
    try CommandFailure.sorting {
      let registry = KindRegistry.all
      guard let found = registry[kind] else {
        let hint =
          NearestName.of(kind, in: registry.names).map { "did you mean '\($0)'?" }
          ?? "there are \(registry.names.joined(separator: ", "))"
        throw CommandFailure(.badInput, "there is no kind '\(kind)'; \(hint)")
      }
      if let out, FileManager.default.fileExists(atPath: out) {
        throw CommandFailure(.badInput, "\(out): there is a file already; --out names another")
      }
      try Output.write(found.template, to: out)
      if let out { print("next: pogo plan \(out)") }
    }
  }
}
