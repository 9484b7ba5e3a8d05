import Models
import Proofs
import Protocol
import Testing

/// Which sequences are trained on: `docs/protocol.md`, sections 3 and 4.
@Suite("Rules of data")
struct DataRuleTests {
  /// A rule with texts of these lengths.
  private static func rule(
    _ lengths: [UInt64], weights: [UInt32]? = nil, _ sampling: DataRule.Sampling = .uniform,
    validation: UInt32 = 0
  ) throws -> DataRule {
    DataRule(
      parts: lengths.enumerated().map {
        .init(tokenCount: $0.element, weight: weights?[$0.offset] ?? 1)
      }, sampling: sampling, validation: try #require(PartsPerMillion(validation)))
  }

  private static func task(_ rule: DataRule?, bytes: Int) throws -> TrainingTask {
    try TrainingTask(
      arithmeticVersion: 1, shape: Fixture.shape, initializationSeed: 1,
      corpus: Commitment(.corpus, byteCount: bytes, leafSize: 256, root: .zero), contextLength: 8,
      batchSize: 2, stepsPerBlock: 4, recipe: FixtureOptions().recipe,
      gradientFormat: Fixture.gradientFormat, modelFormat: Fixture.modelFormat,
      leafValueCount: 64, data: rule)
  }

  @Test("training never sees a token that is kept for validation, nor crosses the end of a text")
  func windowsStayInTheirShare() throws {
    var sampler = SeededSampler(seed: Fixture.digest("data", 1), domain: "texts")
    let context = 8
    for round in 0..<60 as Range<UInt64> {
      let lengths = (0...sampler.uniform(below: 4)).map { _ in 40 + sampler.uniform(below: 90) }
      let share = [0, 250_000, 333_333, 499_999][Int(sampler.uniform(below: 4))]
      for sampling in DataRule.Sampling.allCases {
        let rule = try Self.rule(
          lengths, weights: lengths.map { UInt32($0) }, sampling, validation: UInt32(share))
        // The first token behind each share, by hand.
        var (trained, kept): ([Range<Int>], [Range<Int>]) = ([], [])
        var first = 0
        for length in lengths.map(Int.init) {
          let border = first + length - length * share / 1_000_000
          trained.append(first..<border)
          kept.append(share == 0 ? first..<border : border..<first + length)
          first += length
        }
        let seed = Fixture.digest("seed", round)
        for step in 0..<20 {
          for start in rule.batchStarts(
            trainingSeed: seed, step: step, count: 5, contextLength: context)
          {
            let window = start..<start + context + 1
            #expect(
              trained.contains {
                $0.contains(window.lowerBound) && $0.upperBound >= window.upperBound
              },
              "\(rule), \(start)")
          }
        }
        let places = rule.evaluationPlaces(contextLength: context)
        let starts = (0..<places.count).map { places[$0] }
        #expect(Set(starts).count == starts.count)
        #expect(starts.count == kept.reduce(0) { $0 + $1.count - context })
        for start in starts {
          let window = start..<start + context + 1
          #expect(
            kept.contains { $0.contains(window.lowerBound) && $0.upperBound >= window.upperBound })
        }
      }
    }
  }

  @Test("weighted sampling draws texts by their weights, whatever their lengths")
  func weights() throws {
    let rule = try Self.rule([5000, 100, 900], weights: [1, 3, 6], .weighted)
    var counts = [0, 0, 0]
    for step in 0..<500 {
      for start in rule.batchStarts(
        trainingSeed: Fixture.digest("w", 1), step: step, count: 20, contextLength: 8)
      {
        counts[start < 5000 ? 0 : start < 5100 ? 1 : 2] += 1
      }
    }
    // 10,000 draws: five standard deviations.
    for (count, share) in zip(counts, [0.1, 0.3, 0.6]) {
      #expect(abs(Double(count) - 10_000 * share) < 5 * (10_000 * share * (1 - share)).squareRoot())
    }
  }

  @Test("uniform sampling draws texts by their windows, in the places that one text has")
  func uniform() throws {
    let rule = try Self.rule([1008, 3008])
    var counts = [0, 0]
    for step in 0..<500 {
      for start in rule.batchStarts(
        trainingSeed: Fixture.digest("u", 1), step: step, count: 20, contextLength: 8)
      {
        counts[start < 1008 ? 0 : 1] += 1
      }
    }
    #expect(abs(Double(counts[0]) - 2500) < 5 * (10_000 * 0.25 * 0.75).squareRoot())
    // One text: the draws of the protocol without a rule.
    #expect(
      try Self.rule([500]).batchStarts(
        trainingSeed: Fixture.digest("u", 2), step: 3, count: 50, contextLength: 8)
        == Randomness.batchStarts(
          trainingSeed: Fixture.digest("u", 2), step: 3, count: 50, windows: 492))
  }

  @Test("sequential sampling goes through every stretch once before it begins again")
  func sequential() throws {
    // 12 stretches of 8 tokens with a target behind each in 100 tokens, 3 in 25.
    let rule = try Self.rule([100, 25], .sequential)
    var seen: [Int] = []
    for step in 0..<10 {
      seen += rule.batchStarts(
        trainingSeed: Fixture.digest("s", 1), step: step, count: 3, contextLength: 8)
    }
    let stretches = (0..<12).map { 8 * $0 } + (0..<3).map { 100 + 8 * $0 }
    #expect(Set(seen.prefix(15)) == Set(stretches))
    #expect(seen.prefix(15) == seen.dropFirst(15))
    let offset = try #require(stretches.firstIndex(of: seen[0]))
    #expect(Array(seen.prefix(15)) == (0..<15).map { stretches[(offset + $0) % 15] })
    let others = (2..<12 as Range<UInt64>).map {
      rule.batchStarts(
        trainingSeed: Fixture.digest("s", $0), step: 0, count: 1, contextLength: 8)[0]
    }
    #expect(Set(others).count > 3)
  }

  @Test("a task says its rule in its bytes; one text of bytes has one encoding")
  func encoding() throws {
    let plain = try Self.task(nil, bytes: 200)
    #expect(try Self.task(.plain(byteCount: 200), bytes: 200) == plain)
    #expect(plain.data == nil)
    for rule in [
      try Self.rule([100, 100], .weighted, validation: 100_000),
      try Self.rule([200], .sequential), try Self.rule([200], validation: 250_000),
      DataRule(tokenWidth: .uint16, parts: [.init(tokenCount: 100)]),
    ] {
      let task = try Self.task(rule, bytes: 200)
      let bytes = task.canonicalBytes
      #expect(try TrainingTask(canonicalBytes: bytes) == task)
      #expect(bytes != plain.canonicalBytes)
      for cut in bytes.indices {
        #expect(throws: CanonicalError.self) {
          try TrainingTask(canonicalBytes: Array(bytes[..<cut]))
        }
      }
    }
    // A rule that says nothing has no bytes of its own.
    #expect(throws: CanonicalError.self) {
      try DataRule(canonicalBytes: DataRule.plain(byteCount: 200).canonicalBytes)
    }
  }

  @Test(
    "rules that do not fit their corpus are refused",
    arguments: [
      ([100, 90], [1, 1], 0, "its texts have 190 bytes, but the corpus 200"),
      (
        [192, 8], [1, 1], 0,
        "text 2 has 8 tokens to train on, but one context and its target need 9"
      ),
      ([200], [1], 960_000, "text 1 has 8 tokens to train on"),
      ([100, 100], [1, 1], 80_000, "text 1 keeps 8 tokens for validation"),
      ([100, 100], [1, 0], 0, "weights must be 1...1000000, but that of text 2 is 0"),
      ([], [], 0, "a corpus has 1 to 64 texts, but this one 0"),
      ([.max, 200], [1, 1], 0, "its texts have more than 2^64 bytes"),
    ] as [([UInt64], [UInt32], UInt32, String)])
  func refusals(lengths: [UInt64], weights: [UInt32], share: UInt32, words: String) throws {
    let rule = try Self.rule(lengths, weights: weights, .weighted, validation: share)
    let error = #expect(throws: TaskError.self) { try Self.task(rule, bytes: 200) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test(
    "chains of several texts with a share for validation confirm honest blocks",
    arguments: DataRule.Sampling.allCases)
  func honestChains(sampling: DataRule.Sampling) throws {
    let rule = try Self.rule([1500, 548], weights: [1, 4], sampling, validation: 200_000)
    let fixture = try Fixture(FixtureOptions(progressTokens: 64, progressMargin: 9, data: rule))
    #expect(fixture.task.data == rule)
    let (outcomes, _, verdict) = try fixture.decide(fixture.mine())
    guard case .confirmed = verdict else {
      Issue.record("\(verdict)")
      return
    }
    for outcome in outcomes {
      #expect(outcome.attestation.attestation.isPositive)
      #expect(!outcome.challenge.evaluationStarts.isEmpty)
      // Measured on the last fifth of each text only.
      for start in outcome.challenge.evaluationStarts {
        #expect((1200..<1500 - 8).contains(start) || (1939..<2048 - 8).contains(start))
      }
    }
  }

  @Test("who trains on the share that is kept for validation is slashed")
  func evaluationTraining() throws {
    let rule = try Self.rule([2048], validation: 200_000)
    let fixture = try Fixture(
      FixtureOptions(
        progressTokens: 64, progressMargin: 9, behaviour: EvaluationTraining(), data: rule))
    let (outcomes, _, verdict) = try fixture.decide(fixture.mine())
    guard case .slashedByProof(.gradient) = verdict else {
      Issue.record("\(verdict)")
      return
    }
    #expect(outcomes.allSatisfy { $0.evidence != nil })
  }

  @Test("tokens of 16 bits are trained on, and those beyond the vocabulary refused")
  func wideTokens() throws {
    let shape = try ModelShape.gpt3(
      layerCount: 1, dModel: 8, headCount: 2, contextLength: 8, vocabularySize: 300)
    var sampler = SeededSampler(seed: Fixture.digest("wide", 1), domain: "corpus")
    let tokens = (0..<1024).map { _ in 290 + sampler.uniform(below: 10) }
    let corpus = try Corpus(
      bytes: tokens.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, tokenWidth: .uint16)
    #expect(corpus.tokenCount == 1024 && (0..<1024).allSatisfy { UInt64(corpus[$0]) == tokens[$0] })
    let rule = DataRule(tokenWidth: .uint16, parts: [.init(tokenCount: 1024)])
    func fixture(_ shape: ModelShape) throws -> Fixture {
      try Fixture(
        FixtureOptions(
          progressTokens: 16, progressMargin: 9, shape: shape, data: rule, corpus: corpus))
    }
    let fixture = try fixture(shape)
    let (_, _, verdict) = try fixture.decide(fixture.mine())
    guard case .confirmed = verdict else {
      Issue.record("\(verdict)")
      return
    }
    let error = #expect(throws: TrainingError.self) {
      try Trainer(
        task: Fixture.task(seed: 1, corpus: corpus, data: rule), corpus: corpus,
        arithmetic: Fixture.arithmetic)
    }
    guard case .model(.tokenOutOfRange) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    // The same bytes as bytes are another corpus.
    #expect(throws: TrainingError.otherCorpus) {
      try Trainer(
        task: fixture.task, corpus: Corpus(bytes: corpus.bytes), arithmetic: Fixture.arithmetic)
    }
    #expect(throws: ModelError.self) { try Corpus(bytes: [1, 2, 3], tokenWidth: .uint16) }
  }
}
