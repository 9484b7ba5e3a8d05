import Foundation
import Proofs
import Protocol

/// What `Tests/Vectors/protocol.json` holds; `Tests/Vectors/protocol.md` says it in words.
struct ConformanceVectors: Codable, Equatable {
  /// A signed header against the first state of the chain.
  struct Header: Codable, Equatable {
    let name: String
    let bytes: String
    /// `accepted`, `undecodable`, the rule of section 7 that refuses it, or the violation of section
    /// 6.1 for which it can be slashed.
    let expect: String
  }

  /// A signed attestation on the good header.
  struct SignedWord: Codable, Equatable {
    let name: String
    let bytes: String
    /// What it names the evidence by; empty without.
    let evidence: String
    let expect: String
  }

  /// Evidence against a block.
  struct Proof: Codable, Equatable {
    let name: String
    let header: String
    let publication: String
    let bytes: String
    /// What it proves, or why it proves nothing.
    let expect: String
  }

  /// A verifier's random output and what it must look at.
  struct Drawn: Codable, Equatable {
    let output: String
    let leaves: [Int]
    let segments: [Int]
    let evaluationStarts: [Int]
  }

  /// Stakes, votes and the verdict.
  struct Decision: Codable, Equatable {
    let stakes: [UInt64]
    let votes: [String]
    let expect: String
  }

  /// A chain whose segments are microbatches, with blocks and evidence of its own.
  struct Microbatches: Codable, Equatable {
    let genesis: String
    let trainingBeacon: String
    let evidence: [Proof]
    let challenges: [Drawn]
  }

  let genesis: String
  let corpus: String
  let parameters: String
  let trainingBeacon: String
  let challengeBeacon: String
  let publication: String
  let headers: [Header]
  let attestations: [SignedWord]
  let evidence: [Proof]
  let challenges: [Drawn]
  let verdicts: [Decision]
  let microbatches: Microbatches

  static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Vectors/protocol.json")
}

/// Makes the vectors, and works out what this implementation says about given bytes.
struct ConformanceMaker {
  let fixture: Fixture
  let mined: MinedBlock

  init() throws {
    fixture = try Fixture(
      FixtureOptions(leafRate: 200_000, replayRate: 250_000, progressTokens: 16))
    mined = try fixture.mine()
  }

  static func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

  static func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    return stride(from: 0, to: digits.count, by: 2).map {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) ?? 0
    }
  }

  // MARK: judging bytes

  func judge(header bytes: [UInt8]) throws -> String {
    guard let block = try? SignedHeader(canonicalBytes: bytes) else { return "undecodable" }
    var chain = fixture.state
    do { try chain.propose(block) } catch { return Self.word(error) }
    if let violation = StructureCheck.violation(in: block.header, state: fixture.state) {
      return "slashable: \(Self.caseName(violation))"
    }
    return "accepted"
  }

  func judge(attestation bytes: [UInt8], evidence: [UInt8]) throws -> String {
    guard let signed = try? SignedAttestation(canonicalBytes: bytes) else { return "undecodable" }
    var chain = fixture.state
    try chain.propose(mined.signed)
    let brought = evidence.isEmpty ? nil : try Evidence(canonicalBytes: evidence)
    do {
      try fixture.process(
        signed, evidence: brought, block: mined.signed, publication: mined.content, in: &chain)
    } catch let error as RuleViolation { return Self.word(error) }
    return "counted"
  }

  func judge(
    _ proof: ConformanceVectors.Proof, on chain: Fixture? = nil
  ) throws -> String {
    guard let evidence = try? Evidence(canonicalBytes: Self.bytes(proof.bytes)) else {
      return "undecodable"
    }
    let header = try SignedHeader(canonicalBytes: Self.bytes(proof.header)).header
    let publication = try Publication(canonicalBytes: Self.bytes(proof.publication))
    do {
      return "proves: \(try (chain ?? fixture).stranger(publication).judge(evidence, against: header))"
    } catch let error as EvidenceError { return "nothing: \(Self.caseName(error))" }
  }

  static func word(_ violation: RuleViolation) -> String { "refused: \(caseName(violation))" }

  static func caseName(_ value: some Any) -> String {
    if let violation = value as? HeaderViolation { return Self.name(of: violation) }
    return Mirror(reflecting: value).children.first?.label
      ?? String(String(reflecting: value).split(separator: ".").last ?? "")
  }

  private static func name(of violation: HeaderViolation) -> String {
    String(String(reflecting: violation).split(separator: ".").last ?? "")
  }
}
