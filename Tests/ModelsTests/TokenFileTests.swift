import Foundation
import Models
import Testing

@Suite struct TokenFileTests {
  /// Written by NumPy with the header of llm.c's `data_common.py`.
  @Test func readsAFileThatWeDidNotWrite() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Vectors/checkpoints/gpt2-bare/tokens.bin")
    let bytes = [UInt8](try Data(contentsOf: path))
    let file = try TokenFile(bytes: bytes)
    #expect(file.tokens.count == 10 && file.tokens[3] == 0)
    #expect(file.tokens.contains { $0 > 255 } && file.tokens.allSatisfy { $0 < 300 })
    #expect(file.bytes == bytes)
  }

  @Test func sequencesFollowEachOther() throws {
    let file = TokenFile(tokens: [5, 6, 7, 8, 9, 10, 11, 12])
    let batch = try file.leadingBatch(sequenceCount: 2, contextLength: 3, vocabularySize: 16)
    #expect(batch.tokens == [5, 6, 7, 8, 9, 10])
    #expect(batch.targets == [6, 7, 8, 9, 10, 11])
    #expect(throws: ModelError.self) {
      try file.leadingBatch(sequenceCount: 2, contextLength: 4, vocabularySize: 16)
    }
    #expect(throws: ModelError.tokenOutOfRange(token: 11, position: 5, vocabularySize: 11)) {
      try file.leadingBatch(sequenceCount: 2, contextLength: 3, vocabularySize: 11)
    }
    for (sequences, context) in [(0, 1), (1, 0), (-1, 3), (.max, 2), (2, .max)] {
      #expect(throws: ModelError.self) {
        try file.leadingBatch(sequenceCount: sequences, contextLength: context, vocabularySize: 16)
      }
    }
  }

  @Test func otherBytesAreRefused() {
    let good = TokenFile(tokens: [1, 2, 3]).bytes
    #expect((try? TokenFile(bytes: good))?.tokens == [1, 2, 3])
    for count in 0..<1024 {
      #expect(throws: TokenFileError.tooShort(byteCount: count)) {
        try TokenFile(bytes: Array(good[..<count]))
      }
    }
    func changed(_ place: Int, _ value: UInt8) -> [UInt8] {
      var bytes = good
      bytes[place] = value
      return bytes
    }
    #expect(throws: TokenFileError.wrongMagic(20_240_521)) {
      try TokenFile(bytes: changed(0, good[0] + 1))
    }
    #expect(throws: TokenFileError.wrongVersion(2)) { try TokenFile(bytes: changed(4, 2)) }
    for bytes in [changed(8, 4), changed(11, 0x80), good + [0], Array(good.dropLast())] {
      #expect(throws: TokenFileError.self) { try TokenFile(bytes: bytes) }
    }
  }
}
