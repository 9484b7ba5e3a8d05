import ArgumentParser
import Harness

/// `pogo validate SPEC`: reads a spec and its corpus and says whether it could be run.
struct Validate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a spec without running it.")

  @Argument(help: "The spec, a YAML file.")
  var spec: String

  @Flag(help: "Print the spec with every default written out.")
  var resolved = false

  @Option(help: "Override a value: key.path=value; several values make an axis of the sweep.")
  var set: [String] = []

  func run() throws {
    try CommandFailure.sorting {
      let experiment = try Experiment(readingSpecAt: spec, overrides: set)
      _ = try experiment.spec.body.estimate(experiment.inputs)
      print(resolved ? experiment.spec.canonicalText : "\(spec): valid")
    }
  }
}
