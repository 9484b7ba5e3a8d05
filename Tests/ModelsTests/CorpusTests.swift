import Models
import Testing

@Suite struct CorpusTests {
  static let corpus = Corpus(bytes: (0..<40).map { UInt8(truncatingIfNeeded: $0 * 37 + 200) })

  @Test(arguments: [1, 2, 7, 38, 39])
  func windowsAreThosePlacesThatHaveATarget(contextLength: Int) throws {
    let windows = try Self.corpus.windowCount(contextLength: contextLength)
    #expect(windows == 40 - contextLength)
    let starts = Array(0..<windows)
    let batch = try Self.corpus.batch(startingAt: starts, contextLength: contextLength)
    #expect(batch.sequenceCount == windows)
    #expect(batch.targets.last == Int32(Self.corpus.bytes.last!))
  }

  @Test func batchHoldsTheWindowsInTheirOrder() throws {
    let starts = [5, 0, 32, 5]
    let batch = try Self.corpus.batch(startingAt: starts, contextLength: 7)
    #expect(batch.sequenceCount == 4 && batch.contextLength == 7 && batch.positionCount == 28)
    for (row, start) in starts.enumerated() {
      for t in 0..<7 {
        #expect(batch.tokens[row * 7 + t] == Int32(Self.corpus.bytes[start + t]))
        #expect(batch.targets[row * 7 + t] == Int32(Self.corpus.bytes[start + t + 1]))
      }
    }
    #expect(batch.tokens.contains { $0 > 127 })
  }

  @Test(arguments: [0, 1, 8])
  func tooShortIsRefused(length: Int) {
    let corpus = Corpus(bytes: Array(repeating: 1, count: length))
    let expected = ModelError.corpusTooShort(tokens: length, needed: 9)
    #expect(throws: expected) { try corpus.windowCount(contextLength: 8) }
    #expect(throws: expected) { try corpus.batch(startingAt: [0], contextLength: 8) }
  }

  @Test func oneTokenMoreIsOneWindow() throws {
    let corpus = Corpus(bytes: Array(1...9))
    #expect(try corpus.windowCount(contextLength: 8) == 1)
    let batch = try corpus.batch(startingAt: [0], contextLength: 8)
    #expect(batch.tokens == Array(1...8))
    #expect(batch.targets == Array(2...9))
  }

  @Test(arguments: [-1, 33, 34, 40, Int.min, Int.max])
  func windowsOutsideAreRefused(start: Int) {
    let error = #expect(throws: ModelError.self) {
      try Self.corpus.batch(startingAt: [0, start], contextLength: 7)
    }
    // The last window of 7 tokens and a target in 40 starts at 32.
    #expect(
      error == .invalidShape("a window starts at \(start), but the last one at 32"))
  }

  @Test func batchWithoutSequencesIsRefused() {
    #expect(throws: ModelError.self) {
      try Self.corpus.batch(startingAt: [], contextLength: 7)
    }
    #expect(throws: ModelError.self) {
      try Self.corpus.batch(startingAt: [0], contextLength: 0)
    }
  }
}

@Suite struct TokenBatchTests {
  static func batch(
    _ sequences: Int, _ length: Int, _ tokens: [Int32], _ targets: [Int32]
  ) throws -> TokenBatch {
    try TokenBatch(
      sequenceCount: sequences, contextLength: length, tokens: tokens, targets: targets,
      vocabularySize: 5)
  }

  @Test func everyTokenOfTheVocabularyIsTaken() throws {
    let batch = try Self.batch(2, 3, [0, 1, 2, 3, 4, 0], [4, 3, 2, 1, 0, 4])
    #expect(batch.tokens == [0, 1, 2, 3, 4, 0] && batch.targets == [4, 3, 2, 1, 0, 4])
    #expect(batch.positionCount == 6)
  }

  @Test(arguments: [
    (2, 2, 3, 4), (2, 2, 4, 3), (2, 2, 5, 5), (0, 2, 0, 0), (2, 0, 0, 0), (-1, -4, 4, 4),
  ])
  func sizesThatDisagreeAreRefused(sequences: Int, length: Int, tokens: Int, targets: Int) {
    let error = #expect(throws: ModelError.self) {
      try Self.batch(
        sequences, length, Array(repeating: 1, count: tokens), Array(repeating: 1, count: targets))
    }
    #expect(error?.description.contains("has \(tokens) and \(targets)") == true)
  }

  @Test(arguments: [-1, 5, Int32.min, Int32.max])
  func tokensOutsideTheVocabularyAreRefused(token: Int32) {
    let expected = ModelError.tokenOutOfRange(
      token: Int(token), position: 2, vocabularySize: 5)
    #expect(throws: expected) { try Self.batch(2, 2, [0, 1, token, 3], [0, 1, 2, 3]) }
    #expect(throws: expected) { try Self.batch(2, 2, [0, 1, 2, 3], [0, 1, token, 3]) }
    #expect(expected.description.contains("token \(token) at position 2"))
  }
}
