import Foundation
import Harness
import Testing

@Suite struct SweepStatusTests {
  private func log(_ sweep: SlurmSweep, _ task: String, _ text: String) throws {
    try text.write(
      toFile: "\(sweep.points)/log/\(task).txt", atomically: true, encoding: .utf8)
  }

  private func record(
    _ sweep: SlurmSweep, _ number: Int, _ job: String, share: Double, seconds: Double
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
