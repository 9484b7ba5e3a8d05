import Proofs
import Testing

/// One of everything that can be encoded.
struct Everything: CanonicalCodable, Equatable {
  var byte: UInt8 = 1
  var short: UInt16 = 0x0302
  var word: UInt32 = 0x0706_0504
  var long: UInt64 = 0x0f0e_0d0c_0b0a_0908
  var signed: Int64 = -2
  var number = -3
  var float: Float = -0.0
  var double = 0.1
  var flag = true
  var text = "größer"
  var raw: [UInt8] = [9, 8, 7]
  var digests = [SHA256.hash([1]), SHA256.hash([2])]
  var names = ["", "a"]
  var some: UInt16? = 5
  var none: Digest?
  var opening = LeafOpening(
    leaf: [1, 2], proof: InclusionProof(leafIndex: 3, leafCount: 4, auditPath: [.zero]))

  init() {}

  func encode(to writer: inout CanonicalWriter) {
    writer.append(byte)
    writer.append(short)
    writer.append(word)
    writer.append(long)
    writer.append(signed)
    writer.append(number)
    writer.append(float)
    writer.append(double)
    writer.append(flag)
    writer.append(text)
    writer.append(raw)
    writer.append(digests)
    writer.append(names)
    writer.append(some)
    writer.append(none)
    writer.append(opening)
  }

  init(from reader: inout CanonicalReader) throws(CanonicalError) {
    byte = try reader.readUInt8()
    short = try reader.readUInt16()
    word = try reader.readUInt32()
    long = try reader.readUInt64()
    signed = try reader.readInt64()
    number = try reader.read()
    float = try reader.readFloat()
    double = try reader.readDouble()
    flag = try reader.readBool()
    text = try reader.readString()
    raw = try reader.readBytes()
    digests = try reader.readArray()
    names = try reader.readArray()
    some = try reader.read()
    none = try reader.read()
    opening = try reader.read()
  }
}

@Suite struct CanonicalCodingTests {
  @Test func bytesAreAsDocumented() throws {
    let encoded = Everything().canonicalBytes
    let fixed =
      "01" + "0203" + "04050607" + "08090a0b0c0d0e0f" + "feffffffffffffff" + "fdffffffffffffff"
      + "00000080" + "9a9999999999b93f" + "01"
    let texts = "08000000" + "6772c3b6c39f6572" + "03000000" + "090807"
    #expect(Hexadecimal.encode(encoded).hasPrefix(fixed + texts + "02000000"))
    #expect(try Everything(canonicalBytes: encoded) == Everything())
    #expect([UInt16(1), 2].canonicalBytes == [2, 0, 0, 0, 1, 0, 2, 0])
    #expect([UInt8(5), 6].canonicalBytes == [2, 0, 0, 0, 5, 6])
    #expect(UInt8?.none.canonicalBytes == [0])
    #expect(UInt8?.some(7).canonicalBytes == [1, 7])
  }

  @Test func floatsKeepTheirBits() throws {
    for pattern: UInt32 in [0, 0x8000_0000, 1, 0x7f80_0000, 0x7fc0_0001, 0x7fa0_0000, 0xffff_ffff] {
      let encoded = Float(bitPattern: pattern).canonicalBytes
      #expect(encoded == pattern.canonicalBytes)
      #expect(try Float(canonicalBytes: encoded).bitPattern == pattern)
    }
  }

