import Foundation

/// A task that waits or runs, as squeue shows it.
package struct QueuedTask: Equatable {
  /// Number of the array's job, or of the job.
  package var job: String
  /// Number in the array; nil for a job without one.
  package var task: Int?
  /// Slurm's word: PENDING, RUNNING, COMPLETING, …
  package var state: String
  /// Where it runs; empty while it waits.
  package var node: String
  /// Time that it has run.
  package var elapsed: String
  /// Why it waits.
  package var reason: String
  /// Folder that it works in.
  package var folder: String

  static let format = "%F|%K|%T|%N|%M|%r|%Z"

  /// Reads a line; nil if it is none.
  package init?(line: String) {
    let fields = line.split(separator: "|", maxSplits: 6, omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
    guard fields.count == 7, !fields[0].isEmpty, fields[0].allSatisfy(\.isNumber) else {
      return nil
    }
    (job, task, state) = (fields[0], Int(fields[1]), fields[2])
    (node, elapsed, reason, folder) = (fields[3], fields[4], fields[5], fields[6])
  }

  /// Whether it computes, or has computed and is being put away.
  package var isRunning: Bool {
    ["RUNNING", "COMPLETING", "STAGE_OUT", "SIGNALING"].contains(state)
  }
}

/// A task that is over, as sacct or scontrol shows it.
package struct EndedTask: Equatable {
  /// Number of the array's job, or of the job.
  package var job: String
  /// Number in the array; nil for a job without one.
  package var task: Int?
  /// Slurm's word: COMPLETED, FAILED, TIMEOUT, OUT_OF_MEMORY, NODE_FAIL, CANCELLED, PREEMPTED, …
  package var state: String
  /// Exit code and signal, as in `0:9`.
  package var exitCode: String
  /// Where it ran.
  package var node: String
  /// Its time limit.
  package var timeLimit: String
  /// Memory that it had, in bytes; nil if unknown.
  package var memoryBytes: Int?
  /// Most memory that was seen, in bytes; nil if unknown.
  package var peakBytes: Int?

  /// A task that is over.
  package init(
    job: String, task: Int?, state: String, exitCode: String, node: String, timeLimit: String,
    memoryBytes: Int?, peakBytes: Int?
  ) {
    (self.job, self.task, self.state, self.exitCode) = (job, task, state, exitCode)
    (self.node, self.timeLimit) = (node, timeLimit)
    (self.memoryBytes, self.peakBytes) = (memoryBytes, peakBytes)
  }

  static let fields = "JobID,State,ExitCode,NodeList,Timelimit,ReqMem,MaxRSS"

  /// Reads the lines of sacct. Steps (`12_3.batch`) only tell the memory of their task.
  package static func accounted(_ text: String) -> [EndedTask] {
    var tasks: [EndedTask] = []
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
      guard fields.count >= 7 else { continue }
      let parts = fields[0].split(separator: ".", maxSplits: 1).map(String.init)
      guard let name = parts.first, let (job, task) = identity(name) else { continue }
      let peak = memory(fields[6])
      if parts.count > 1 {
        guard let index = tasks.lastIndex(where: { $0.job == job && $0.task == task }) else {
          continue
        }
        tasks[index].peakBytes = [tasks[index].peakBytes, peak].compactMap(\.self).max()
        continue
      }
      tasks.append(
        EndedTask(
          job: job, task: task, state: word(fields[1]), exitCode: fields[2], node: fields[3],
          timeLimit: fields[4], memoryBytes: memory(fields[5]), peakBytes: peak))
    }
    return tasks
  }

  /// Reads the lines of `scontrol show job -o`: `Name=value` pairs, a job a line.
  package static func shown(_ text: String) -> [EndedTask] {
    text.split(separator: "\n").compactMap { line in
      var values: [Substring: Substring] = [:]
      for pair in line.split(separator: " ") {
        let parts = pair.split(separator: "=", maxSplits: 1)
        // The first of a name counts: later ones belong to paths and comments.
        if parts.count == 2, values[parts[0]] == nil { values[parts[0]] = parts[1] }
      }
      guard let job = values["ArrayJobId"] ?? values["JobId"], let state = values["JobState"] else {
        return nil
      }
      let node = values["NodeList"].map(String.init) ?? ""
      return EndedTask(
        job: String(job), task: values["ArrayTaskId"].flatMap { Int($0) }, state: String(state),
        exitCode: values["ExitCode"].map(String.init) ?? "", node: node == "(null)" ? "" : node,
        timeLimit: values["TimeLimit"].map(String.init) ?? "",
        memoryBytes: (values["MinMemoryNode"] ?? values["MinMemoryCPU"]).flatMap {
          memory(String($0))
        }, peakBytes: nil)
    }
  }

  /// Job and task of `12_3`, or job of `12`; nil for `12_[4-7]`, which waits.
  private static func identity(_ text: String) -> (String, Int?)? {
    let parts = text.split(separator: "_", maxSplits: 1).map(String.init)
    guard let job = parts.first, job.allSatisfy(\.isNumber) else { return nil }
    guard parts.count > 1 else { return (job, nil) }
    return Int(parts[1]).map { (job, $0) }
  }

  /// The state without what may follow, as in `CANCELLED by 1000`.
  private static func word(_ text: String) -> String {
    String(text.prefix { $0 != " " && $0 != "+" })
  }

  /// Bytes of `435872K`, `100M`, `1.5G` or `100Mn`.
  static func memory(_ text: String) -> Int? {
    let number = text.prefix { $0.isNumber || $0 == "." }
    guard let value = Double(number), value > 0 else { return nil }
    let factor =
      switch text.dropFirst(number.count).first {
      case "K": 1024.0
      case "G": 1_073_741_824.0
      case "T": 1_099_511_627_776.0
      case "M": 1_048_576.0
      default: 1.0
      }
    return Int(value * factor)
  }
}
