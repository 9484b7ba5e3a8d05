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

  @OptionGroup var overrides: OverrideOptions

  func run() throws {
    try CommandFailure.sorting {
      let experiment = try Experiment(readingSpecAt: spec, overrides: overrides.set)
      _ = try SweepPlan(experiment, out: "", reusing: false)
      if resolved {
        // Points as documents of one YAML stream.
        print(
          experiment.points.map(\.spec.canonicalText).joined(separator: "---\n"), terminator: "")
      } else {
        let count = experiment.points.count
        print("\(spec): valid\(count > 1 ? ", \(count) points" : "")")
      }
    }
  }
}
