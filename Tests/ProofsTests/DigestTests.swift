import Proofs
import Testing

@Suite struct SHA256Tests {
  /// FIPS 180-2, appendix B, and NIST CAVP SHA256ShortMsg.
  static let vectors: [(message: [UInt8], digest: String)] = [
    ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (Array("abc".utf8), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
    ([0xbd], "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"),
    (
      [0xc9, 0x8c, 0x8e, 0x55],
      "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504"
    ),
  ]

  @Test(arguments: vectors.indices)
  func publishedVector(index: Int) throws {
    let (message, hex) = SHA256Tests.vectors[index]
    let expected = try digest(hex)
    #expect(SHA256.hash(message) == expected)
    #expect(SHA256.hash(message[...]) == expected)
    #expect(SHA256.hash(message.lazy.map { $0 }) == expected)
    #expect(message.withUnsafeBytes { SHA256.hash($0) } == expected)
  }

  @Test func piecesGiveTheSameDigestAndFinalizeEmpties() {
    var random = TestRandom(seed: 1)
    var stream = SHA256Stream()
    for length in [0, 1, 63, 64, 65, 127, 128, 1000, 5000] {
      let message = random.bytes(length)
      for cut in Set([0, length / 3, length / 2, length]) {
        stream.update(message[..<cut])
        stream.update(message[cut...])
        #expect(stream.finalize() == SHA256.hash(message))
      }
    }
    #expect(stream.finalize() == SHA256.hash([UInt8]()))
  }
}

@Suite struct DigestTests {
  @Test func bytesAndHexGoBothWays() throws {
    var random = TestRandom(seed: 2)
    for _ in 0..<100 {
      let raw = random.bytes(32)
      let value = try #require(Digest(bytes: raw))
      #expect(value.bytes == raw)
      #expect(Digest(hex: value.hex) == value)
      #expect(Digest(hex: value.hex.uppercased()) == value)
      #expect(value.description == value.hex)
    }
    #expect(countingSeed.hex == "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
    #expect(countingSeed.littleEndianWord(0) == 0x0706_0504_0302_0100)
    #expect(countingSeed.littleEndianWord(3) == 0x1f1e_1d1c_1b1a_1918)
    #expect(Digest.zero.bytes == [UInt8](repeating: 0, count: 32))
  }

  @Test func otherLengthsAndDigitsAreRefused() {
    for count in [0, 1, 31, 33, 64] {
      #expect(Digest(bytes: [UInt8](repeating: 1, count: count)) == nil)
      #expect(Digest(hex: String(repeating: "01", count: count)) == nil)
    }
    #expect(Digest(hex: String(repeating: "0", count: 63)) == nil)
    #expect(Digest(hex: String(repeating: "0", count: 63) + "g") == nil)
    #expect(Digest(hex: String(repeating: "0", count: 62) + " 1") == nil)
    #expect(Digest(hex: String(repeating: "é", count: 32)) == nil)
  }

  @Test func orderIsThatOfTheByteStrings() throws {
    var random = TestRandom(seed: 3)
    for _ in 0..<2000 {
      let left = random.bytes(32)
      // A long common prefix, so that each word gets to decide.
      let common = Int.random(in: 0...32, using: &random)
      let right = Array(left[..<common]) + random.bytes(32 - common)
      let (a, b) = (try #require(Digest(bytes: left)), try #require(Digest(bytes: right)))
      #expect((a < b) == left.lexicographicallyPrecedes(right))
      #expect((a == b) == (left == right))
    }
  }

  @Test func memoryLayoutIsThe32Bytes() {
    #expect(MemoryLayout<Digest>.size == 32)
    #expect(MemoryLayout<Digest>.stride == 32)
    let pair = [SHA256.hash([1]), SHA256.hash([2])]
    #expect(pair.withUnsafeBytes { Array($0) } == pair[0].bytes + pair[1].bytes)
  }

  @Test func taggedHashesDifferInTagCountAndSplitOfParts() {
    let hashes: [Digest] = [
      .tagged("a"), .tagged("b"), .tagged("a", [UInt8]()), .tagged("a", [UInt8](), [UInt8]()),
      .tagged("a", "b"), .tagged("ab"), .tagged("a", UInt8(1), UInt8(2)),
      .tagged("a", UInt16(0x0201)), .tagged("a", [UInt8(1), 2]), .tagged("a", [UInt8(1)], UInt8(2)),
    ]
    #expect(Set(hashes).count == hashes.count)
  }
}
