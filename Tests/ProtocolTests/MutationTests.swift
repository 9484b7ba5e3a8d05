import Proofs
import Protocol
import Testing

@Suite("No change of the bytes goes unnoticed")
struct MutationTests {
  /// Calls `body` with every string that differs from `bytes` in one bit.
  func eachFlip(_ bytes: [UInt8], _ body: ([UInt8], Int) throws -> Void) rethrows {
    var flipped = bytes
    for bit in 0..<bytes.count * 8 {
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      try body(flipped, bit)
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
    }
  }

  @Test("any bit of a signed header")
  func header() throws {
    let block = try Fixture().mine().signed
    let bytes = block.canonicalBytes
    #expect(bytes.count == 440)
    #expect(try SignedHeader(canonicalBytes: bytes).hasValidSignature)
    eachFlip(bytes) { flipped, bit in
      guard let decoded = try? SignedHeader(canonicalBytes: flipped) else { return }
      #expect(!decoded.hasValidSignature, "bit \(bit)")
      #expect(decoded.canonicalBytes == flipped, "bit \(bit)")
    }
  }

  @Test("any bit of a signed attestation, with and without evidence")
  func attestation() throws {
    let fixture = try Fixture()
    let block = try fixture.mine().signed
    let evidence = Evidence(block: block.header.digest, proof: .header)
    let plain = try fixture.attestation(by: 0, on: block)
    let accusing = try fixture.attestation(by: 0, on: block, .structure, evidence: evidence)
    for (signed, size) in [(plain, 305), (accusing, 337)] {
      let bytes = signed.canonicalBytes
      #expect(bytes.count == size)
      #expect(try SignedAttestation(canonicalBytes: bytes).hasValidSignature)
      eachFlip(bytes) { flipped, bit in
        guard let decoded = try? SignedAttestation(canonicalBytes: flipped) else { return }
        #expect(!decoded.hasValidSignature, "bit \(bit)")
        #expect(decoded.canonicalBytes == flipped, "bit \(bit)")
      }
    }
  }

  @Test("any bit of a leaf answer", arguments: [0, 7])
  func answer(leaf: Int) throws {
    let fixture = try Fixture()
    let mined = try fixture.mine()
    let index = leaf == 0 ? 0 : fixture.task.leafCount - 1
    func check(_ answer: LeafAnswer) throws(CheckFailure) {
      try LeafCheck.checkOpenings(
        of: answer, leaf: index, header: mined.signed.header, records: mined.content.records,
        task: fixture.task)
    }
    let answer = try #require(mined.answer(leaf: index))
    try check(answer)
    let bytes = answer.canonicalBytes
    var decodable = 0
    eachFlip(bytes) { flipped, bit in
      guard let decoded = try? LeafAnswer(canonicalBytes: flipped) else { return }
      decodable += 1
      do {
        try check(decoded)
        Issue.record("bit \(bit) does not matter")
      } catch {
        guard case CheckFailure.unavailable = error else {
          Issue.record("bit \(bit): \(error)")
          return
        }
      }
    }
    // Most bits are data: a decoder that refuses everything would prove nothing.
    #expect(decodable > bytes.count * 6)
  }

  @Test("random changes of evidence prove nothing against an honest block", arguments: 0..<4)
  func evidence(part: Int) throws {
    let fixture = try Fixture()
    let mined = try fixture.mine()
    let header = mined.signed.header
    let judge = try fixture.stranger(mined.publication())
    let originals = FalseEvidenceTests.all(mined).map(\.canonicalBytes)
    var sampler = SeededSampler(seed: Fixture.digest("mutation", UInt64(part)), domain: "mutation")
    func below(_ bound: Int) -> Int { Int(sampler.uniform(below: UInt64(bound))) }
    var judged = 0
    for round in 0..<5000 {
      var bytes = originals[below(originals.count)]
      for _ in 0...below(3) {
        guard !bytes.isEmpty else { break }
        // Half of the changes after the block's digest, so that not all fail at that.
        let place = below(2) == 0 ? below(bytes.count) : min(32 + below(40), bytes.count - 1)
        switch below(7) {
        case 0: bytes[place] ^= 1 << UInt8(below(8))
        case 1: bytes[place] = UInt8(below(256))
        case 2: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF][below(5)]
        case 3: bytes.remove(at: place)
        case 4: bytes.insert(UInt8(below(256)), at: place)
        case 5: bytes.removeLast(below(bytes.count))
        default:
          let other = originals[below(originals.count)]
          bytes = Array(bytes[..<place]) + other.dropFirst(place)
        }
      }
      guard let decoded = try? Evidence(canonicalBytes: bytes) else { continue }
      #expect(decoded.canonicalBytes == bytes, "round \(round)")
      judged += 1
      #expect(throws: EvidenceError.self, "round \(round)") {
        try judge.judge(decoded, against: header)
      }
    }
    #expect(judged > 1000)
  }

  @Test("random bytes never decode to anything that is not those bytes")
  func garbage() throws {
    var sampler = SeededSampler(seed: Fixture.digest("garbage", 1), domain: "garbage")
    for _ in 0..<2000 {
      let count = Int(sampler.uniform(below: 500))
      let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: sampler.next()) }
      if let value = try? Evidence(canonicalBytes: bytes) { #expect(value.canonicalBytes == bytes) }
      if let value = try? LeafAnswer(canonicalBytes: bytes) {
        #expect(value.canonicalBytes == bytes)
      }
      if let value = try? Publication(canonicalBytes: bytes) {
        #expect(value.canonicalBytes == bytes)
      }
      if let value = try? Genesis(canonicalBytes: bytes) { #expect(value.canonicalBytes == bytes) }
    }
  }
}
