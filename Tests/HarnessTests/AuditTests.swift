import Foundation
import Harness
import Testing

@Suite struct AuditTests {
  static let names = [
    "genesis", "corpus", "beacons", "headers", "publications", "patches", "attestations",
    "evidence", "openings",
  ]

  /// The file with one bit of a byte string changed.
  private func flip(_ file: ResultFile, _ path: String, byte: Int, bit: Int) -> ResultFile {
    var file = file
    guard let place = file.variables.firstIndex(where: { $0.path == path }),
      case .uint8(var bytes) = file.variables[place].values
    else {
      Issue.record("no \(path)")
      return file
    }
    bytes[byte] ^= 1 << UInt8(bit)
    file.variables[place] = file.variables[place].replacing(.uint8(bytes))
    return file
  }

  private func stored(_ file: ResultFile) -> ResultFile {
    var file = file
    // As a forger would: with a digest that fits the changed variables.
    file.attributes.append(("exact_digest", file.exactDigest.hex))
    return file
  }

  @Test func anHonestFileHolds() throws {
    let summary = try TinyExperiment.audit(stored(TinyExperiment.run()))
    #expect(summary.blocks == 3)
    #expect(summary.signatures == 12)
    // Stake and earnings of six participants after each of three blocks.
    #expect(summary.balances == 36)
    #expect(summary.evidence >= 2)
    #expect(summary.openings > 0)
    #expect(summary.replayedSteps > 0)
    #expect(summary.lossMeasurements > 0)
    #expect(summary.escapedFrauds.isEmpty)
  }

  @Test(arguments: names)
  func everyFlippedBitIsFound(name: String) throws {
    let file = try TinyExperiment.run()
    guard case .uint8(let bytes) = file["chain/\(name)"]?.values else {
      Issue.record("no chain/\(name)")
      return
    }
    // All bytes of short strings; of long ones a spread that meets every field.
    let stride = max(1, bytes.count / 60)
    for byte in Swift.stride(from: 0, to: bytes.count, by: stride) {
      let changed = stored(flip(file, "chain/\(name)", byte: byte, bit: byte % 8))
      #expect(throws: AuditFailure.self, "byte \(byte) of \(name)") {
        _ = try TinyExperiment.audit(changed)
      }
    }
  }

  @Test(arguments: [
    "headers", "publications", "patches", "attestations", "evidence", "openings", "beacons",
  ])
  func theMessageNamesTheBlock(name: String) throws {
    let file = try TinyExperiment.run()
    guard case .uint8(let bytes) = file["chain/\(name)"]?.values else { return }
    do {
      _ = try TinyExperiment.audit(
        stored(flip(file, "chain/\(name)", byte: bytes.count / 2, bit: 0)))
      Issue.record("the flip was not found")
    } catch { #expect("\(error)".contains("block "), "said: \(error)") }
  }

  @Test(arguments: ["verdict", "stake", "loss_after", "step_loss", "mining_flops"])
  func tablesThatTheChainDoesNotSayAreFound(path: String) throws {
    var file = try TinyExperiment.run()
    guard let place = file.variables.firstIndex(where: { $0.path == path }) else { return }
    let variable = file.variables[place]
    let changed: ResultVariable.Values =
      switch variable.values {
      case .text(var values):
        {
          values[0] = "expired"
          return .text(values)
        }()
      case .int64(var values):
        {
          values[0] += 1
          return .int64(values)
        }()
      case .float64(var values):
        {
          values[0] = -1
          return .float64(values)
        }()
      case .float32(var values):
        {
          values[0] = -1
          return .float32(values)
        }()
      case .uint8(let values): .uint8(values)
      }
    file.variables[place] = variable.replacing(changed)
    #expect(throws: AuditFailure.self) { _ = try TinyExperiment.audit(stored(file)) }
  }

  @Test func aForeignDigestOrSpecIsFound() throws {
    let file = try TinyExperiment.run()
    var foreign = file
    foreign.attributes.append(("exact_digest", String(repeating: "0", count: 64)))
    #expect(throws: AuditFailure.self) { _ = try TinyExperiment.audit(foreign) }
    var other = stored(file)
    other.attributes = other.attributes.map {
      $0.name == "spec_expanded"
        ? ($0.name, $0.text.replacingOccurrences(of: "seed: 3", with: "seed: 4")) : $0
    }
    #expect(throws: AuditFailure.self) { _ = try TinyExperiment.audit(other) }
  }
}
