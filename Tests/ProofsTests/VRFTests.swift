import Proofs
import Testing

/// RFC 9381, appendix B.1: ECVRF-P256-SHA256-TAI, examples 10, 11 and 12.
struct VRFVector: Sendable, CustomTestStringConvertible {
  let example: Int
  let secret: String
  let publicKey: String
  let alpha: String
  let proof: String
  let beta: String

  var testDescription: String { "example \(example)" }

  static let all = [
    VRFVector(
      example: 10,
      secret: "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
      publicKey: "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
      alpha: "sample",
      proof: "035b5c726e8c0e2c488a107c600578ee75cb702343c153cb1eb8dec77f4b5071b4"
        + "a53f0a46f018bc2c56e58d383f2305e0"
        + "975972c26feea0eb122fe7893c15af376b33edf7de17c6ea056d4d82de6bc02f",
      beta: "a3ad7b0ef73d8fc6655053ea22f9bede8c743f08bbed3d38821f0e16474b505e"),
    VRFVector(
      example: 11,
      secret: "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
      publicKey: "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
      alpha: "test",
      proof: "034dac60aba508ba0c01aa9be80377ebd7562c4a52d74722e0abae7dc3080ddb56"
        + "c19e067b15a8a8174905b13617804534"
        + "214f935b94c2287f797e393eb0816969d864f37625b443f30f1a5a33f2b3c854",
      beta: "a284f94ceec2ff4b3794629da7cbafa49121972671b466cab4ce170aa365f26d"),
    VRFVector(
      example: 12,
      secret: "2ca1411a41b17b24cc8c3b089cfd033f1920202a6c0de8abb97df1498d50d2c8",
      publicKey: "03596375e6ce57e0f20294fc46bdfcfd19a39f8161b58695b3ec5b3d16427c274d",
      alpha: "Example using ECDSA key from Appendix L.4.2 of ANSI.X9-62-2005",
      proof: "03d03398bf53aa23831d7d1b2937e005fb0062cbefa06796579f2a1fc7e7b8c667"
        + "d091c00b0f5c3619d10ecea44363b5a5"
        + "99cadc5b2957e223fec62e81f7b4825fc799a771a3d7334b9186bdbee87316b1",
      beta: "90871e06da5caa39a3c61578ebb844de8635e27ac0b13e829997d0d95dd98c19"),
  ]
}

@Suite struct VRFTests {
  /// Big-endian order of P-256 (SEC 2, 2.4.2).
  static let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"

  @Test(arguments: VRFVector.all)
  func publishedVector(vector: VRFVector) throws {
    let key = try VRFPrivateKey(secretScalar: bytes(vector.secret))
    #expect(key.publicKey.hex == vector.publicKey)
    let alpha = Array(vector.alpha.utf8)
    let proof = try key.prove(alpha)
    #expect(proof.hex == vector.proof)
    let output = try #require(VRFPublicKey(hex: vector.publicKey)).verify(proof, alpha)
    #expect(output.beta.hex == vector.beta)
    let evaluated = try key.evaluate(alpha)
    #expect(evaluated.proof == proof && evaluated.output == output)
  }

