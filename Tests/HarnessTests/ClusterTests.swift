import Foundation
import Harness
import Synchronization
import Testing

/// A cluster that answers from a script and keeps what was submitted.
private final class FakeCluster: Sendable {
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
private struct Sweep {
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

private func inSweep(_ body: (Sweep, FakeCluster) throws -> Void) throws {
  let sweep = try Sweep()
  defer { try? FileManager.default.removeItem(at: sweep.folder) }
  try body(sweep, FakeCluster())
}

private func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "nothing was thrown"
  } catch { return "\(error)" }
}

@Suite struct SlurmScriptTests {
  private func script(_ options: SlurmOptions) throws -> SlurmScript {
    try SlurmScript(
      name: "levels", folder: "/home/ada/r.h5.points", program: "/home/ada/pogo", pointCount: 12,
      options: options)
  }

  @Test func everyOptionStandsInTheScript() throws {
    let options = try SlurmOptions(
      partition: "main", time: "90m", cpus: 4, memory: "2GiB", arrayLimit: 3,
      extra: "--account=lab --qos=low")
    let text = try script(options).array(tasks: "1-4,7", offset: 0)
    #expect(
      text.split(separator: "\n").filter { $0.hasPrefix("#SBATCH") }.joined(separator: "\n") == """
        #SBATCH --job-name=pogo-levels
        #SBATCH --chdir="/home/ada/r.h5.points"
        #SBATCH --output="/home/ada/r.h5.points/log/%A_%a.txt"
        #SBATCH --open-mode=append
        #SBATCH --requeue
        #SBATCH --ntasks=1
        #SBATCH --array=1-4,7%3
        #SBATCH --cpus-per-task=4
        #SBATCH --partition=main
        #SBATCH --time=01:30:00
        #SBATCH --mem=2048M
        #SBATCH --account=lab --qos=low
        """)
    #expect(text.hasPrefix("#!/bin/bash\n"))
    #expect(
      text.hasSuffix(
        "exec \"$pogo\" run \"$folder\" --point \"$SLURM_ARRAY_TASK_ID/12\" --threads 4 --no-pin "
          + "--quiet\n"))
    let shifted = try script(options).array(tasks: "0-3", offset: 1000, excluded: "n1")
    #expect(shifted.contains("$((SLURM_ARRAY_TASK_ID + 1000))/12"))
    #expect(shifted.contains("#SBATCH --exclude=n1\n"))
    #expect(shifted.contains(" --verify\n"))
    let gather = try script(options).gather(after: ["7", "8"], maySubmit: false)
    #expect(gather.contains("#SBATCH --dependency=afterany:7:8\n"))
    #expect(gather.hasSuffix("exec \"$pogo\" gather \"$folder\" --no-submit\n"))
  }

  @Test func bashReadsIt() throws {
    let text = try script(SlurmOptions()).array(tasks: "1", offset: 5)
    let outcome = CommandRunner.system.run(["bash", "-n"], input: text)
    #expect(outcome.code == 0, "said: \(outcome.errors)")
    // On a node that does not see the folder it says so, with a code of its own.
    let run = CommandRunner.system.run(["env", "SLURMD_NODENAME=n7", "bash", "-s"], input: text)
    #expect(run.code == 3)
    #expect(run.errors.contains("is not there on node n7"))
  }

  @Test(arguments: [
    ("2h", "02:00:00"), ("30m", "00:30:00"), ("1500ms", "00:00:02"), ("100h", "100:00:00"),
    ("90", "90"), ("5:00", "5:00"), ("1-12", "1-12"), ("1-12:30:00", "1-12:30:00"),
  ]) func timesThatSlurmTakes(text: String, expected: String) throws {
    #expect(try SlurmOptions(time: text).time == expected)
  }

  @Test(arguments: [
    ("4GiB", 4 << 30), ("4G", 4 << 30), ("500M", 500 << 20), ("500", 500 << 20),
    ("2048K", 2 << 20), ("1025KiB", 2 << 20),
  ]) func sizesOfMemory(text: String, expected: Int) throws {
    #expect(try SlurmOptions(memory: text).memoryBytes == expected)
  }

  @Test func refusals() {
    for text in ["", "0", "0:0", "2 h", "h", "1:2:3:4", "-5", "1-", "a-b", "1--2", "99999999"] {
      #expect(message { _ = try SlurmOptions(time: text) }.hasPrefix("--time must be"), "\(text)")
    }
    for text in ["", "0", "-1", "4 G", "G", "4X", "1B", "1.5G", "99999999999999999T"] {
      #expect(message { _ = try SlurmOptions(memory: text) }.hasPrefix("--mem must be"), "\(text)")
    }
    for text in ["", "a b", "a\nb", "x;rm", "$(x)"] {
      #expect(
        message { _ = try SlurmOptions(partition: text) }.hasPrefix("--partition must be"),
        "\(text)")
    }
    for text in ["", "account=x", "--a\n--b"] {
      #expect(
        message { _ = try SlurmOptions(extra: text) }.hasPrefix("--sbatch must be"), "\(text)")
    }
    for text in ["--array=1-3", "-a 1-3", "-a1-3", "--qos=x --output=y", "-Jname", "--wrap=ls"] {
      #expect(message { _ = try SlurmOptions(extra: text) }.contains("is set by pogo"), "\(text)")
    }
    #expect(message { _ = try SlurmOptions(cpus: 0) }.hasPrefix("--cpus must be in 1...1024"))
    #expect(message { _ = try SlurmOptions(arrayLimit: 0) }.hasPrefix("--array-limit must be"))
    for path in ["/a%b", "/a'b", "/a\"b", "/a\\b", "/a\nb"] {
      #expect(
        message {
          _ = try SlurmScript(
            name: "x", folder: path, program: "/p", pointCount: 1, options: SlurmOptions())
        }.contains("Slurm cannot be given a path"))
    }
  }

  @Test func setsOfNumbers() {
    for (numbers, text) in [([1, 2, 3], "1-3"), ([1, 3, 4, 9], "1,3-4,9"), ([7], "7"), ([], "")] {
      #expect(TaskList.text(numbers) == text)
      #expect(TaskList.numbers(text) == numbers)
    }
    #expect(TaskList.numbers("1-3,7%2") == [1, 2, 3, 7])
    for text in ["a", "3-1", "1-2-3", "-", "1,x", "0-99999999999"] {
      #expect(TaskList.numbers(text) == nil)
    }
    let arrays = SlurmExecutor.arrays([1, 2, 3, 4, 5, 9], limit: 4)
    #expect(arrays.map(\.tasks) == ["1-3", "0-1", "1"])
    #expect(arrays.map(\.offset) == [0, 4, 8])
  }
}

