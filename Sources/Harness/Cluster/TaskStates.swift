import Foundation

/// Puts together what the folder of a run and the scheduler say about each point.
struct TaskStates {
  let state: SweepState
  let folder: String
  let queued: [QueuedTask]
  let ended: [EndedTask]

  /// The state of a point.
  ///
  /// - Parameter isAtWork: whether some process holds the folder.
  func row(_ entry: SweepPlan.Entry, count: Int, isAtWork: Bool) -> SweepStatus.Row {
    let number = entry.point.point.index + 1
    let record = TaskRecord.read(in: folder, point: number).flatMap {
      $0.digest == entry.point.key.digest.hex ? $0 : nil
    }
    var row = SweepStatus.Row(
      number: number, label: entry.point.point.label, state: .missing, task: record?.job ?? "",
      node: record?.node ?? "", instructionSet: record?.instructionSet ?? "",
      share: record?.share ?? 0, seconds: record?.seconds ?? .nan, note: "")
    if case .cached(let result) = entry.state {
      (row.state, row.share, row.seconds) = (.done, 1, result.seconds)
      if !result.node.isEmpty { row.node = result.node }
      row.instructionSet = Self.instructionSet(result.machine) ?? row.instructionSet
      if !result.verifiedOn.isEmpty { row.note = "verified on \(result.verifiedOn)" }
      return row
    }
    let jobs = submissions(of: number)
    if let task = queued.first(where: { task in
      jobs.contains { $0.job == task.job && $0.task == task.task }
    }) {
      row.task = "\(task.job)_\(task.task ?? 0)"
      row.state = task.isRunning ? .running : .waiting
      if task.isRunning { row.node = task.node }
      if !task.isRunning { row.note = task.reason }
      if record?.restarts ?? 0 > 0 { row.note += row.note.isEmpty ? "restarted" : ", restarted" }
      return row
    }
    if record?.state == .failed {
      (row.state, row.note) = (.failed, record?.error ?? "")
      return row
    }
    // The newest attempt tells why there is no result.
    for job in jobs.reversed() {
      guard let task = ended.last(where: { $0.job == job.job && $0.task == job.task }) else {
        continue
      }
      row.task = "\(job.job)_\(job.task)"
      row.state = .failed
      if row.node.isEmpty { row.node = task.node }
      row.note = explanation(task, record: record?.job == row.task ? record : nil)
      return row
    }
    if jobs.isEmpty {
      if let record, record.state == .running, isAtWork { row.state = .running }
      let wasBegun = entry.state.reason == "was interrupted"
      row.note =
        row.state == .running ? "" : wasBegun ? "was begun; goes on where it was" : "not run yet"
    } else {
      (row.state, row.note) = (.failed, "its task is gone, and Slurm does not know it any more")
    }
    return row
  }

  /// Jobs of the whole run that are not about one point.
  var jobNotes: [String] {
    guard let job = state.submissions.last(where: { $0.purpose == .gather }) else { return [] }
    var notes: [String] = []
    let second = queued.filter { task in
      state.submissions.contains { $0.purpose == .verification && $0.job == task.job }
    }
    if !second.isEmpty { notes.append("\(second.count) second runs wait or run") }
    if let task = queued.first(where: { $0.job == job.job }) {
      notes.append(
        task.isRunning
          ? "job \(job.job) gathers" : "job \(job.job) will gather when all have ended")
    } else if let line = lastLine("gather-\(job.job)") {
      notes.append("job \(job.job), which gathers, says: \(line)")
    } else {
      notes.append("no job will gather: run 'pogo gather' with this folder when all are done")
    }
    return notes
  }

  /// Why a task ended without a result, and what it wanted.
  func explanation(_ task: EndedTask, record: TaskRecord?) -> String {
    let log = "\(task.job)_\(task.task ?? 0)"
    let again = "run again with"
    let killed = memoryKill(log)
    if task.state == "OUT_OF_MEMORY" || killed != nil {
      let used = [killed?.wanted, task.peakBytes, record?.peakBytes].compactMap(\.self).max()
      let had = killed?.had ?? task.memoryBytes ?? state.options?.memoryBytes
      return "killed for memory: it wanted "
        + (used.map { "at least \(Numbers.bytes(Int64($0)))" } ?? "more")
        + (had.map { " and had \(Numbers.bytes(Int64($0)))" } ?? "") + "; \(again) a larger --mem"
    }
    switch task.state {
    case "TIMEOUT", "DEADLINE":
      let wanted = record?.wantedSeconds.map { ", so it wants about \(Numbers.seconds($0))" } ?? ""
      let done = record.map { " with \(Numbers.percent($0.share)) done\(wanted)" } ?? ""
      return "killed at its time limit \(task.timeLimit)\(done); \(again) a longer --time, and it "
        + "goes on where it was"
    case "NODE_FAIL", "BOOT_FAIL":
      return "its node \(task.node) failed; run again"
    case "CANCELLED": return "cancelled; run again"
    case "PREEMPTED": return "preempted; run again"
    default:
      guard let line = lastLine(log) else {
        return "\(task.state.lowercased()) (\(task.exitCode)) before it wrote anything: does node "
          + "\(task.node) see \(folder)? It must lie on a shared file system"
      }
      return "\(task.state.lowercased()) (\(task.exitCode)): \(line)"
    }
  }

  /// What the log of a task says about its memory.
  private func memoryKill(_ log: String) -> (wanted: Int?, had: Int?)? {
    guard let text = self.log(log) else { return nil }
    // Of the last start only: older ones may have ended otherwise.
    guard let line = text.split(separator: "\n").last(where: { $0.contains("memory limit (") })
    else {
      return text.contains("oom-kill") || text.contains("oom_kill") ? (nil, nil) : nil
    }
    let numbers = line.drop { $0 != "(" }.split { !$0.isNumber }.compactMap { Int($0) }
    return numbers.count >= 2 ? (numbers[0], numbers[1]) : (nil, nil)
  }

  private func log(_ name: String) -> String? {
    let path = "\(SlurmScript.logFolder(in: folder))/\(name).txt"
    return FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  private func lastLine(_ name: String) -> String? {
    log(name)?.split(separator: "\n").last { !$0.allSatisfy(\.isWhitespace) }.map(String.init)
  }

  /// Tasks that were submitted for a point, oldest first.
  private func submissions(of number: Int) -> [(job: String, task: Int)] {
    state.submissions.compactMap { submission in
      let task = number - submission.offset
      guard submission.purpose == .points,
        TaskList.numbers(submission.tasks)?.contains(task) == true
      else { return nil }
      return (submission.job, task)
    }
  }

  /// The instruction set in the line that says where a point was run.
  private static func instructionSet(_ machine: String) -> String? {
    let parts = machine.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    return parts.count >= 2 ? parts[parts.count - 2] : nil
  }
}
