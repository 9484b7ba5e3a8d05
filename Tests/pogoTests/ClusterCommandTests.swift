import Foundation
import Testing

/// `pogo run --executor slurm` with stand-ins for Slurm's commands on the `PATH`.
@Suite struct ClusterCommandTests {
  /// `sbatch` keeps each script as `job-N` and runs nothing; nobody waits, and there is no accounting.
  private static let programs = [
    "sbatch": """
    case $1 in --version) echo slurm-wlm 22.05.8; exit 0;; esac
    n=$(ls "$BIN" | grep -c '^job-'); n=$((n + 1))
    cat >"$BIN/job-$n"
    echo "$n"
    """,
    "sinfo": "echo main",
    "scontrol": "case $2 in config) echo 'MaxArraySize            = 1001';; *) exit 1;; esac",
    "squeue": "",
    "sacct": "echo 'Slurm accounting storage is disabled' >&2; exit 1",
  ]

  private func inFolder(_ body: (_ folder: String, _ environment: [String: String]) throws -> Void)
    throws
  {
    try SmallSpec.inFolder(adding: "sweep: {seed: [1, 2, 3]}") { folder in
      let bin = "\(folder)/bin"
      try FileManager.default.createDirectory(
        atPath: bin, withIntermediateDirectories: false)
      for (name, text) in Self.programs {
        try "#!/bin/sh\n\(text)\n".write(
          toFile: "\(bin)/\(name)", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes(
          [.posixPermissions: 0o755], ofItemAtPath: "\(bin)/\(name)")
      }
      let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
      try body(folder, ["PATH": "\(bin):\(path)", "BIN": bin])
    }
  }

  /// Runs a submitted script as a node does.
  private func node(
    _ script: String, _ name: String, task: Int?, _ environment: [String: String]
  ) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = [script]
    var environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    environment["SLURM_JOB_ID"] = "1"
    environment["SLURMD_NODENAME"] = name
    if let task {
      environment["SLURM_ARRAY_JOB_ID"] = "1"
      environment["SLURM_ARRAY_TASK_ID"] = "\(task)"
    }
    process.environment = environment
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  @Test func submitStatusGather() throws {
    try inFolder { folder, environment in
      let (spec, out) = ("\(folder)/small.yaml", "\(folder)/r.h5")
      func pogo(_ arguments: [String]) throws -> Program.Outcome {
        try Program.run(arguments, environment: environment)
      }
      let local = try pogo(["run", spec, "--out", "\(folder)/l.h5"])
      let shown = try pogo(
        ["run", spec, "--out", out, "--executor", "slurm", "--dry-run", "--array-limit", "2"])
      #expect(shown.code == 0 && shown.output.contains("#SBATCH --array=1-3%2"))
      #expect(!FileManager.default.fileExists(atPath: "\(out).points"))
      let submitted = try pogo(["run", spec, "--out", out, "--executor", "slurm"])
      #expect(submitted.code == 0, "said: \(submitted.errors)")
      #expect(submitted.output.contains("3 points: 0 finished, 0 wait or run already, 3 submitted"))
      #expect(try node("\(folder)/bin/job-1", "n1", task: 1, environment) == 0)
      #expect(try node("\(folder)/bin/job-1", "n2", task: 3, environment) == 0)
      // The gathering job finds a point missing, and the status tells.
      #expect(try node("\(folder)/bin/job-2", "n1", task: nil, environment) == 2)
      let status = try pogo(["status", "\(out).points"])
      #expect(status.code == 1)
      #expect(status.output.contains("3 points: 2 done, 1 failed"))
      #expect(status.output.contains("n2"))
      let again = try pogo(["run", "\(out).points", "--executor", "slurm"])
      #expect(again.output.contains("2 finished, 0 wait or run already, 1 submitted as job 3"))
      let script = try String(contentsOfFile: "\(folder)/bin/job-3", encoding: .utf8)
      #expect(script.contains("#SBATCH --array=2\n"))
      #expect(try node("\(folder)/bin/job-3", "n1", task: 2, environment) == 0)
      #expect(try node("\(folder)/bin/job-4", "n1", task: nil, environment) == 0)
      let end = try pogo(["status", "\(out).points", "--brief"])
      #expect(end.code == 0)
      let digest = local.output.split(separator: "\n").first { $0.hasPrefix("exact digest") }
      #expect(digest.map { end.output.contains($0) } == true)
      #expect(try pogo(["compare", "\(folder)/l.h5", out]).code == 0)
      #expect(try pogo(["run", "\(out).points", "--set", "seed=1"]).errors.contains("--set"))
    }
  }
}
