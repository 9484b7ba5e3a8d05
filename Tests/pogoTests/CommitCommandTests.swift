import Foundation
import Testing

/// `pogo commit` and `pogo prove-check` as a user runs them.
@Suite struct CommitCommandTests {
  private func pogo(_ arguments: String...) throws -> Program.Outcome { try pogo(arguments) }

  private func pogo(_ arguments: [String]) throws -> Program.Outcome { try Program.run(arguments) }

  private func inFolder(_ body: (String) throws -> Void) throws {
    let bytes = Data((0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 3) })
    try Program.inFolder(["data.bin": bytes], body)
  }

  /// Computed by Python's hashlib from the definition in RFC 6962 for the file above.
  private static let root = "03513a798ff19eba6c2551b910b9d4f6c609d75ccc5ff0d1402f2e08ee426d72"

  private func value(_ key: String, _ json: String) throws -> Any {
    let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    return try #require(object?[key])
  }

  @Test func commitProveAndCheck() throws {
    try inFolder { folder in
      let (file, proof) = ("\(folder)/data.bin", "\(folder)/proof.json")
      let commit = try pogo("commit", file, "--leaf-size", "1KiB", "--prove", "9,0,4", "--json")
      #expect(commit.code == 0, "\(commit.errors)")
      #expect(try value("root", commit.output) as? String == Self.root)
      #expect(try value("tree_size", commit.output) as? Int == 10)
      try commit.output.write(toFile: proof, atomically: true, encoding: .utf8)
      let check = try pogo("prove-check", proof, "--root", Self.root)
      #expect(check.code == 0 && check.output.contains("holds: leaves 0, 4, 9 of 10"))
      let all = try pogo(
        "prove-check", proof, "--root", Self.root, "--tree-size", "10", "--file", file)
      #expect(all.code == 0 && all.output.contains("the file has these leaves"))
      let text = try pogo("commit", file, "--leaf-size", "1024").output
      #expect(text.contains(Self.root) && text.contains("9.8 KiB"))
      let other = try pogo(
        "prove-check", proof, "--root", String(repeating: "0", count: 64))
      #expect(other.code == 1 && other.errors.contains("is claimed"), "\(other.errors)")
      #expect(try pogo("prove-check", proof, "--root", Self.root, "--tree-size", "11").code == 1)
      try Data([1]).write(to: URL(fileURLWithPath: file))
      let changed = try pogo("prove-check", proof, "--root", Self.root, "--file", file)
      #expect(changed.code == 1 && changed.errors.contains("10000"))
    }
  }

  @Test func updatesAreProvedAndChecked() throws {
    try inFolder { folder in
      let (old, new, proof) = (
        "\(folder)/data.bin", "\(folder)/new.bin", "\(folder)/proof.json"
      )
      var bytes = try Data(contentsOf: URL(fileURLWithPath: old))
      bytes[4500] ^= 1
      try bytes.write(to: URL(fileURLWithPath: new))
      let update = try pogo("prove-update", old, new, "--leaf-size", "1KiB")
      #expect(update.code == 0, "\(update.errors)")
      try update.output.write(toFile: proof, atomically: true, encoding: .utf8)
      let root = try #require(try value("new_root", update.output) as? String)
      #expect(try value("old_root", update.output) as? String == Self.root)
      let check = [
        "prove-check", proof, "--old-root", Self.root, "--root", root, "--tree-size", "10",
      ]
      let holds = try pogo(check + ["--file", new])
      #expect(holds.code == 0 && holds.output.contains("holds: only leaf 4 changed of 10"))
      let stale = try pogo(check + ["--file", old])
      #expect(stale.code == 1 && stale.errors.contains("leaf 4 of the file"))
      let swapped = try pogo("prove-check", proof, "--old-root", root, "--root", Self.root)
      #expect(swapped.code == 1 && swapped.errors.contains("is claimed"), "\(swapped.errors)")
      let bare = try pogo("prove-check", proof, "--root", root)
      #expect(bare.code == 2 && bare.errors.contains("give --old-root too"))
      try bytes.dropLast().write(to: URL(fileURLWithPath: new))
      let short = try pogo("prove-update", old, new, "--leaf-size", "1KiB")
      #expect(short.code == 2 && short.errors.contains("9999 bytes"))
    }
  }

  @Test func oneProofForAllAndSavedTrees() throws {
    try inFolder { folder in
      let (file, tree) = ("\(folder)/data.bin", "\(folder)/data.tree")
      let first = try pogo(
        "commit", file, "--leaf-size", "1KiB", "--prove", "1,2,7", "--multi", "--json",
        "--save-tree", tree)
      #expect(first.code == 0, "\(first.errors)")
      let second = try pogo(
        "commit", file, "--leaf-size", "1KiB", "--prove", "1,2,7", "--multi", "--json", "--tree",
        tree)
      #expect(second.output == first.output)
      try first.output.write(toFile: "\(folder)/p.json", atomically: true, encoding: .utf8)
      #expect(try pogo("prove-check", "\(folder)/p.json", "--root", Self.root).code == 0)
      let again = try pogo("commit", file, "--leaf-size", "1KiB", "--save-tree", tree)
      #expect(again.code == 2)
      let wrong = try pogo("commit", file, "--leaf-size", "2KiB", "--tree", tree)
      #expect(wrong.code == 2 && wrong.errors.contains("--leaf-size is 2048"))
    }
  }

  @Test func aModelIsTheSameForEveryone() throws {
    let one = try pogo("commit", "--model", "gpt3-nano", "--seed", "1", "--leaf-size", "4KiB")
    let two = try pogo(
      "commit", "--model", "gpt3-nano", "--leaf-size", "4KiB", "--threads", "1", "--keep-leaves")
    #expect(one.code == 0 && two.code == 0)
    func root(_ text: String) -> Substring? { text.split(separator: "\n").last?.suffix(64) }
    #expect(root(one.output) == root(two.output))
    #expect(root(one.output)?.count == 64)
    let other = try pogo("commit", "--model", "gpt3-nano", "--seed", "2", "--leaf-size", "4KiB")
    #expect(root(other.output) != root(one.output))
  }

  @Test func anInterruptLeavesNothingBehind() throws {
    try inFolder { folder in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        .deletingLastPathComponent().appendingPathComponent("pogo")
      // Minutes of hashing, unless it is stopped.
      process.arguments = [
        "commit", "--model", "gpt3-175b", "--leaf-size", "1MiB", "--save-tree",
        "\(folder)/model.tree", "--json",
      ]
      let (output, errors) = (Pipe(), Pipe())
      process.standardOutput = output
      process.standardError = errors
      try process.run()
      // Signals before the program watches them end it at once, which leaves nothing either.
      Thread.sleep(forTimeInterval: 1)
      process.interrupt()
      let text = output.fileHandleForReading.readDataToEndOfFile()
      let complaints = errors.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 130)
      #expect(text.isEmpty)
      #expect(String(decoding: complaints, as: UTF8.self).contains("interrupted"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["data.bin"])
    }
  }

  @Test func misuseEndsWithOneLine() throws {
    try inFolder { folder in
      let file = "\(folder)/data.bin"
      let cases: [([String], String)] = [
        (["commit", "--leaf-size", "1KiB"], "name a file"),
        (["commit", file, "--model", "gpt3-nano", "--leaf-size", "1KiB"], "not several"),
        (["commit", file, "--seed", "1", "--leaf-size", "1KiB"], "--seed goes with --model"),
        (["commit", "--model", "gpt3-nan", "--leaf-size", "1KiB"], "no preset 'gpt3-nan'"),
        (["commit", file, "--leaf-size", "1KB"], "1KiB...64MiB"),
        (["commit", file, "--leaf-size", "512"], "1KiB...64MiB"),
        (["commit", file, "--leaf-size", "1KiB", "--prove", "1,x"], "holds 'x'"),
        (["commit", file, "--leaf-size", "1KiB", "--prove", "1,1"], "leaf 1 twice"),
        (["commit", file, "--leaf-size", "1KiB", "--prove", "10"], "of the 10 leaves is 9"),
        (["commit", file, "--leaf-size", "1KiB", "--multi"], "--multi goes with --prove"),
        (["commit", "--checkpoint", folder, "--leaf-size", "1KiB"], "config.json"),
        (["commit", "\(folder)/none", "--leaf-size", "1KiB"], "none"),
        (["commit", folder, "--leaf-size", "1KiB"], "not a regular file"),
        (["commit", file, "--leaf-size", "1KiB", "--tree", file], "it is no stored tree"),
        (["prove-check", file, "--root", Self.root], "byte 0"),
        (["prove-check", file, "--root", "abc"], "64 hexadecimal digits"),
      ]
      for (arguments, message) in cases {
        let outcome = try pogo(arguments)
        let text = outcome.errors
        #expect(outcome.code == 2, "\(arguments)")
        #expect(text.hasPrefix("pogo: ") && text.split(separator: "\n").count == 1, "\(text)")
        #expect(text.contains(message), "\(arguments) said: \(text)")
      }
    }
  }
}