@Suite struct SlurmParsingTests {
  @Test func queue() {
    let task = QueuedTask(line: "12|3|RUNNING|n1|0:01|None|/home/ada/r.h5.points")
    #expect(task?.job == "12" && task?.task == 3 && task?.isRunning == true)
    #expect(task?.folder == "/home/ada/r.h5.points")
    let job = QueuedTask(line: "13|N/A|PENDING||0:00|Dependency|/x|y")
    #expect(job?.task == nil && job?.isRunning == false && job?.folder == "/x|y")
    for line in ["", "no jobs", "a|b|c|d|e|f|g", "12|3|RUNNING"] {
      #expect(QueuedTask(line: line) == nil)
    }
  }

  @Test func accounting() {
    let tasks = EndedTask.accounted(
      """
      12_1|COMPLETED|0:0|n1|00:10:00|100M|
      12_1.batch|COMPLETED|0:0|n1|||51200K
      12_2|TIMEOUT|0:0|n2|00:10:00|100Mn|
      12_2.batch|CANCELLED|0:15|n2|||1.5G
      12_3|CANCELLED by 1000|0:0|None assigned|00:10:00|2Gc|
      12_[4-9%2]|PENDING|0:0|None assigned|00:10:00|100M|
      13|OUT_OF_MEMORY|0:125|n1|UNLIMITED|100M|
      nonsense
      """)
    #expect(tasks.map(\.job) == ["12", "12", "12", "13"])
    #expect(tasks.map(\.task) == [1, 2, 3, nil])
    #expect(tasks.map(\.state) == ["COMPLETED", "TIMEOUT", "CANCELLED", "OUT_OF_MEMORY"])
    #expect(tasks.map(\.peakBytes) == [50 << 20, 3 << 29, nil, nil])
    #expect(tasks.map(\.memoryBytes) == [100 << 20, 100 << 20, 2 << 30, 100 << 20])
  }

