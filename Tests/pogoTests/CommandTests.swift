import Foundation
import Testing

/// The built program, run as a user runs it.
@Suite struct CommandTests {
  private func pogo(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Program.Outcome { try Program.run(arguments, environment: environment) }

  /// A copy with one byte changed in the compressed openings.
  private func damage(_ path: String, to copy: String) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[bytes.count - bytes.count / 11] ^= 1
    try bytes.write(to: URL(fileURLWithPath: copy))
  }

  private func inFolder(_ body: (String) throws -> Void) throws { try SmallSpec.inFolder(body) }

  @Test func runReportAuditAndReplace() throws {
    try inFolder { folder in
      let (spec, result) = ("\(folder)/small.yaml", "\(folder)/small.h5")
      #expect(try pogo(["validate", spec]).code == 0)
      let run = try pogo(["run", spec, "--out", result])
      #expect(run.code == 0)
      #expect(run.output.contains("exact digest: "))
      #expect(run.output.contains(result))
      #expect(try pogo(["report", result]).output.contains("confirmed"))
      #expect(try pogo(["audit", result]).code == 0)
      try damage(result, to: "\(folder)/damaged.h5")
      let damaged = try pogo(["audit", "\(folder)/damaged.h5"])
      #expect(damaged.code == 1)
      #expect(damaged.errors.contains("damaged: /chain/"), "said: \(damaged.errors)")
      let second = try pogo(["run", spec, "--out", result])
      #expect(second.code == 2)
      #expect(second.errors.contains("--force"))
      let third = try pogo(
        ["run", spec, "--out", result, "--force", "--quiet", "--threads", "3"],
        environment: ["POGO_ISA": "portable"])
      #expect(third.code == 0)
      #expect(third.errors.isEmpty)
      #expect(third.output == run.output)
    }
  }

  @Test(arguments: [
    (["run", "FOLDER/none.yaml"], "there is no such file"),
    (["run", "FOLDER"], "it is no folder of a run"),
    (["status", "FOLDER"], "it is no folder of a run"),
    (["status", "FOLDER/small.yaml"], "it is no folder of a run"),
    (["run", "FOLDER/small.yaml", "--mem", "4G"], "--mem needs --executor slurm"),
    (["run", "FOLDER/small.yaml", "--dry-run"], "--dry-run needs --executor slurm"),
    (["run", "FOLDER/small.yaml", "--verify"], "--verify needs --point"),
    (
      ["run", "FOLDER/small.yaml", "--executor", "slurm", "--jobs", "2"],
      "--jobs is for --executor local"
    ),
    (
      ["run", "FOLDER/small.yaml", "--executor", "slurm", "--point", "1/1"],
      "leave out --executor slurm"
    ),
    (
      ["run", "FOLDER/small.yaml", "--executor", "slurm", "--verify-fraction", "2"],
      "--verify-fraction must be above 0"
    ),
    (["run", "FOLDER/small.yaml", "--executor", "slurm", "--time", "soon"], "--time must be"),
    (["run", "FOLDER/small.yaml", "--executor", "pbs"], "pbs"),
    (["report", "FOLDER/none.h5"], "none.h5"),
    (["audit", "FOLDER/text.txt"], "text.txt"),
    (["run", "FOLDER/small.yaml", "--out", "FOLDER"], "it is a folder"),
    (["run", "FOLDER/small.yaml", "--threads", "0"], "--threads must be in 1...1024"),
    (["run", "FOLDER/small.yaml", "--thread", "1"], "--thread"),
    (["fly"], "fly"),
    (["export", "FOLDER/none.h5", "FOLDER/out"], "there is no such file"),
    (["export", "FOLDER", "FOLDER/out"], "config.json"),
    (["export", "FOLDER/text.txt", "FOLDER/out"], "text.txt"),
    (["export", "FOLDER", "FOLDER/out", "--point", "1"], "only results have points"),
    (["export", "FOLDER", "FOLDER/out", "--dtype", "int8"], "--dtype"),
  ])
  func misuseEndsWithOneLineAndCode2(arguments: [String], words: String) throws {
    try inFolder { folder in
      let before = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      let outcome = try pogo(arguments.map { $0.replacingOccurrences(of: "FOLDER", with: folder) })
      #expect(outcome.code == 2)
      #expect(outcome.errors.hasPrefix("pogo: "))
      #expect(outcome.errors.contains(words), "said: \(outcome.errors)")
      #expect(outcome.errors.split(separator: "\n").count == 1, "said: \(outcome.errors)")
      #expect(outcome.output.isEmpty)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == before)
    }
  }

  @Test(arguments: [
    ("bits: 4", "quantization: {gradient: {bits: -4, group: 16}, model: {group: 16}}", "2...8"),
    ("roundng", "quantization: {gradient: {roundng: nearest}, model: {group: 16}}", "rounding"),
  ])
  func aWrongSpecIsRefusedByLine(name: String, line: String, words: String) throws {
    try inFolder { folder in
      let text = SmallSpec.text.replacingOccurrences(
        of: "quantization: {gradient: {group: 16}, model: {group: 16}}", with: line)
      try text.write(toFile: "\(folder)/wrong.yaml", atomically: true, encoding: .utf8)
      let outcome = try pogo(["run", "\(folder)/wrong.yaml", "--out", "\(folder)/wrong.h5"])
      #expect(outcome.code == 2)
      #expect(outcome.errors.hasPrefix("pogo: wrong.yaml:6: "), "said: \(outcome.errors)")
      #expect(outcome.errors.contains(words), "said: \(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/wrong.h5"))
    }
  }

