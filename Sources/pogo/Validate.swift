import ArgumentParser
import Harness
import Kernels

/// `pogo validate SPEC`: reads a spec and its corpus and says whether it could be run.
struct Validate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a spec without running it.")

  @Argument(help: "The spec, a YAML file.")
  var spec: String

  @Flag(help: "Print the spec with every default written out.")
  var resolved = false

  func run() throws {
    try CommandFailure.sorting {
      let experiment = try Experiment(readingSpecAt: spec)
      _ = try Plan(
        spec: experiment.spec, corpus: experiment.corpus, workers: Workers(threads: 1))
      print(resolved ? experiment.spec.canonicalText : "\(spec): valid")
    }
  }
}