  /// As scontrol of Slurm 22.05 prints it.
  @Test func controller() {
    let tasks = EndedTask.shown(
      """
      JobId=4 ArrayJobId=1 ArrayTaskId=3 ArrayTaskThrottle=2 JobName=pogo-x UserId=root(0) \
      JobState=FAILED Reason=JobLaunchFailure Dependency=(null) Requeue=1 Restarts=0 ExitCode=0:9 \
      RunTime=00:00:01 TimeLimit=00:01:00 NodeList=n1 MinMemoryNode=100M Command=(null) \
      JobState=lies
      JobId=9 JobName=pogo-x-gather JobState=PENDING ExitCode=0:0 TimeLimit=UNLIMITED NodeList=(null)
      nothing
      """)
    #expect(tasks.count == 2)
    #expect(
      tasks.first
        == EndedTask(
          job: "1", task: 3, state: "FAILED", exitCode: "0:9", node: "n1", timeLimit: "00:01:00",
          memoryBytes: 100 << 20, peakBytes: nil))
    #expect(tasks.last?.job == "9" && tasks.last?.task == nil && tasks.last?.node == "")
  }

  @Test func originOfATask() {
    let origin = TaskOrigin(environment: [
      "SLURM_JOB_ID": "14", "SLURM_ARRAY_JOB_ID": "12", "SLURM_ARRAY_TASK_ID": "3",
      "SLURMD_NODENAME": "n2", "SLURM_RESTART_COUNT": "1",
    ])
    #expect(origin.job == "12_3" && origin.node == "n2" && origin.restarts == 1)
    #expect(TaskOrigin(environment: ["SLURM_JOB_ID": "14"]).job == "14")
    #expect(!TaskOrigin(environment: [:]).isScheduled)
  }
}

@Suite struct SlurmExecutorTests {
  @Test func onlyWhatIsMissingIsSubmitted() throws {
    try inSweep { sweep, cluster in
      try sweep.run(2)
      let first = try sweep.submit(cluster)
      // Tasks are numbered below 4 here.
      #expect(first.jobs == ["101", "102"] && first.gatherJob == "103")
      #expect(first.submitted == 5 && first.finished == 1)
      #expect(cluster.scripts[0].contains("--array=1,3\n"))
      #expect(cluster.scripts[1].contains("--array=0-2\n"))
      #expect(cluster.scripts[1].contains("$((SLURM_ARRAY_TASK_ID + 4))/6"))
      #expect(cluster.scripts[2].contains("--dependency=afterany:101:102\n"))
      // Point 1 runs, point 4 waits, the others are gone; another user's folder does not count.
      cluster.contents.withLock {
        $0.queue = """
          101|1|RUNNING|n1|0:01|None|\(sweep.points)
          102|0|PENDING||0:00|Resources|\(sweep.points)
          102|1|RUNNING|n1|0:01|None|/elsewhere
          103|N/A|PENDING||0:00|Dependency|\(sweep.points)
          """
      }
      let second = try sweep.submit(cluster)
      #expect(second.submitted == 3 && second.queued == 2 && second.finished == 1)
      #expect(cluster.scripts[3].contains("--array=3\n"))
      #expect(cluster.scripts[4].contains("--array=1-2\n"))
      #expect(cluster.scripts[5].contains("--dependency=afterany:101:102:104:105\n"))
    }
  }

