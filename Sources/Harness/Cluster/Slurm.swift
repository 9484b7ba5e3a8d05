import Foundation

/// Slurm as its commands show it: `sbatch`, `squeue`, `sacct`, `scontrol`, `sinfo`.
public struct Slurm: Sendable {
  private let runner: CommandRunner

  /// Slurm behind these commands.
  public init(_ runner: CommandRunner = .system) { self.runner = runner }

  /// Throws ``RunError`` unless jobs can be submitted to `partition`, or to the default one.
  func check(partition: String?) throws(RunError) {
    let version = runner.run(["sbatch", "--version"])
    guard version.code == 0 else {
      throw .refused(
        "there is no sbatch on the PATH: run this on a machine from which Slurm jobs are "
          + "submitted, or without --executor slurm")
    }
    let known = try answer(["sinfo", "-h", "-o", "%R"]).split(separator: "\n").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    // A list of partitions lets Slurm pick the one that starts first.
    for name in partition?.split(separator: ",").map(String.init) ?? []
    where !known.contains(name) {
      let hint =
        NearestName.of(name, in: known).map { "did you mean '\($0)'?" }
        ?? "there are \(Set(known).sorted().joined(separator: ", "))"
      throw .refused("the cluster has no partition '\(name)'; \(hint)")
    }
  }

  /// Numbers of tasks are smaller than this.
  func arraySizeLimit() throws(RunError) -> Int {
    let line = try answer(["scontrol", "show", "config"]).split(separator: "\n").first {
      $0.hasPrefix("MaxArraySize")
    }
    let value = line?.split(separator: "=").last?.trimmingCharacters(in: .whitespaces)
    guard let value, let limit = Int(value) else { return Self.usualArraySizeLimit }
    guard limit > 1 else { throw .refused("this cluster allows no job arrays (MaxArraySize)") }
    return limit
  }

  /// Slurm's own default.
  static let usualArraySizeLimit = 1001

  /// Submits a script and gives the number of its job. Throws ``RunError``.
  func submit(_ script: String) throws(RunError) -> String {
    let outcome = runner.run(["sbatch", "--parsable"], input: script)
    guard outcome.code == 0 else {
      throw .refused("sbatch refuses the job: \(Self.complaint(outcome))")
    }
    // JOB, or JOB;CLUSTER.
    let lines = outcome.output.split(separator: "\n")
    let job = lines.last?.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces) ?? ""
    guard !job.isEmpty, job.allSatisfy(\.isNumber) else {
      throw .machine("sbatch names no job: '\(outcome.output)'")
    }
    return job
  }

  /// The user's tasks that wait or run and work in `folder`. Throws ``RunError``.
  func queue(in folder: String) throws(RunError) -> [QueuedTask] {
    let text = try answer([
      "squeue", "-h", "-r", "--me", "-o", QueuedTask.format,
    ])
    return text.split(separator: "\n").compactMap { QueuedTask(line: String($0)) }
      .filter { $0.folder == folder }
  }

  /// What became of the tasks of these jobs, as far as Slurm still knows.
  ///
  /// From the accounting, or where a cluster has none from the controller, which forgets soon.
  func ended(_ jobs: [String]) -> [EndedTask] {
    guard !jobs.isEmpty else { return [] }
    let accounting = runner.run([
      "sacct", "-n", "-P", "-j", jobs.joined(separator: ","), "-o", EndedTask.fields,
    ])
    if accounting.code == 0 { return EndedTask.accounted(accounting.output) }
    return jobs.flatMap { job in
      let answer = runner.run(["scontrol", "show", "job", "-o", job])
      return answer.code == 0 ? EndedTask.shown(answer.output) : []
    }
  }

  private func answer(_ command: [String]) throws(RunError) -> String {
    let outcome = runner.run(command)
    guard outcome.code == 0 else {
      throw outcome.code == 127
        ? .refused("there is no \(command[0]) on the PATH: is this a machine of the cluster?")
        : .machine("\(command[0]) fails: \(Self.complaint(outcome))")
    }
    return outcome.output
  }

  private static func complaint(_ outcome: CommandRunner.Outcome) -> String {
    let text = outcome.errors.isEmpty ? outcome.output : outcome.errors
    let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    return lines.isEmpty ? "exit code \(outcome.code)" : lines.joined(separator: "; ")
  }
}