  @Test func aFolderThatCannotBeWrittenIsTheMachinesFault() throws {
    try inFolder { folder in
      for path in ["/dev/null/x.h5", "/proc/x.h5", "\(folder)/none/x.h5"] {
        let outcome = try pogo(["run", "\(folder)/small.yaml", "--out", path])
        #expect(outcome.code == 3, "\(path): \(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count == 1)
      }
    }
  }

  @Test func anUnknownInstructionSetIsRefused() throws {
    try inFolder { folder in
      let outcome = try pogo(
        ["run", "\(folder)/small.yaml", "--out", "\(folder)/x.h5"],
        environment: ["POGO_ISA": "mmx"])
      #expect(outcome.code == 2)
      #expect(outcome.errors.contains("POGO_ISA must be one of portable, avx2, avx512"))
    }
  }

  @Test func theBenchMeasuresBothArithmetics() throws {
    let outcome = try pogo(
      ["bench", "kernels", "--rounds", "1", "--only", "d 64: gradient", "--json", "--threads", "2"])
    #expect(outcome.code == 0, "said: \(outcome.errors)")
    let rows =
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]] ?? []
    #expect(rows.count == 2)
    for row in rows {
      let rivals = row["rivals"] as? [String: Double] ?? [:]
      #expect(rivals.keys.contains { $0.hasPrefix("default (") })
      for value in rivals.values + [row["fixed"] as? Double ?? 0, row["peak"] as? Double ?? 0] {
        #expect(value > 0 && value.isFinite)
      }
    }
    #expect(try pogo(["bench", "kernels", "--only", "nothing"]).code == 2)
    #expect(try pogo(["bench", "kernels", "--rounds", "0"]).code == 2)
  }

  @Test func theBenchOfWhatMemoryBoundsPrintsEveryOperation() throws {
    let outcome = try pogo(["bench", "elementwise", "--rounds", "1", "--json", "--threads", "2"])
    #expect(outcome.code == 0, "said: \(outcome.errors)")
    let rows =
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]] ?? []
    #expect(Set(rows.compactMap { $0["name"] as? String }).count == 15)
    for row in rows {
      for key in ["milliseconds", "gigabytesPerSecond", "copyGigabytesPerSecond"] {
        #expect((row[key] as? Double ?? 0) > 0)
      }
    }
    let refused = try pogo(["bench", "elementwise", "--rounds", "0"])
    #expect(refused.code == 2 && refused.errors.contains("1...1000"))
  }

  @Test func theArithmeticOfThisBuildIsTheContract() throws {
    let outcome = try pogo(["arithmetic"])
    #expect(outcome.code == 0, "said: \(outcome.errors)")
    #expect(outcome.output.split(separator: "\n").filter { $0.hasSuffix(": equal") }.count >= 8)
  }

  @Test func helpAndVersionEndWell() throws {
    #expect(try pogo(["--help"]).code == 0)
    #expect(try pogo(["--version"]).output.contains("."))
  }

  @Test(arguments: [("gpt3-175b", "174,604,259,328"), ("gemma3-27b", "27,009,346,304")])
  func modelSaysHowManyParameters(name: String, count: String) throws {
    let told = try pogo(["model", name])
    #expect(told.code == 0 && told.errors.isEmpty)
    #expect(told.output.hasPrefix("\(name): \(count) parameters\n"))
    let json = try pogo(["model", name, "--json", "--batch", "2", "--context", "128"])
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    let parameters = try #require(object["parameters"] as? [String: Any])
    #expect(parameters["total"] as? Int == Int(count.replacing(",", with: "")))
    #expect(object["batch"] as? Int == 2 && object["tokens"] as? Int == 128)
    #expect(object["tensors"] == nil)
  }

  @Test func everyListedPresetIsTold() throws {
    let list = try pogo(["list", "presets"])
    #expect(list.code == 0)
    let names = list.output.split(separator: "\n").dropFirst(2).map {
      String($0.prefix { $0 != " " })
    }
    #expect(names.count == 19 && names.contains("gpt3-nano") && names.contains("gemma3-mini"))
    for name in names {
      let told = try pogo(["model", name, "--layout"])
      #expect(told.code == 0 && told.output.contains("\(name): "), "\(name)")
    }
  }

  @Test(arguments: [
    (["model"], "Missing expected argument '<name>'"),
    (["model", "gpt3-nanno"], "there is no preset 'gpt3-nanno'; did you mean 'gpt3-nano'?"),
    (["model", "x"], "there is no preset 'x'; `pogo list presets` names them all"),
    (
      ["model", "gpt3-nano", "--context", "65"],
      "--context must be in 1...64 for this shape, but is 65"
    ),
    (["model", "gpt3-nano", "--batch", "0"], "--batch must be in 1...1000000, but is 0"),
    (["list", "presents"], "presents"),
  ])
  func misuseOfModelIsOneLine(arguments: [String], message: String) throws {
    let refused = try pogo(arguments)
    #expect(refused.code == 2 && refused.output.isEmpty)
    #expect(refused.errors.contains(message), "\(refused.errors)")
  }

  /// Memory that training adds to a process, against the formula.
  @Test(arguments: ["4x256", "gemma3-6x256"])
  func trainingStaysWithinThePredictedMemory(name: String) throws {
    let bench = try pogo(
      ["bench", "step", "--only", name, "--steps", "1", "--warmups", "1", "--json"])
    #expect(bench.code == 0, "\(bench.errors)")
    let rows = try #require(
      JSONSerialization.jsonObject(with: Data(bench.output.utf8)) as? [[String: Any]])
    let resident = try #require(rows[0]["residentBytes"] as? Double)
    let predicted = try #require(rows[0]["predictedBytes"] as? Double)
    #expect(resident > 0.9 * predicted && resident < 1.3 * predicted)
  }
}