  @Test func refusalsLeaveNothingBehind() throws {
    try inSweep { sweep, cluster in
      func refusal(_ options: @autoclosure () throws -> SlurmOptions = SlurmOptions()) -> String {
        message { try sweep.submit(cluster, options()) }
      }
      #expect(refusal(try SlurmOptions(partition: "mian")).contains("did you mean 'main'?"))
      #expect(refusal(try SlurmOptions(partition: "main,x")).contains("no partition 'x'"))
      let large = try Experiment(
        readingSpecAt: sweep.folder.appendingPathComponent("tiny.yaml").path,
        overrides: ["model.d_model=128", "model.n_layers=4"])
      #expect(
        message {
          _ = try SlurmExecutor(
            large, out: sweep.out, program: "/opt/pogo", slurm: cluster.slurm
          ).submit(
            SlurmOptions(memory: "1M"), reusing: true, mayReplace: false, verifying: nil)
        }.contains("--mem gives a task 1.0 MiB"))
      cluster.contents.withLock { $0.refusesJobs = true }
      #expect(refusal().contains("sbatch refuses the job: sbatch: error: Batch job submission"))
      let absent = Slurm(CommandRunner { _, _ in .init(code: 127) })
      #expect(
        message {
          _ = try SlurmExecutor(
            sweep.experiment, out: sweep.out, program: "/opt/pogo", slurm: absent
          ).submit(SlurmOptions(), reusing: true, mayReplace: false, verifying: nil)
        }.contains("there is no sbatch on the PATH"))
      #expect(!FileManager.default.fileExists(atPath: sweep.points))
    }
  }

  @Test func tasksOfAnotherSpecAreNotMixedIn() throws {
    try inSweep { sweep, cluster in
      try sweep.submit(cluster)
      cluster.contents.withLock {
        $0.queue = "101|1|RUNNING|n1|0:01|None|\(sweep.points)\n"
      }
      let other = try Experiment(
        readingSpecAt: sweep.folder.appendingPathComponent("tiny.yaml").path,
        overrides: ["training.batch=3"])
      #expect(
        message {
          _ = try SlurmExecutor(
            other, out: sweep.out, program: "/opt/pogo", slurm: cluster.slurm
          ).submit(SlurmOptions(), reusing: true, mayReplace: false, verifying: nil)
        }.contains("tasks of another spec wait or run there; end them with 'scancel 101'"))
      #expect(message { try sweep.submit(cluster, reusing: false) }.contains("scancel 101"))
    }
  }

  @Test func theFolderKnowsTheWholeSpec() throws {
    try inSweep { sweep, cluster in
      try sweep.submit(cluster)
      let spec = sweep.folder.appendingPathComponent("tiny.yaml")
      try "nonsense".write(to: spec, atomically: true, encoding: .utf8)
      let restored = try SweepState.read(in: sweep.points).experiment()
      #expect(restored.points.map(\.key) == sweep.experiment.points.map(\.key))
      #expect(restored.file.text == sweep.experiment.file.text)
      #expect(restored.file.expandedText == sweep.experiment.file.expandedText)
      // Data that changed make other points, which nobody asked for.
      try "other text, long enough for a window of tokens. ".write(
        to: sweep.folder.appendingPathComponent("text.txt"), atomically: true, encoding: .utf8)
      #expect(
        message { _ = try SweepState.read(in: sweep.points).experiment() }
          .contains("point 1 is not the one that was submitted"))
    }
  }

  @Test func aDamagedStateIsRefused() throws {
    try inSweep { sweep, cluster in
      #expect(message { _ = try SweepState.read(in: sweep.points) }.contains("no folder of a run"))
      try sweep.submit(cluster)
      let path = URL(fileURLWithPath: sweep.points).appendingPathComponent("sweep.json")
      let text = try String(contentsOf: path, encoding: .utf8)
      try text.dropLast(20).write(to: path, atomically: true, encoding: .utf8)
      #expect(message { _ = try SweepState.read(in: sweep.points) }.contains("it is damaged"))
      try text.replacing("\"format\" : 1", with: "\"format\" : 9")
        .write(to: path, atomically: true, encoding: .utf8)
      #expect(message { _ = try SweepState.read(in: sweep.points) }.contains("has format 9"))
    }
  }

  @Test func gatheredOfTasksEqualsALocalRun() throws {
    try inSweep { sweep, cluster in
      let whole = try sweep.experiment.run(
        arithmetic: TinyExperiment.arithmetic(), commandLine: "", observer: SilentObserver())
      try sweep.submit(cluster)
      for number in 1...6 { try sweep.run(number, node: "n\(number % 2 + 1)") }
      guard case .written(let result, let failures) = try sweep.gather() else {
        Issue.record("it was not gathered")
        return
      }
      #expect(result.exactDigest == whole.exactDigest && failures.isEmpty)
      let stored = try ResultFile.read(sweep.out)
      #expect(stored.points.map(\.node) == ["n2", "n1", "n2", "n1", "n2", "n1"])
      #expect(stored.exactDigest == whole.exactDigest)
      // Logs and records stay; the points are in the result now.
      let left = try FileManager.default.contentsOfDirectory(atPath: sweep.points)
      #expect(left.contains("sweep.json") && !left.contains { $0.hasSuffix(".h5") })
      guard case .already(let digest) = try sweep.gather() else {
        Issue.record("it was gathered twice")
        return
      }
      #expect(digest == whole.exactDigest.hex)
      #expect(try sweep.submit(cluster).submitted == 0)
    }
  }

  @Test func secondRunsGoToOtherNodes() throws {
    try inSweep { sweep, cluster in
      try sweep.submit(cluster, verifying: 0.5)
      for number in 1...6 { try sweep.run(number, node: number < 4 ? "n1" : "n2") }
      guard case .verifying(let jobs, let points) = try sweep.gather(cluster) else {
        Issue.record("nothing is verified")
        return
      }
      #expect(points.count == 3 && Set(points).count == 3)
      let scripts = cluster.scripts.suffix(jobs.count)
      #expect(scripts.last?.contains("--no-submit") == true)
      for script in scripts.dropLast() {
        #expect(script.contains("--exclude=n1\n") || script.contains("--exclude=n2\n"))
      }
      #expect(message { _ = try sweep.gather() }.contains("second runs of 3 points are missing"))
      // The same node would verify nothing.
      try sweep.run(points[0], node: points[0] < 4 ? "n1" : "n2", isVerification: true)
      #expect(message { _ = try sweep.gather() }.contains("was run twice on"))
      try FileManager.default.removeItem(atPath: sweep.points + "/verification")
      for number in points { try sweep.run(number, node: "n3", isVerification: true) }
      guard case .written(let result, _) = try sweep.gather() else {
        Issue.record("it was not gathered")
        return
      }
      let verified = result.points.indices.filter {
        result.points[$0].verifiedOn.hasPrefix("n3, ")
      }
      #expect(verified.map { $0 + 1 } == points)
    }
  }

  @Test func nodesThatDisagreeAreFound() throws {
    try inSweep { sweep, cluster in
      try sweep.submit(cluster, verifying: 1)
      for number in 1...6 {
        try sweep.run(number, node: "n1")
        try sweep.run(number, node: "n2", isVerification: true)
      }
      _ = try sweep.gatherDraw()
      // A second result of point 4 with another value, sound in itself.
      let folder = RunFolder(forVerificationIn: RunFolder(forResultAt: sweep.out))
      let key = sweep.experiment.points[3].key
      var point = try #require(folder.finished(key))
      let index = try #require(point.variables.firstIndex { $0.determinism == .exact })
      point.variables.remove(at: index)
      try folder.keep(point, attributes: [])
      #expect(throws: VerificationFailure.self) { try sweep.gather() }
      #expect(!FileManager.default.fileExists(atPath: sweep.out))
    }
  }
}

