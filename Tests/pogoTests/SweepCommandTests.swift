import Foundation
import FoundationXML
import Testing

/// Sweeps, checks and what stands around them, from outside.
@Suite struct SweepCommandTests {
  private func pogo(_ arguments: [String], environment: [String: String] = [:]) throws
    -> Program.Outcome
  { try Program.run(arguments, environment: environment) }

  private func inFolder(_ body: (String) throws -> Void) throws {
    try SmallSpec.inFolder(
      adding: """
        sweep: {seed: [1, 2, 3]}
        check: {factor: 100, minimum: 10m}
        """, body)
  }

  private func digest(_ outcome: Program.Outcome) -> String? {
    outcome.output.split(separator: "\n").first { $0.hasPrefix("exact digest: ") }
      .map { String($0.dropFirst(14)) }
  }

  @Test func planRunResumeAndGather() throws {
    try inFolder { folder in
      let (spec, out) = ("\(folder)/small.yaml", "\(folder)/r.h5")
      let plan = try pogo(["plan", spec, "--out", out])
      #expect(plan.code == 0)
      #expect(plan.output.contains("3 points, 3 to run"))
      let run = try pogo(["run", spec, "--out", out, "--jobs", "2", "--log-json", "\(folder)/log"])
      #expect(run.code == 0)
      #expect(run.errors.contains("point 2/3 seed=2: finished in"))
      for line in try String(contentsOfFile: "\(folder)/log", encoding: .utf8)
        .split(separator: "\n")
      {
        let event = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect(event?["event"] is String)
      }
      #expect(try pogo(["plan", spec, "--out", out]).output.contains("3 points, 0 to run"))
      let wider = try pogo(["run", spec, "--out", out, "--resume", "--set", "seed=1,2,3,4"])
      #expect(wider.errors.contains("3 of 4 points were finished before"))
      for point in ["1/3", "2/3", "3/3"] {
        #expect(try pogo(["run", spec, "--out", "\(folder)/g.h5", "--point", point]).code == 0)
      }
      let gathered = try pogo(["gather", spec, "--out", "\(folder)/g.h5"])
      #expect(digest(gathered) == digest(run))
      #expect(try pogo(["audit", "\(folder)/g.h5"]).output.contains("points             3"))
      #expect(try pogo(["run", spec, "--out", out, "--point", "4/4"]).errors.contains("3 points"))
      #expect(try pogo(["run", spec, "--out", out, "--point", "4"]).code == 2)
      #expect(try pogo(["gather", spec, "--out", "\(folder)/none.h5"]).code == 2)
    }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGKILL]) func aStoppedRunGoesOn(signal: Int32) throws {
    try inFolder { folder in
      let (spec, out) = ("\(folder)/small.yaml", "\(folder)/r.h5")
      let sets = ["--set", "chain.blocks=40", "--set", "seed=1,2"]
      let whole = try pogo(["run", spec, "--out", "\(folder)/w.h5"] + sets)
      let process = try Program.start(["run", spec, "--out", out] + sets)
      // Until it has begun to keep something.
      let points = "\(out).points"
      while process.isRunning,
        !((try? FileManager.default.contentsOfDirectory(atPath: points)) ?? []).contains(where: {
          $0.hasSuffix(".journal")
        })
      { usleep(2000) }
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      if signal != SIGKILL, process.terminationStatus != 0 {
        #expect(process.terminationStatus == 130)
      }
      if !FileManager.default.fileExists(atPath: out) {
        let again = try pogo(["run", spec, "--out", out] + sets)
        #expect(again.code == 2)
        #expect(again.errors.contains("--resume goes on with it"))
      }
      let resumed = try pogo(["run", spec, "--out", out, "--resume"] + sets)
      #expect(resumed.code == 0, "said: \(resumed.errors)")
      #expect(digest(resumed) == digest(whole))
      #expect(!FileManager.default.fileExists(atPath: points))
    }
  }

  @Test func aFailedPointGivesCodeOneAndTheCommandThatRepeatsIt() throws {
    try inFolder { folder in
      let (spec, out) = ("\(folder)/small.yaml", "\(folder)/r.h5")
      let cheat = "chain.miners=[{name: eve, behaviour: faked-steps, fraction: 1, stake: 1}]"
      let outcome = try pogo([
        "run", spec, "--out", out, "--set", cheat, "--set", "chain.miner_slash_rate=0,1",
        "--set", "chain.blocks=3", "--set", "seed=1",
      ])
      #expect(outcome.code == 1)
      #expect(outcome.errors.contains("1 of 2 points failed"))
      #expect(outcome.errors.contains("--point 2/2"))
      #expect(outcome.output.contains("exact digest: "))
      let report = try pogo(["report", out])
      #expect(report.output.contains("Points that failed"))
    }
  }

  /// A limit on the size of files stands for a disk without space: whatever is written last fails.
  @Test(arguments: [1, 4, 16]) func aFullDiskIsAMachineFaultAndLosesNothing(kibibytes: Int) throws {
    try inFolder { folder in
      let (spec, out) = ("\(folder)/small.yaml", "\(folder)/r.h5")
      let whole = try pogo(["run", spec, "--out", "\(folder)/w.h5"])
      let limited = try Program.run(
        ["run", spec, "--out", out], limitingFilesTo: kibibytes)
      #expect(limited.code == 3, "said: \(limited.errors)")
      #expect(limited.errors.contains("File too large"), "said: \(limited.errors)")
      let left = try FileManager.default.subpathsOfDirectory(atPath: folder)
      #expect(!left.contains("r.h5") && !left.contains { $0.hasSuffix(".partial") })
      let resumed = try pogo(["run", spec, "--out", out, "--resume"])
      #expect(resumed.code == 0, "said: \(resumed.errors)")
      #expect(digest(resumed) == digest(whole))
    }
  }

  @Test func aFolderThatCannotBeWrittenIsSaidBeforeTheRun() throws {
    try inFolder { folder in
      // Nobody can make files here, not even the superuser.
      let outcome = try pogo(["run", "\(folder)/small.yaml", "--out", "/proc/r.h5"])
      #expect(outcome.code == 3)
      #expect(outcome.errors.contains("/proc/r.h5: its folder cannot be written"))
    }
  }

  @Test func baselineCheckAndCompare() throws {
    try inFolder { folder in
      let spec = "\(folder)/small.yaml"
      let missing = try pogo(["check", spec, "--baseline", "\(folder)/b.h5"])
      #expect(missing.code == 1)
      #expect(missing.output.contains("there is no baseline"))
      #expect(try pogo(["baseline", spec, "--out", "\(folder)/b.h5"]).code == 0)
      let good = try pogo([
        "check", spec, "--baseline", "\(folder)/b.h5", "--explain", "--junit", "\(folder)/j.xml",
        "--keep", "\(folder)/kept",
      ])
      #expect(good.code == 0, "said: \(good.output) \(good.errors)")
      #expect(good.output.contains("ok     small [seed=1] verdict: exact: equal"))
      #expect(good.output.contains("small: passed, "))
      #expect(
        XMLParser(data: try Data(contentsOf: URL(fileURLWithPath: "\(folder)/j.xml"))).parse())
      let drifted = try pogo(
        ["check", spec, "--baseline", "\(folder)/b.h5", "--set", "training.batch=3"],
        environment: ["GITHUB_ACTIONS": "true"])
      #expect(drifted.code == 1)
      #expect(drifted.output.contains("FAILED small [seed=1] point_exact_digest"))
      #expect(drifted.output.contains("::error file="))
      let fewer = try pogo(["check", spec, "--baseline", "\(folder)/b.h5", "--set", "seed=1,2"])
      #expect(fewer.code == 1)
      #expect(fewer.output.contains("the baseline has this point, but the run has not"))
      let kept = "\(folder)/kept/small.h5"
      #expect(try pogo(["compare", kept, kept]).code == 0)
      #expect(
        try pogo(["run", spec, "--out", "\(folder)/o.h5", "--set", "training.batch=3"]).code == 0)
      let compared = try pogo(["compare", kept, "\(folder)/o.h5"])
      #expect(compared.code == 1)
      #expect(compared.output.contains("training.batch: 2 | 3"))
    }
  }

  @Test func newListAndSchema() throws {
    try inFolder { folder in
      let made = try pogo(["new", "chain", "--out", "\(folder)/new.yaml"])
      #expect(made.code == 0)
      #expect(try pogo(["new", "chain", "--out", "\(folder)/new.yaml"]).code == 2)
      #expect(try pogo(["new", "chian"]).errors.contains("did you mean 'chain'?"))
      let specs = try pogo(["list", "experiments", folder])
      #expect(specs.output.contains("small.yaml  chain       3"))
      #expect(try pogo(["run", "\(folder)/small.yaml", "--out", "\(folder)/r.h5"]).code == 0)
      try Data("no result".utf8).write(to: URL(fileURLWithPath: "\(folder)/x.h5"))
      let results = try pogo(["list", "results", folder])
      #expect(results.output.contains("r.h5    chain       3"))
      #expect(results.output.contains("x.h5    -"))
      let schema = try pogo(["schema"])
      #expect(throws: Never.self) {
        _ = try JSONSerialization.jsonObject(with: Data(schema.output.utf8))
      }
    }
  }

  @Test func onlyChainsAreAudited() throws {
    try inFolder { folder in
      let (spec, result) = ("\(folder)/schedule.yaml", "\(folder)/schedule.h5")
      #expect(try pogo(["new", "schedule", "--out", spec]).code == 0)
      #expect(try pogo(["run", spec, "--out", result, "--quiet"]).code == 0)
      let audit = try pogo(["audit", result])
      #expect(audit.code == 2)
      #expect(audit.errors.contains("kind 'schedule' records no chain"))
    }
  }
}
