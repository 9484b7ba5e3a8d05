import Foundation
import Harness
import Testing

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