extension Sweep {
  /// Draws all points for verification, as a gathering with `--verify-fraction 1` does.
  fileprivate func gatherDraw() throws -> SweepState {
    var state = try SweepState.read(in: points)
    state.verification?.points = Array(1...6)
    try state.write(in: points)
    return state
  }
}

@Suite struct SweepStatusTests {
  private func log(_ sweep: Sweep, _ task: String, _ text: String) throws {
    try text.write(
      toFile: "\(sweep.points)/log/\(task).txt", atomically: true, encoding: .utf8)
  }

  private func record(
    _ sweep: Sweep, _ number: Int, _ job: String, share: Double, seconds: Double
  ) throws {
    try? FileManager.default.createDirectory(
      atPath: "\(sweep.points)/tasks", withIntermediateDirectories: false)
    try JSONFile.write(
      TaskRecord(
        point: number, digest: sweep.experiment.points[number - 1].key.digest.hex, state: .running,
        node: "n1", instructionSet: "avx2", job: job, restarts: 0, firstShare: 0.25, share: share,
        seconds: seconds, peakBytes: 200 << 20, updatedAt: "", error: ""),
      to: TaskRecord.path(in: sweep.points, point: number))
  }

  @Test func everyStateIsShownWithItsReason() throws {
    try inSweep { sweep, cluster in
      try sweep.run(1, node: "n9")
      try sweep.submit(cluster, try SlurmOptions(time: "10m", memory: "100M"))
      // Job 101 has the points 2 and 3, job 102 the points 4 (task 0) to 6 (task 2).
      cluster.contents.withLock {
        $0.queue = """
          101|2|RUNNING|n1|0:01|None|\(sweep.points)
          101|3|PENDING||0:00|Priority|\(sweep.points)
          """
        $0.accounting = """
          102_0|TIMEOUT|0:0|n1|00:10:00|100M|
          102_1|OUT_OF_MEMORY|0:125|n1|00:10:00|100M|
          102_1.batch|OUT_OF_MEMORY|0:125|n1|||300M
          102_2|FAILED|1:0|n2|00:10:00|100M|
          """
      }
      try record(sweep, 2, "101_2", share: 0.5, seconds: 10)
      try record(sweep, 4, "102_0", share: 0.5, seconds: 600)
      let status = try sweep.status(cluster)
      #expect(status.rows.map(\.state) == [.done, .running, .waiting, .failed, .failed, .failed])
      #expect(status.rows[0].node == "n9")
      #expect(status.rows[1].share == 0.5 && status.rows[1].instructionSet == "avx2")
      #expect(status.rows[2].note == "Priority")
      // A quarter of the work took 600 s.
      #expect(
        status.rows[3].note
          == "killed at its time limit 00:10:00 with 50.0 % done, so it wants about 2400 s; run "
          + "again with a longer --time, and it goes on where it was")
      #expect(
        status.rows[4].note.hasPrefix(
          "killed for memory: it wanted at least 300 MiB and had 100 MiB"))
      #expect(status.rows[5].note.contains("does node n2 see \(sweep.points)?"))
      #expect(status.summary == "6 points: 1 done, 1 running, 1 waiting, 3 failed")
      // With a log its last line tells, and a kill for memory is seen there without accounting.
      try log(sweep, "102_2", "first\npogo: the disk is full\n\n")
      cluster.contents.withLock {
        $0.accounting = nil
        $0.jobs = """
          JobId=103 ArrayJobId=102 ArrayTaskId=0 JobState=NODE_FAIL ExitCode=0:0 NodeList=n1
          JobId=104 ArrayJobId=102 ArrayTaskId=1 JobState=FAILED ExitCode=0:9 NodeList=n1
          JobId=105 ArrayJobId=102 ArrayTaskId=2 JobState=FAILED ExitCode=3:0 NodeList=n2
          """
      }
      try log(
        sweep, "102_1",
        "slurmstepd-n1: error: StepId=4.batch exceeded memory limit (436187136 > 104857600), "
          + "being killed\n")
      let again = try sweep.status(cluster)
      #expect(again.rows[3].note == "its node n1 failed; run again")
      #expect(again.rows[4].note.contains("at least 416 MiB and had 100 MiB"))
      #expect(again.rows[5].note == "failed (3:0): pogo: the disk is full")
      let json = try JSONSerialization.jsonObject(with: Data(again.json.utf8)) as? [String: Any]
      #expect((json?["points"] as? [Any])?.count == 6)
    }
  }

  @Test func withoutSlurmTheFilesTell() throws {
    try inSweep { sweep, _ in
      try sweep.run(3)
      let silent = FakeCluster()
      let status = try sweep.status(silent)
      #expect(status.summary == "6 points: 1 done, 5 missing")
      #expect(status.rows[0].note == "not run yet")
    }
  }

  @Test func aTaskKeepsItsRecord() throws {
    try inSweep { sweep, _ in
      let recorder = TaskRecorder(
        sweep.experiment, index: 1, out: sweep.out,
        origin: TaskOrigin(environment: ["SLURM_JOB_ID": "7", "SLURMD_NODENAME": "n2"]),
        instructionSet: "avx2", passingTo: SilentEvents(), interval: 0)
      var options = SweepRun.Options()
      options.only = 1
      _ = try SweepRun(
        sweep.experiment, out: sweep.out, options: options, events: recorder,
        cancellation: Cancellation()
      ).run()
      let record = try #require(TaskRecord.read(in: sweep.points, point: 2))
      #expect(record.state == .finished && record.share == 1 && record.job == "7")
      #expect(record.node == "n2" && record.peakBytes > 1 << 20)
      recorder.stopped()
      #expect(TaskRecord.read(in: sweep.points, point: 2)?.state == .stopped)
    }
  }

  @Test func aFailedPointIsGatheredAsALocalRunRecordsIt() throws {
    try inSweep { sweep, cluster in
      try sweep.submit(cluster)
      for number in 1...5 { try sweep.run(number) }
      let recorder = TaskRecorder(
        sweep.experiment, index: 5, out: sweep.out, origin: TaskOrigin(environment: [:]),
        instructionSet: "avx2", passingTo: SilentEvents())
      recorder.pointStarted(5, label: "")
      recorder.pointEnded(5, label: "", seconds: 1, error: "no stake left")
      #expect(try sweep.status(cluster).rows[5].note == "no stake left")
      guard case .written(let result, let failures) = try sweep.gather() else {
        Issue.record("it was not gathered")
        return
      }
      #expect(failures.map(\.index) == [5] && failures.first?.error == "no stake left")
      #expect(result.points[5].status == .failed)
    }
  }
}
