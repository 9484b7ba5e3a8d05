import Foundation
import Harness
import Testing

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
