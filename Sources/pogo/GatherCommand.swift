import ArgumentParser
import Foundation
import Harness

/// `pogo gather`: makes a result of points that were run one by one.
struct GatherCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gather",
    abstract: "Put points that were run one by one into one result.",
    discussion: """
      All points of the spec must be there; the result is that of one run. If a share of them is to \
      be verified (pogo run --verify-fraction), their second runs are submitted first. Exit code 1 \
      if a point failed, or if two nodes disagree.
      """)

  @Argument(help: "The spec, a YAML file, or the folder of the points, RESULT.points.")
  var spec: String

  @OptionGroup var overrides: OverrideOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Replace a result that is already there.")
  var force = false

  @Flag(help: "Submit no second runs: refuse if they are missing.")
  var noSubmit = false

  func run() throws {
    try CommandFailure.sorting {
      let source = try SweepSource(spec, overrides: overrides, output: output)
      let mayReplace = force || source.state?.mayReplace == true || source.state?.gathered != nil
      try OutputPath.check(source.out, mayReplace: mayReplace)
      var options = SweepRun.Options()
      options.commandLine = Invocation.text
      options.waits =
        TaskOrigin(environment: ProcessInfo.processInfo.environment).isScheduled
      let gathering = Gathering(
        SweepRun(
          source.experiment, out: source.out, options: options, events: SilentEvents(),
          cancellation: Cancellation()))
      let executor = SlurmExecutor(
        source.experiment, out: source.out, program: try ProgramPath.current)
      var generator = SystemRandomNumberGenerator()
      switch try gathering.gather(
        verifyingWith: noSubmit ? nil : executor, using: &generator)
      {
      case .already(let digest): show(digest, source)
      case .verifying(let jobs, let points):
        print(
          "second runs of \(points.count) points are submitted as job "
            + "\(jobs.dropLast().joined(separator: ", ")); job \(jobs.last ?? "") gathers")
      case .written(let result, let failures):
        show(result.exactDigest.hex, source)
        guard failures.isEmpty else {
          let lines = failures.map { "  point \($0.index + 1) \($0.label): \($0.error)" }
          throw CommandFailure(
            .checkFailed,
            "\(failures.count) of \(result.pointCount) points failed\n"
              + lines.joined(separator: "\n"))
        }
      }
    }
  }

  private func show(_ digest: String, _ source: SweepSource) {
    print("exact digest: \(digest)")
    print("result: \(source.out)")
  }
}