  @Test func everyPrefixAndEveryExtensionIsRefused() throws {
    let encoded = Everything().canonicalBytes
    for length in 0..<encoded.count {
      #expect(throws: CanonicalError.self) {
        try Everything(canonicalBytes: Array(encoded[..<length]))
      }
    }
    #expect(throws: CanonicalError.trailingBytes(offset: encoded.count, count: 1)) {
      try Everything(canonicalBytes: encoded + [0])
    }
  }

  @Test func slicesAreReadFromTheirStart() throws {
    let padded: [UInt8] = [0xff, 0xff, 7, 0, 3]
    var reader = CanonicalReader(padded[2..<4])
    #expect(try reader.readUInt16() == 7)
    #expect(reader.offset == 2)
    try reader.finish()
    #expect(
      throws: CanonicalError.unexpectedEnd(offset: 2, expected: "UInt8", needed: 1, remaining: 0)
    ) { try reader.readUInt8() }
  }

  @Test func claimedLengthsAreLimitedByWhatFollows() {
    let huge: [UInt8] = [0xff, 0xff, 0xff, 0xff] + [UInt8](repeating: 0, count: 64)
    let most = UInt64(UInt32.max)
    #expect(
      throws: CanonicalError.lengthTooLarge(
        offset: 0, expected: "byte string", length: most, limit: 64)
    ) { try [UInt8](canonicalBytes: huge) }
    #expect(
      throws: CanonicalError.lengthTooLarge(
        offset: 0, expected: "string", length: most, limit: 64)
    ) { try String(canonicalBytes: huge) }
    #expect(
      throws: CanonicalError.lengthTooLarge(
        offset: 0, expected: "array of Digest", length: most, limit: 2)
    ) { try [Digest](canonicalBytes: huge) }
    // Each empty string takes four bytes, so 64 bytes hold at most 16.
    #expect(throws: CanonicalError.self) {
      try [String](canonicalBytes: [17, 0, 0, 0] + [UInt8](repeating: 0, count: 64))
    }
    #expect(throws: Never.self) {
      try [String](canonicalBytes: [16, 0, 0, 0] + [UInt8](repeating: 0, count: 64))
    }
  }

  @Test func valuesThatNoEncoderWritesAreRefused() {
    for byte in UInt8(2)...255 {
      #expect(
        throws: CanonicalError.invalidValue(offset: 0, expected: "0 or 1", actual: "\(byte)")
      ) { try Bool(canonicalBytes: [byte]) }
    }
    for text: [UInt8] in [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]] {
      #expect(throws: CanonicalError.invalidUTF8(offset: 4)) {
        try String(canonicalBytes: UInt32(text.count).canonicalBytes + text)
      }
    }
    for kind in UInt8.min...UInt8.max where CommitmentKind(rawValue: kind) == nil {
      #expect(throws: CanonicalError.self) { try CommitmentKind(canonicalBytes: [kind]) }
    }
    let tooLarge = (UInt64(1) << 63).canonicalBytes
    let zeroes = [UInt8](repeating: 0, count: 12)
    #expect(throws: CanonicalError.self) {
      try InclusionProof(canonicalBytes: tooLarge + zeroes)
    }
    let noLeaf = [UInt8(1)] + UInt64(5).canonicalBytes + UInt32(0).canonicalBytes
    #expect(throws: CanonicalError.self) {
      try Commitment(canonicalBytes: noLeaf + Digest.zero.bytes)
    }
  }

  @Test func kindsKeepTheirNumbers() {
    #expect(CommitmentKind.allCases.map(\.rawValue) == Array(1...10))
  }
}

/// Random damage: decoding never crashes, and what still decodes encodes to the same bytes.
@Suite struct CanonicalFuzzTests {
  static func survives<Value: CanonicalCodable>(_ type: Value.Type, _ input: [UInt8]) -> Bool {
    guard let value = try? Value(canonicalBytes: input) else { return false }
    #expect(value.canonicalBytes == input)
    return true
  }

  static func mutated(_ bytes: [UInt8], _ random: inout TestRandom) -> [UInt8] {
    var result = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let place = Int.random(in: 0...result.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0 where place < result.count: result[place] ^= 1 << Int.random(in: 0..<8, using: &random)
      case 1 where place < result.count: result[place] = UInt8.random(in: 0...255, using: &random)
      case 2: result.insert(UInt8.random(in: 0...255, using: &random), at: place)
      case 3 where place < result.count: result.remove(at: place)
      case 4: result = Array(result[..<place])
      default: result.append(contentsOf: result[place...].prefix(9))
      }
    }
    return result
  }

  @Test func aHundredThousandMutations() {
    var random = TestRandom(seed: 7)
    var survivors = 0
    let everything = Everything().canonicalBytes
    let opening = Everything().opening.canonicalBytes
    let digests = Everything().digests.canonicalBytes
    let commitment = CommitmentTests.commitment.canonicalBytes
    for _ in 0..<25_000 {
      survivors += Self.survives(Everything.self, Self.mutated(everything, &random)) ? 1 : 0
      survivors += Self.survives(LeafOpening.self, Self.mutated(opening, &random)) ? 1 : 0
      survivors += Self.survives([Digest].self, Self.mutated(digests, &random)) ? 1 : 0
      survivors += Self.survives(Commitment.self, Self.mutated(commitment, &random)) ? 1 : 0
    }
    // Many mutations change a value but not the form: the law above was really tested.
    #expect(survivors > 1000)
  }

  @Test func randomBytes() {
    var random = TestRandom(seed: 8)
    for length in 0..<2000 {
      let input = random.bytes(length % 200)
      _ = Self.survives(Everything.self, input)
      _ = Self.survives([[String]].self, input)
      _ = Self.survives([UInt8?].self, input)
      _ = Self.survives(VRFPublicKey.self, input)
    }
  }
}
