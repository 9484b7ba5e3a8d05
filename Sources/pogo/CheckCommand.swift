import ArgumentParser
import Foundation
import Harness

/// `pogo check SPEC --baseline PATH`: runs experiments and compares them with stored results.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Run experiments and compare them with a baseline.",
    discussion: """
      Exact variables must be equal; measured ones may be slower within the limits of the spec \
      (check), and are only compared on the same kind of machine. Exit code 1 if anything drifted, \
      is missing, or nothing was compared. A spec with several documents is several experiments, \
      and --baseline then a folder of NAME.h5.
      """)

  @Argument(help: "The spec, a YAML file.")
  var spec: String

  @OptionGroup var overrides: OverrideOptions

  @Option(help: "The baseline, or a folder with NAME.h5 for each experiment.")
  var baseline: String

  @Option(help: "Write JUnit XML to this file.")
  var junit: String?

  @Option(help: "Keep the results in this folder.")
  var keep: String?

  @Flag(help: "Print every rule with both values and the limit that decided.")
  var explain = false

  @OptionGroup var progress: ProgressOptions
  @OptionGroup var options: ArithmeticOptions

  func run() throws {
    try CommandFailure.sorting {
      var checks: [(name: String, check: BaselineCheck)] = []
      let experiments = try SpecSuite.experiments(at: spec, overrides: overrides.set)
      for experiment in experiments { try CoreType.settle(for: experiment) }
      for experiment in experiments {
        let name = experiment.header.name
        let path = Self.baselinePath(baseline, name)
        guard FileManager.default.fileExists(atPath: path) else {
          checks.append(
            (
              name,
              BaselineCheck(
                missing: "\(path): there is no baseline; pogo baseline writes one")
            ))
          continue
        }
        let stored = try ResultFile.read(path)
        let result = try SuiteRun.run(
          experiment, keep: keep, options: options, progress: progress)
        checks.append(
          (name, BaselineCheck(result, baseline: stored, limits: experiment.file.limits)))
      }
      let output = CheckOutput(checks)
      // Everything is written before the exit code is decided.
      print(output.text(explaining: explain))
      if let junit { try Output.write(output.junit, to: junit) }
      if ProcessInfo.processInfo.environment["GITHUB_ACTIONS"] == "true" {
        for line in output.annotations(path: spec) { print(line) }
      }
      guard output.passed else {
        throw CommandFailure(.checkFailed, "\(spec) is not what the baseline says")
      }
    }
  }

  static func baselinePath(_ baseline: String, _ name: String) -> String {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: baseline, isDirectory: &isFolder)
    return exists && isFolder.boolValue || baseline.hasSuffix("/")
      ? (baseline as NSString).appendingPathComponent("\(name).h5") : baseline
  }
}

/// `pogo baseline SPEC`: runs experiments and stores what later checks compare with.
struct BaselineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "baseline",
    abstract: "Run experiments and write baselines for pogo check.",
    discussion: "A baseline is a result without the bytes of the chain, for which digests stand.")

  @Argument(help: "The spec, a YAML file.")
  var spec: String

  @OptionGroup var overrides: OverrideOptions

  @Option(help: "The baseline, or a folder for NAME.h5 of each experiment.")
  var out: String

  @OptionGroup var progress: ProgressOptions
  @OptionGroup var options: ArithmeticOptions

  func run() throws {
    try CommandFailure.sorting {
      let experiments = try SpecSuite.experiments(at: spec, overrides: overrides.set)
      for experiment in experiments { try CoreType.settle(for: experiment) }
      for experiment in experiments {
        let result = try SuiteRun.run(
          experiment, keep: nil, options: options, progress: progress)
        let path = CheckCommand.baselinePath(out, experiment.header.name)
        try result.baseline.write(to: path, replacing: true)
        print("baseline: \(path)")
      }
    }
  }
}

/// Runs one of the experiments of a suite.
enum SuiteRun {
  /// The result; it stays in the folder `keep`, if there is one. Throws if a point failed.
  static func run(
    _ experiment: Experiment, keep: String?, options: ArithmeticOptions,
    progress: ProgressOptions
  ) throws -> ResultFile {
    let manager = FileManager.default
    let folder =
      keep ?? manager.temporaryDirectory.appendingPathComponent("pogo-\(UUID().uuidString)").path
    do { try manager.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
      throw CommandFailure(.machineFault, "\(folder): it cannot be made")
    }
    defer { if keep == nil { try? manager.removeItem(atPath: folder) } }
    let cancellation = Cancellation()
    let signals = Signals.watch(cancellation)
    defer { for signal in signals { signal.cancel() } }
    let events = try progress.events(pointCount: experiment.points.count)
    var runOptions = try options.runOptions()
    runOptions.reusing = false
    runOptions.commandLine = Invocation.text
    let outcome = try SweepRun(
      experiment, out: "\(folder)/\(experiment.header.name).h5", options: runOptions,
      events: events, cancellation: cancellation
    ).run()
    events.finish()
    guard let result = outcome.result else { throw Cancelled() }
    return result
  }
}
