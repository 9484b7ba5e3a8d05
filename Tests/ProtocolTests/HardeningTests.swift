import Foundation
import Proofs
import Protocol
import Testing

/// How hard to try. CI does a part; `POGO_HARDENING=1` does all of it.
enum Hardening {
  static let isFull = ProcessInfo.processInfo.environment["POGO_HARDENING"] == "1"
  static let mutations = isFull ? 1_000_000 : 30_000
  static let honestVerifications = isFull ? 10_000 : 240

  /// Says what was done where all of it was asked for.
  static func tell(_ words: String, since start: Date) {
    guard isFull else { return }
    print("hardening, \(words), \(Int(Date().timeIntervalSince(start))) s")
  }
}

@Suite("Hardening")
struct HardeningTests {
  @Test("honest blocks get no negative attestation", arguments: 0..<4)
  func honest(part: Int) throws {
    var verifications = 0
    var seed = UInt64(part) * 1_000_000
    let start = Date()
    while verifications < Hardening.honestVerifications / 4 {
      seed += 1
      var fixture = try Fixture(HonestChains.options(seed, verifiers: 10))
      for _ in 0..<2 {
        let mined = try fixture.mine()
        let (outcomes, chain, verdict) = try fixture.decide(mined)
        verifications += outcomes.count
        #expect(verdict == .confirmed, "seed \(seed)")
        #expect(
          outcomes.allSatisfy {
            $0.failure == nil && $0.evidence == nil && $0.attestation.attestation.isPositive
          }, "seed \(seed)")
        fixture.state = chain
        fixture.parent = mined.model
      }
    }
    Hardening.tell("part \(part): \(verifications) verifications, no negative", since: start)
  }

  @Test(
    "mutated blocks, attestations and evidence crash nothing and change nothing", arguments: 0..<4)
  func mutations(part: Int) throws {
    let fixture = try Fixture(FixtureOptions(leafRate: 100_000))
    let mined = try fixture.mine()
    let block = mined.signed
    let evidence = FalseEvidenceTests.all(mined)
    var open = fixture.state
    try open.propose(block)
    let signed = try fixture.attestation(by: 0, on: block, .leaf, evidence: evidence[2])
    let input = try fixture.context(block).challengeInput
    let judge = try fixture.stranger(mined.publication())
    let originals =
      [block.canonicalBytes, signed.canonicalBytes] + evidence.map(\.canonicalBytes)
      + [mined.content.canonicalBytes, mined.answer(leaf: 3)!.canonicalBytes]
    var mutator = Mutator(seed: Fixture.digest("hardening", UInt64(part)))
    var refused = 0
    let start = Date()
    for round in 0..<Hardening.mutations / 4 {
      let index = round % originals.count
      let bytes = mutator.mutate(originals[index], others: originals)
      guard bytes != originals[index] else { continue }
      switch index {
      case 0:
        guard let decoded = try? SignedHeader(canonicalBytes: bytes) else { break }
        var chain = fixture.state
        #expect(throws: RuleViolation.self, "round \(round)") { try chain.propose(decoded) }
        #expect(chain == fixture.state)
        refused += 1
      case 1:
        guard let decoded = try? SignedAttestation(canonicalBytes: bytes) else { break }
        var chain = open
        #expect(throws: RuleViolation.self, "round \(round)") {
          try chain.process(
            decoded, evidence: evidence[2], finding: nil, challengeInput: input)
        }
        #expect(chain == open)
        refused += 1
      case 2..<2 + evidence.count:
        guard let decoded = try? Evidence(canonicalBytes: bytes) else { break }
        // Replays are dear: most changes do not get that far.
        if case .segment = decoded.proof, round % 16 != 0 { break }
        #expect(throws: EvidenceError.self, "round \(round)") {
          try judge.judge(decoded, against: block.header)
        }
        refused += 1
      case originals.count - 2:
        if let decoded = try? Publication(canonicalBytes: bytes) {
          #expect(decoded.canonicalBytes == bytes)
        }
      default:
        guard let decoded = try? LeafAnswer(canonicalBytes: bytes) else { break }
        #expect(throws: CheckFailure.self, "round \(round)") {
          try LeafCheck.checkOpenings(
            of: decoded, leaf: 3, header: block.header, records: mined.content.records,
            task: fixture.task)
        }
        refused += 1
      }
    }
    #expect(refused > Hardening.mutations / 40)
    Hardening.tell(
      "part \(part): \(Hardening.mutations / 4) changed inputs, \(refused) decoded and refused",
      since: start)
  }

  /// Bytes of the signed work that no rule binds: a header with others is another honest header.
  static func isUnbound(_ byte: Int) -> Bool { (342..<366).contains(byte) }

  @Test("any bit of a header that its miner signs anew is refused or slashed, for its own reason")
  func signedFlips() throws {
    let fixture = try Fixture(
      FixtureOptions(leafRate: 1, replayRate: 1, verifierStakes: [100]))
    let mined = try fixture.mine()
    let bytes = mined.signed.header.canonicalBytes
    var reasons: [String: Int] = [:]
    for bit in 0..<bytes.count * 8 {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      guard let header = try? BlockHeader(canonicalBytes: flipped) else {
        reasons["undecodable", default: 0] += 1
        continue
      }
      let block = try SignedHeader(signing: header, with: fixture.miner.key)
      var chain = fixture.state
      do throws(RuleViolation) { try chain.propose(block) } catch {
        #expect(chain == fixture.state)
        let expected =
          switch bit / 8 {
          case 2..<34: "wrongParent"
          case 34..<42: "wrongHeight"
          default: "unknownMiner"
          }
        #expect("\(Self.name(error))" == expected, "bit \(bit): \(error)")
        reasons[expected, default: 0] += 1
        continue
      }
      let outcome = try fixture.verify(0, block, server: mined)
      let byte = bit / 8
      let expected: Attestation.Reason =
        switch byte {
        // Roots of parameters after, twin and trace: nothing served lies under them.
        case 180..<212, 225..<257, 270..<302: .unavailable
        case _ where Self.isUnbound(byte): .positive
        default: .structure
        }
      #expect(outcome.attestation.attestation.reason == expected, "bit \(bit)")
      reasons[expected.description, default: 0] += 1
    }
    #expect(reasons["structure", default: 0] > 500 && reasons["no valid answer", default: 0] > 500)
    #expect(reasons["wrongParent"] == 256 && reasons["wrongHeight"] == 64)
  }

  private static func name(_ violation: RuleViolation) -> String {
    switch violation {
    case .wrongParent: "wrongParent"
    case .wrongHeight: "wrongHeight"
    case .unknownMiner: "unknownMiner"
    case .invalidSignature: "invalidSignature"
    default: "\(violation)"
    }
  }
}

/// Changes bytes as a careless or malicious sender would; the same for a seed on every machine.
struct Mutator {
  private var sampler: SeededSampler

  init(seed: Digest) { sampler = SeededSampler(seed: seed, domain: "mutator") }

  private mutating func below(_ bound: Int) -> Int {
    Int(sampler.uniform(below: UInt64(max(1, bound))))
  }

  /// One to four changes: bits, bytes, lengths, pieces of other strings.
  mutating func mutate(_ original: [UInt8], others: [[UInt8]]) -> [UInt8] {
    var bytes = original
    for _ in 0...below(3) {
      guard !bytes.isEmpty else { break }
      let place = below(bytes.count)
      switch below(8) {
      case 0, 1: bytes[place] ^= 1 << UInt8(below(8))
      case 2: bytes[place] = UInt8(below(256))
      case 3: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF][below(5)]
      case 4: bytes.remove(at: place)
      case 5: bytes.insert(UInt8(below(256)), at: place)
      case 6: bytes.removeLast(below(bytes.count))
      default:
        let other = others[below(others.count)]
        bytes = Array(bytes[..<place]) + other.dropFirst(place)
      }
    }
    return bytes
  }
}
