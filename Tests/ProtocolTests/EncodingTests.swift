import Models
import Proofs
import Protocol
import Quant
import Testing

@Suite("Canonical encodings of the protocol")
struct EncodingTests {
  /// Decodes to the same value; no prefix decodes, and nothing with a byte more.
  func expectRoundTrip<Value: CanonicalCodable & Equatable>(
    _ value: Value, byteCount: Int? = nil
  ) throws {
    let bytes = value.canonicalBytes
    if let byteCount { #expect(bytes.count == byteCount, "\(Value.self)") }
    let decoded = try Value(canonicalBytes: bytes)
    #expect(decoded == value)
    #expect(decoded.canonicalBytes == bytes)
    for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 200)) {
      #expect(throws: CanonicalError.self, "\(Value.self) cut to \(count)") {
        try Value(canonicalBytes: Array(bytes.prefix(count)))
      }
    }
    #expect(throws: CanonicalError.self) { try Value(canonicalBytes: bytes + [0]) }
  }

  @Test("come back as they went, in the documented sizes")
  func roundTrips() throws {
    let fixture = try Fixture()
    let mined = try fixture.mine()
    try expectRoundTrip(Height(.max), byteCount: 8)
    try expectRoundTrip(VirtualTime(milliseconds: 1 << 40), byteCount: 8)
    try expectRoundTrip(Stake(7), byteCount: 8)
    try expectRoundTrip(PartsPerMillion(1_000_000)!, byteCount: 4)
    try expectRoundTrip(mined.signed.header.work, byteCount: 32)
    try expectRoundTrip(fixture.task, byteCount: 175)
    try expectRoundTrip(fixture.genesis.constants, byteCount: 80)
    try expectRoundTrip(ProtocolConstants.paper, byteCount: 80)
    try expectRoundTrip(fixture.genesis.miners[0], byteCount: 40)
    try expectRoundTrip(fixture.genesis.verifiers[0], byteCount: 73)
    try expectRoundTrip(
      fixture.genesis, byteCount: 175 + 80 + 4 + 40 + 4 + 3 * 73 + 32 + 45 + 45 + 1)
    try expectRoundTrip(mined.signed.header, byteCount: 376)
    try expectRoundTrip(mined.signed, byteCount: 440)
    try expectRoundTrip(mined.content.records[1], byteCount: 136)
    #expect(fixture.task.traceRecordByteCount == 136)
    try expectRoundTrip(mined.content)
    let answer = try #require(mined.answer(leaf: fixture.task.leafCount - 1))
    try expectRoundTrip(answer)
    var transcript = Transcript()
    try expectRoundTrip(transcript, byteCount: 4)
    transcript.answers = [answer, mined.answer(leaf: 0)!]
    try expectRoundTrip(transcript)
    for evidence in FalseEvidenceTests.all(mined) { try expectRoundTrip(evidence) }
    try expectRoundTrip(
      Evidence(block: .zero, proof: .header), byteCount: 33)
    try expectRoundTrip(Evidence(block: .zero, proof: .segment(3, state: nil)), byteCount: 38)
    try expectRoundTrip(
      Evidence(block: .zero, proof: .equivocation(mined.signed)), byteCount: 33 + 440)
    for (_, constants) in ProtocolConstants.presets {
      try expectRoundTrip(constants, byteCount: 80)
    }
    let plain = try fixture.attestation(by: 0, on: mined.signed)
    try expectRoundTrip(plain.attestation, byteCount: 241)
    try expectRoundTrip(plain, byteCount: 305)
    for reason in Attestation.Reason.allCases {
      let signed = try fixture.attestation(
        by: 1, on: mined.signed, reason, evidence: Evidence(block: .zero, proof: .header))
      try expectRoundTrip(signed.attestation, byteCount: 273)
      try expectRoundTrip(signed, byteCount: 337)
    }
  }

  @Test("refuse unknown versions, tags and impossible values")
  func refusals() throws {
    let fixture = try Fixture()
    let mined = try fixture.mine()
    func refuse<Value: CanonicalCodable>(_ value: Value, byte: Int, _ wrong: UInt8) {
      var bytes = value.canonicalBytes
      bytes[byte] = wrong
      #expect(throws: CanonicalError.self, "\(Value.self), byte \(byte)") {
        try Value(canonicalBytes: bytes)
      }
    }
    refuse(mined.signed.header, byte: 0, 2)
    refuse(mined.signed.header, byte: 1, 1)
    refuse(mined.signed.header, byte: 374, 2)
    let attestation = try fixture.attestation(by: 0, on: mined.signed).attestation
    refuse(attestation, byte: 0, 0)
    refuse(attestation, byte: 147, 7)
    refuse(attestation, byte: 148, 2)
    for tag in [0, 7, 255] as [UInt8] {
      refuse(Evidence(block: .zero, proof: .header), byte: 32, tag)
    }
    // 1,000,001 parts in a million.
    refuse(PartsPerMillion(1_000_000)!, byte: 0, 0x41)
    // Batch size, steps, learning rate and leaf size of a task, all zero or out of range.
    var bytes = fixture.task.canonicalBytes
    for range in [
      96..<100, 100..<104, 104..<108, 109..<113, 122..<126, 126..<130, 168..<172,
    ] {
      bytes.replaceSubrange(range, with: [0, 0, 0, 0])
      #expect(throws: CanonicalError.self, "\(range)") {
        try TrainingTask(canonicalBytes: bytes)
      }
      bytes = fixture.task.canonicalBytes
    }
  }

  @Test("a task refuses values that do not fit each other")
  func tasks() throws {
    let good = try Fixture.task(seed: 1)
    func make(
      context: Int = 8, batch: Int = 2, steps: Int = 4, rate: Float = 0.1, leaf: Int = 64,
      vocabulary: Int = 256, corpus: Int = 2048
    ) throws -> TrainingTask {
      try TrainingTask(
        arithmeticVersion: 1,
        shape: .gpt3(
          layerCount: 1, dModel: 8, headCount: 2, contextLength: 8, vocabularySize: vocabulary),
        initializationSeed: 1,
        corpus: Commitment(
          .corpus, byteCount: corpus, leafSize: 256, root: good.corpus.root),
        contextLength: context, batchSize: batch, stepsPerBlock: steps, learningRate: rate,
        gradientFormat: good.gradientFormat, modelFormat: good.modelFormat, leafValueCount: leaf)
    }
    _ = try make()
    _ = try make(context: 1, batch: 1, steps: 1, leaf: 16, corpus: 2)
    for context in [0, -1, 9] {
      #expect(throws: TaskError.contextTooLong(context: context, longest: 8)) {
        try make(context: context)
      }
    }
    #expect(throws: TaskError.vocabularyTooSmall(255)) { try make(vocabulary: 255) }
    #expect(throws: TaskError.corpusTooShort(tokens: 8, needed: 9)) { try make(corpus: 8) }
    for count in [0, -1, 1_000_001] {
      #expect(throws: TaskError.countOutOfRange) { try make(batch: count) }
      #expect(throws: TaskError.countOutOfRange) { try make(steps: count) }
    }
    for rate in [0, -1, .infinity] as [Float] {
      #expect(throws: TaskError.learningRate(rate)) { try make(rate: rate) }
    }
    #expect(throws: TaskError.self) { try make(rate: .nan) }
    for leaf in [0, -16, 8, 17, (1 << 24) + 16] {
      #expect(throws: TaskError.leafCutsGroup(leafValues: leaf, groupSize: 16)) {
        try make(leaf: leaf)
      }
    }
  }
}