  @Test func nonceVectors() throws {
    // RFC 6979, A.2.5: ECDSA, P-256, SHA-256.
    let secret = try bytes("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
    func nonce(_ message: [UInt8]) throws -> String {
      Hexadecimal.encode(
        try DeterministicNonce.generate(secretScalar: secret, message: message))
    }
    #expect(
      try nonce(Array("sample".utf8))
        == "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60")
    #expect(
      try nonce(Array("test".utf8))
        == "d16b6ae827f17175e040871a1c7ec3500192c4c92677336ec2537acaee0008e0")
    // RFC 9381, B.1, examples 10 and 11: k for the point H.
    #expect(
      try nonce(bytes("0272a877532e9ac193aff4401234266f59900a4a9e3fc3cfc6a4b7e467a15d06d4"))
        == "0d90591273453d2dc67312d39914e3a93e194ab47a58cd598886897076986f77")
    #expect(
      try nonce(bytes("02173119b4fff5e6f8afed4868a29fe8920f1b54c2cf89cc7b301d0d473de6b974"))
        == "5852353a868bdce26938cde1826723e58bf8cb06dd2fed475213ea6f3b12e961")
  }

  @Test(arguments: VRFVector.all)
  func everyFlippedBitOfProofKeyAndInputIsRefused(vector: VRFVector) throws {
    let key = try #require(VRFPublicKey(hex: vector.publicKey))
    let proof = try #require(VRFProof(hex: vector.proof))
    let alpha = Array(vector.alpha.utf8)
    for bit in 0..<(8 * VRFProof.byteCount) {
      let broken = try VRFProof(bytes: flipping(bit, of: proof.bytes))
      #expect(throws: VRFError.self) { try key.verify(broken, alpha) }
    }
    for bit in 0..<(8 * VRFPublicKey.byteCount) {
      guard let other = try? VRFPublicKey(bytes: flipping(bit, of: key.bytes)) else { continue }
      #expect(throws: VRFError.self) { try other.verify(proof, alpha) }
    }
    for bit in 0..<(8 * alpha.count) {
      #expect(throws: VRFError.self) { try key.verify(proof, flipping(bit, of: alpha)) }
    }
    for input in [[], alpha + [0], Array(alpha.dropLast())] {
      #expect(throws: VRFError.self) { try key.verify(proof, input) }
    }
  }

  @Test func scalarsMustBeCanonical() throws {
    let vector = VRFVector.all[1]
    let key = try #require(VRFPublicKey(hex: vector.publicKey))
    let proof = try #require(VRFProof(hex: vector.proof))
    let alpha = Array(vector.alpha.utf8)
    // s + order is the same number modulo the order; it fits 32 bytes when s is small enough.
    let scalar = Array(proof.bytes[49...])
    var sum = [UInt8](repeating: 0, count: 32)
    var carry = 0
    for (place, byte) in try bytes(Self.order).enumerated().reversed() {
      let digit = Int(byte) + Int(scalar[place]) + carry
      sum[place] = UInt8(digit & 255)
      carry = digit >> 8
    }
    for wrong in [sum, try bytes(Self.order), [UInt8](repeating: 0xff, count: 32)] {
      let broken = try VRFProof(bytes: proof.bytes[..<49] + wrong)
      #expect(throws: VRFError.self) { try key.verify(broken, alpha) }
    }
    let atOrder = try VRFProof(bytes: proof.bytes[..<49] + bytes(Self.order))
    #expect(throws: VRFError.scalarOutOfRange(field: "proof scalar")) {
      try key.verify(atOrder, alpha)
    }
  }

  @Test func pointsThatMakeUpAProofFromNothingAreRefused() throws {
    // s = 0 and c = 0 make U and V the point at infinity, which has no 33-byte encoding.
    let vector = VRFVector.all[0]
    let key = try #require(VRFPublicKey(hex: vector.publicKey))
    let gamma = try #require(VRFProof(hex: vector.proof)).bytes[..<33]
    let nothing = try VRFProof(bytes: gamma + [UInt8](repeating: 0, count: 48))
    #expect(throws: VRFError.pointAtInfinity(field: "point U")) {
      try key.verify(nothing, Array(vector.alpha.utf8))
    }
  }

  @Test func secretsOutsideTheirRangeAreRefused() throws {
    let zero = String(repeating: "00", count: 32)
    for wrong in [zero, Self.order, String(repeating: "ff", count: 32)] {
      #expect(throws: VRFError.scalarOutOfRange(field: "secret scalar")) {
        try VRFPrivateKey(secretScalar: bytes(wrong))
      }
    }
    for count in [0, 31, 33] {
      #expect(
        throws: VRFError.wrongByteCount(field: "secret scalar", actual: count, expected: 32)
      ) { try VRFPrivateKey(secretScalar: [UInt8](repeating: 1, count: count)) }
      #expect(throws: VRFError.wrongByteCount(field: "seed", actual: count, expected: 32)) {
        try VRFPrivateKey(seed: [UInt8](repeating: 1, count: count))
      }
    }
  }

  @Test func keysAreValidated() throws {
    let good = try bytes(VRFVector.all[0].publicKey)
    // The prime of the field, as an x coordinate that is not reduced.
    let prime = try bytes("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff")
    var wrong: [[UInt8]] = [[0x02] + prime, [UInt8](repeating: 0, count: 33)]
    for prefix in UInt8.min...UInt8.max where prefix != 2 && prefix != 3 {
      wrong.append([prefix] + good.dropFirst())
    }
    for bytes in wrong {
      #expect(throws: VRFError.notAPoint(field: "public key")) { try VRFPublicKey(bytes: bytes) }
      #expect(throws: CanonicalError.self) { try VRFPublicKey(canonicalBytes: bytes) }
    }
    // About half of all x coordinates belong to no point.
    let valid = (0..<200).count { number in
      (try? VRFPublicKey(bytes: [0x02] + SHA256.hash([UInt8(number)]).bytes)) != nil
    }
    #expect((60...140).contains(valid))
    for count in [0, 1, 32, 34, 65] {
      #expect(
        throws: VRFError.wrongByteCount(field: "public key", actual: count, expected: 33)
      ) { try VRFPublicKey(bytes: [UInt8](repeating: 2, count: count)) }
    }
    for count in [0, 80, 82] {
      #expect(throws: VRFError.wrongByteCount(field: "proof", actual: count, expected: 81)) {
        try VRFProof(bytes: [UInt8](repeating: 2, count: count))
      }
    }
  }

  @Test func manyKeysAndInputsVerifyAndOnlyWithTheirOwnKey() throws {
    var outputs: Set<VRFOutput> = []
    let other = try VRFPrivateKey(seed: Digest.zero).publicKey
    for number in UInt8(0)..<40 {
      let key = try VRFPrivateKey(seed: SHA256.hash([number]))
      let proof = try key.prove([number])
      outputs.insert(try key.publicKey.verify(proof, [number]))
      #expect(throws: VRFError.self) { try other.verify(proof, [number]) }
      #expect(try VRFProof(canonicalBytes: proof.canonicalBytes) == proof)
      #expect(try VRFPublicKey(canonicalBytes: key.publicKey.canonicalBytes) == key.publicKey)
    }
    #expect(outputs.count == 40)
  }
}
