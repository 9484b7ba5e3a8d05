import ArgumentParser
import Foundation
import Harness
import Kernels

/// `pogo run SPEC`: runs an experiment and writes its result.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run an experiment and write its HDF5 result.",
    discussion: """
      Each finished point is kept beside the result until all are there, so a run that was stopped \
      or killed goes on with --resume and ends with the same exact digest. Exit code 1 if a point \
      failed, 130 if the run was stopped.
      """)

  @Argument(help: "The spec, a YAML file, or the folder of a run, RESULT.points.")
  var spec: String

  @OptionGroup var overrides: OverrideOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Use what is finished of the result that is there, and of runs that were stopped.")
  var resume = false

  @Flag(help: "Forget the result that is there and run every point again.")
  var force = false

  @Option(help: "Points that run side by side; they share the threads.")
  var jobs = 1

  @OptionGroup var cluster: ClusterOptions

  @Option(
    help: ArgumentHelp(
      "Run only point i of N and keep its result beside --out, for pogo gather.",
      valueName: "i/N"))
  var point: String?

  @Flag(help: "With --point: run it a second time, to compare the digests.")
  var verify = false

  @Flag(
    inversion: .prefixedNo, help: "Go on with the other points when one fails.")
  var keepGoing = true

  @Flag(help: "Stop at the first point that fails; the same as --no-keep-going.")
  var failFast = false

  @OptionGroup var progress: ProgressOptions
  @OptionGroup var options: ArithmeticOptions

  func run() throws {
    try CommandFailure.sorting {
      let source = try SweepSource(spec, overrides: overrides, output: output)
      try refuseContradictions()
      guard cluster.executor == .local else { return try submit(source) }
      try CoreType.settle(for: source.experiment)
      try runHere(source)
    }
  }

  private func refuseContradictions() throws {
    guard (1...1024).contains(jobs) else {
      throw CommandFailure(.badInput, "--jobs must be in 1...1024, but is \(jobs)")
    }
    guard !(resume && force) else {
      throw CommandFailure(.badInput, "--resume keeps what --force forgets; give one of them")
    }
    guard !verify || point != nil else {
      throw CommandFailure(
        .badInput, "--verify needs --point; --verify-fraction verifies a share of the points")
    }
    try cluster.refuseContradictions(point: point, jobs: jobs)
  }

  private func runHere(_ source: SweepSource) throws {
    let (experiment, out) = (source.experiment, source.out)
    let only = try point.map { try PointNumber($0, of: experiment) }
    let reuses = resume || source.isFolder
    // Before hours of work, not after them.
    try OutputPath.check(
      out, mayReplace: reuses || force || only != nil, hint: "--resume uses its finished points")
    if !reuses, !force, only == nil, OutputPath.hasUnfinishedRun(out) {
      throw CommandFailure(
        .badInput,
        "\(out).points: a run was stopped there; --resume goes on with it, --force starts again")
    }
    let cancellation = Cancellation()
    let signals = Signals.watch(cancellation)
    defer { for signal in signals { signal.cancel() } }
    let line = try progress.events(pointCount: experiment.points.count)
    let origin = TaskOrigin(environment: ProcessInfo.processInfo.environment)
    var runOptions = try options.runOptions()
    runOptions.jobs = jobs
    runOptions.keepsGoing = keepGoing && !failFast
    runOptions.reusing = reuses && !force || only != nil
    runOptions.only = only?.index
    runOptions.isVerification = verify
    runOptions.waits = only != nil && origin.isScheduled
    runOptions.node = origin.node
    runOptions.commandLine = Invocation.text
    var recorder: TaskRecorder?
    if let only, !verify {
      recorder = TaskRecorder(
        experiment, index: only.index, out: out, origin: origin,
        instructionSet: runOptions.instructionSet.rawValue, passingTo: line)
    }
    let outcome: SweepRun.Outcome
    do {
      outcome = try SweepRun(
        experiment, out: out, options: runOptions, events: recorder ?? line,
        cancellation: cancellation
      ).run()
    } catch is Cancelled {
      line.finish()
      recorder?.stopped()
      let kept = OutputPath.hasUnfinishedRun(out)
      throw CommandFailure(
        .interrupted,
        kept
          ? "interrupted; what is finished is in \(out).points, and --resume goes on"
          : "interrupted; nothing was written")
    }
    line.finish()
    if let result = outcome.result {
      print("exact digest: \(result.exactDigest.hex)")
      print("result: \(out)")
    } else if outcome.failures.isEmpty, let only {
      print("point \(only.index + 1)/\(experiment.points.count): \(out).points")
    }
    guard outcome.failures.isEmpty else {
      throw CommandFailure(.checkFailed, summary(outcome, of: source))
    }
  }

  /// Hands the points that are missing to Slurm, or shows how.
  private func submit(_ source: SweepSource) throws {
    let (experiment, out) = (source.experiment, source.out)
    let slurmOptions = try cluster.slurmOptions(over: source.state?.options)
    let executor = SlurmExecutor(experiment, out: out, program: try ProgramPath.current)
    let reuses = !force
    try OutputPath.check(
      out, mayReplace: resume || force || source.isFolder,
      hint: "--resume uses its finished points", isProbed: !cluster.dryRun)
    if cluster.dryRun {
      let scripts = try executor.scripts(slurmOptions, reusing: reuses)
      print(scripts.isEmpty ? "# every point is finished" : scripts.joined(separator: "\n"))
      return
    }
    let done = try executor.submit(
      slurmOptions, reusing: reuses, mayReplace: resume || force || source.isFolder,
      verifying: cluster.verifyFraction)
    let folder = "\(out).points"
    print(
      "\(experiment.points.count) points: \(done.finished) finished, \(done.queued) wait or run "
        + "already, \(done.submitted) submitted"
        + (done.jobs.isEmpty ? "" : " as job \(done.jobs.joined(separator: ", "))"))
    if let job = done.gatherJob { print("job \(job) gathers them: \(out)") }
    if done.submitted + done.queued > 0 { print("next: pogo status \(folder)") }
  }

  /// The points that failed, and how to run each alone.
  private func summary(_ outcome: SweepRun.Outcome, of source: SweepSource) -> String {
    let experiment = source.experiment
    let lines = outcome.failures.map { failure in
      let place = "\(failure.index + 1)/\(experiment.points.count)"
      return "  point \(place) \(failure.label): \(failure.error)\n"
        + "    alone: \(command(place))"
    }
    return "\(outcome.failures.count) of \(experiment.points.count) points failed\n"
      + lines.joined(separator: "\n")
  }

  private func command(_ place: String) -> String {
    let sets = overrides.set.map { " --set '\($0)'" }.joined()
    let out = output.out.map { " --out \($0)" } ?? ""
    return "pogo run \(spec)\(sets)\(out) --point \(place)"
  }
}

/// `--point i/N`.
struct PointNumber {
  let index: Int

  init(_ text: String, of experiment: Experiment) throws {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    let count = experiment.points.count
    guard parts.count == 2, let number = parts[0], let total = parts[1] else {
      throw CommandFailure(.badInput, "--point must be i/N, such as 1/\(count), but is '\(text)'")
    }
    guard total == count else {
      throw CommandFailure(
        .badInput, "--point \(text): the spec has \(count) points, not \(total)")
    }
    guard (1...count).contains(number) else {
      throw CommandFailure(.badInput, "--point \(text): there are points 1...\(count)")
    }
    index = number - 1
  }
}
