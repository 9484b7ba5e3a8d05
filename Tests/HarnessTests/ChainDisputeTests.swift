import Foundation
import Harness
import Testing

/// Accusations inside a chain are settled by disputes, which an audit settles again.
@Suite struct ChainDisputeTests {
  static let spec = TinyExperiment.spec
    .replacingOccurrences(
      of: "blocks: 3", with: "blocks: 5"
    ).replacingOccurrences(
      of: "    - {name: eve, behaviour: faked-steps, fraction: 1}",
      with: """
            - {name: eve, behaviour: faked-steps, fraction: 1}
            - {name: bob, behaviour: false-operator}
            - {name: liz, behaviour: false-loss}
        """
    ).replacingOccurrences(
      of: "replay_rate: 0.5, progress_tokens: 16, progress_margin: 5",
      with: "replay_rate: 1, progress_tokens: 16, progress_margin: 5, disputes: true"
    ).replacingOccurrences(of: "{name: larry, behaviour: lazy}", with: "{name: ivan, behaviour: forger}")

  static func run(_ spec: String = spec) throws -> ResultFile {
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var file = try Experiment(readingSpecAt: TinyExperiment.write(to: folder, spec: spec)).run(
      arithmetic: TinyExperiment.arithmetic(), commandLine: "pogo run tiny.yaml",
      observer: SilentObserver())
    file.attributes.append(("exact_digest", file.exactDigest.hex))
    return file
  }

  @Test func everyAccusedSegmentIsSettledAgainstWhoLied() throws {
    let file = try Self.run()
    func texts(_ name: String) throws -> [String] {
      guard case .text(let values) = try #require(file[name]).values else { return [] }
      return values
    }
    func numbers(_ name: String) throws -> [Int64] {
      guard case .int64(let values) = try #require(file[name]).values else { return [] }
      return values
    }
    // Tampered leaves are no matter of a segment. The forger accuses every miner of a segment, but
    // honest verifiers come first where there is something to see.
    let contested = try texts("dispute_contested")
    let guilty = try texts("dispute_guilty")
    for block in [2, 3, 4] {
      #expect(guilty[block] == "accused")
      #expect(try texts("dispute_accuser")[block] == "vera")
      #expect(try numbers("dispute_rounds")[block] > 2)
      #expect(try numbers("dispute_bytes")[block] > 0)
      #expect(
        try numbers("dispute_flops")[block] < numbers("dispute_segment_flops")[block] / 4)
    }
    #expect(contested[2...] == ["gradient", "operator", "loss"])
    #expect(try texts("dispute_operator")[3].hasPrefix("forward 0: "))
    for block in 0..<2 where !contested[block].isEmpty {
      #expect(try texts("dispute_accuser")[block] == "ivan")
      #expect(contested[block] == "nothing" && guilty[block] == "nobody")
    }
    let verdicts = try texts("verdict")
    for block in contested.indices where guilty[block] == "accused" {
      #expect(verdicts[block].hasPrefix("slashed"))
    }

    let summary = try TinyExperiment.audit(file)
    #expect(summary.disputes == contested.count { !$0.isEmpty })

    // A file that tells of another outcome is found out.
    var altered = file
    let place = try #require(altered.variables.firstIndex { $0.path == "dispute_guilty" })
    var words = guilty
    words[3] = "accuser"
    altered.variables[place] = altered.variables[place].replacing(.text(words))
    altered.attributes.removeAll { $0.name == "exact_digest" }
    altered.attributes.append(("exact_digest", altered.exactDigest.hex))
    #expect {
      try TinyExperiment.audit(altered)
    } throws: { "\($0)".contains("variable dispute_guilty is not what the chain says") }
  }

  @Test func nothingElseDependsOnThem() throws {
    let plain = try Self.run(Self.spec.replacingOccurrences(of: ", disputes: true", with: ""))
    #expect(!plain.variables.contains { $0.path.hasPrefix("dispute_") })
    func exact(_ file: ResultFile) -> ResultFile {
      ResultFile(
        attributes: [],
        variables: file.variables.filter {
          $0.determinism == .exact && !$0.path.hasPrefix("dispute_")
        })
    }
    #expect(exact(plain).exactDigest == exact(try Self.run()).exactDigest)
  }
}
