import Foundation
import Harness
import Synchronization
import Testing

/// A cluster that answers from a script and keeps what was submitted.
final class FakeCluster: Sendable {
  struct Contents {
    var scripts: [String] = []
    var queue = ""
    var accounting: String?
    var jobs = ""
    var refusesJobs = false
  }

  let contents = Mutex(Contents())

  var slurm: Slurm {
    Slurm(
      CommandRunner { command, input in
        self.contents.withLock { contents in
          switch command[0] {
          case "sbatch" where command.contains("--version"):
            return .init(code: 0, output: "slurm-wlm 22.05.8\n")
          case "sbatch":
            guard !contents.refusesJobs else {
              return .init(code: 1, errors: "sbatch: error: Batch job submission failed\n")
            }
            contents.scripts.append(input)
            return .init(code: 0, output: "\(100 + contents.scripts.count);cluster\n")
          case "sinfo": return .init(code: 0, output: "main\nurgent\n")
          case "scontrol" where command.contains("config"):
            return .init(code: 0, output: "MaxArraySize            = 4\n")
          case "scontrol": return .init(code: 0, output: contents.jobs)
          case "squeue": return .init(code: 0, output: contents.queue)
          case "sacct":
            return contents.accounting.map { .init(code: 0, output: $0) }
              ?? .init(code: 1, errors: "Slurm accounting storage is disabled\n")
          default: return .init(code: 127)
          }
        }
      })
  }

  var scripts: [String] { contents.withLock { $0.scripts } }
}

/// A sweep of six points in a folder of its own.
struct SlurmSweep {
  let folder: URL
  let experiment: Experiment
  var out: String { folder.appendingPathComponent("r.h5").path }
  var points: String { out + ".points" }

  init() throws {
    folder = try TinyExperiment.folder()
    experiment = try Experiment(
      readingSpecAt: TinyExperiment.write(
        to: folder, spec: TinyExperiment.spec + "\nsweep: {seed: [1, 2, 3, 4, 5, 6]}\n"))
  }

  func run(_ number: Int, node: String = "", isVerification: Bool = false) throws {
    var options = SweepRun.Options()
    options.only = number - 1
    options.node = node
    options.isVerification = isVerification
    _ = try SweepRun(
      experiment, out: out, options: options, events: SilentEvents(),
      cancellation: Cancellation()
    ).run()
  }

  func executor(_ cluster: FakeCluster) -> SlurmExecutor {
    SlurmExecutor(experiment, out: out, program: "/opt/pogo", slurm: cluster.slurm)
  }

  @discardableResult
  func submit(
    _ cluster: FakeCluster, _ options: SlurmOptions = SlurmOptions(), verifying: Double? = nil,
    reusing: Bool = true
  ) throws -> SlurmExecutor.Submission {
    try executor(cluster).submit(
      options, reusing: reusing, mayReplace: false, verifying: verifying)
  }

  func gather(_ cluster: FakeCluster? = nil) throws -> Gathering.Outcome {
    var generator = SystemRandomNumberGenerator()
    return try Gathering(
      SweepRun(
        experiment, out: out, options: .init(), events: SilentEvents(),
        cancellation: Cancellation())
    ).gather(verifyingWith: cluster.map(executor), using: &generator)
  }

  func status(_ cluster: FakeCluster) throws -> SweepStatus {
    try SweepStatus(experiment, out: out, slurm: cluster.slurm)
  }
}

func inSweep(_ body: (SlurmSweep, FakeCluster) throws -> Void) throws {
  let sweep = try SlurmSweep()
  defer { try? FileManager.default.removeItem(at: sweep.folder) }
  try body(sweep, FakeCluster())
}

func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "nothing was thrown"
  } catch { return "\(error)" }
}

extension SlurmSweep {
  /// Draws all points for verification, as a gathering with `--verify-fraction 1` does.
  func gatherDraw() throws -> SweepState {
    var state = try SweepState.read(in: points)
    state.verification?.points = Array(1...6)
    try state.write(in: points)
    return state
  }
}
