import ArgumentParser
import Foundation
import Harness

extension Executor: ExpressibleByArgument {}

/// Options of `pogo run` for clusters.
struct ClusterOptions: ParsableArguments {
  @Option(help: "local, or slurm: each point is a task of a job array (docs/cluster.md).")
  var executor = Executor.local

  @Option(help: "Slurm: the partition.")
  var partition: String?

  @Option(help: "Slurm: time limit of a point, such as 2h, 30m or 1-12:00:00.")
  var time: String?

  @Option(help: "Slurm: cores of a point; by default 1.")
  var cpus: Int?

  @Option(help: "Slurm: memory of a point, such as 4GiB or 4G.")
  var mem: String?

  @Option(help: "Slurm: most points that run at the same time.")
  var arrayLimit: Int?

  @Option(
    // Its value begins with a dash.
    parsing: .unconditional,
    help: ArgumentHelp(
      "Slurm: more options of sbatch, such as --sbatch '--account=lab --qos=low'.",
      valueName: "options"))
  var sbatch: String?

  @Option(
    help: "Slurm: share of the points, 0...1, that other nodes run again to compare the digests.")
  var verifyFraction: Double?

  @Flag(help: "Slurm: show what would be submitted, and submit nothing.")
  var dryRun = false

  /// Names of the options that only Slurm has and that were given.
  private var given: [String] {
    [
      ("--partition", partition != nil), ("--time", time != nil), ("--cpus", cpus != nil),
      ("--mem", mem != nil), ("--array-limit", arrayLimit != nil), ("--sbatch", sbatch != nil),
      ("--verify-fraction", verifyFraction != nil), ("--dry-run", dryRun),
    ].filter(\.1).map(\.0)
  }

  /// Throws ``CommandFailure`` if options do not go together.
  func refuseContradictions(point: String?, jobs: Int) throws {
    guard executor == .slurm else {
      guard let first = given.first else { return }
      throw CommandFailure(.badInput, "\(first) needs --executor slurm")
    }
    guard point == nil else {
      throw CommandFailure(.badInput, "--point runs a point here; leave out --executor slurm")
    }
    guard jobs == 1 else {
      throw CommandFailure(
        .badInput, "--jobs is for --executor local; --array-limit bounds the tasks of Slurm")
    }
    if let verifyFraction {
      guard verifyFraction > 0, verifyFraction <= 1 else {
        throw CommandFailure(
          .badInput, "--verify-fraction must be above 0 and at most 1, but is \(verifyFraction)")
      }
    }
  }

  /// What Slurm is asked for, over what it was asked for before.
  func slurmOptions(over old: SlurmOptions?) throws -> SlurmOptions {
    try SlurmOptions(
      partition: partition, time: time, cpus: cpus, memory: mem, arrayLimit: arrayLimit,
      extra: sbatch, over: old)
  }
}

/// A sweep as commands name it: by its spec, or by the folder of its points.
struct SweepSource {
  let experiment: Experiment
  /// Where the result goes.
  let out: String
  /// What the folder says; nil if a spec was given and there is no folder yet.
  let state: SweepState?
  /// Whether the folder was given.
  let isFolder: Bool

  /// Throws if there is neither, or if options contradict the folder.
  init(_ path: String, overrides: OverrideOptions, output: OutputOptions) throws {
    var folder: ObjCBool = false
    isFolder =
      FileManager.default.fileExists(atPath: path, isDirectory: &folder) && folder.boolValue
    guard isFolder else {
      experiment = try Experiment(readingSpecAt: path, overrides: overrides.set)
      out = output.path(experiment)
      state = try? SweepState.read(in: "\(out).points")
      return
    }
    let found = try SweepState.read(in: path)
    guard overrides.set.isEmpty, output.out == nil else {
      throw CommandFailure(
        .badInput,
        "\(path): the folder of a run knows its spec and its result; --set and --out belong to a "
          + "spec")
    }
    let absolute = URL(fileURLWithPath: path).standardized.path
    guard absolute.hasSuffix(".points") else {
      throw CommandFailure(
        .badInput, "\(path): the name of a run's folder ends with .points; it was renamed")
    }
    out = String(absolute.dropLast(".points".count))
    state = found
    experiment = try found.experiment()
  }
}

/// Where this program lies.
enum ProgramPath {
  static var current: String {
    get throws {
      guard
        let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      else {
        throw CommandFailure(.machineFault, "/proc/self/exe cannot be read: where is pogo itself?")
      }
      return path
    }
  }
}
