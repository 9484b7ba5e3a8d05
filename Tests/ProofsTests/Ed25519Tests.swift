import Proofs
import Testing

@Suite struct Ed25519Tests {
  @Test(arguments: Ed25519Vector.all)
  func publishedVector(vector: Ed25519Vector) throws {
    let key = try PrivateKey(seed: bytes(vector.seed))
    #expect(key.publicKey.hex == vector.publicKey)
    let message = try bytes(vector.message)
    let signature = try key.sign(message)
    #expect(signature.hex == vector.signature)
    let publicKey = try #require(PublicKey(hex: vector.publicKey))
    #expect(publicKey.isValidSignature(signature, for: message))
    #expect(PrivateKey(seed: try digest(vector.seed)).publicKey == key.publicKey)
  }

  @Test(arguments: Ed25519Vector.all.filter { $0.message.count < 200 })
  func everyFlippedBitIsRefused(vector: Ed25519Vector) throws {
    let key = try #require(PublicKey(hex: vector.publicKey))
    let signature = try #require(Signature(hex: vector.signature))
    let message = try bytes(vector.message)
    for bit in 0..<512 {
      let broken = try #require(Signature(bytes: flipping(bit, of: signature.bytes)))
      #expect(!key.isValidSignature(broken, for: message))
    }
    for bit in 0..<256 {
      let other = try #require(PublicKey(bytes: flipping(bit, of: key.bytes)))
      #expect(!other.isValidSignature(signature, for: message))
    }
    for bit in 0..<(8 * message.count) {
      #expect(!key.isValidSignature(signature, for: flipping(bit, of: message)))
    }
    #expect(!key.isValidSignature(signature, for: message + [0]))
  }

  /// S + L fits the same equation; RFC 8032, 5.1.7, wants S < L, or signatures could be altered.
  @Test func scalarsMustBeReduced() throws {
    let vector = Ed25519Vector.all[1]
    let key = try #require(PublicKey(hex: vector.publicKey))
    var altered = try bytes(vector.signature)
    let order = try bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
    var carry = 0
    for place in 0..<32 {
      let digit = Int(altered[32 + place]) + Int(order[place]) + carry
      altered[32 + place] = UInt8(digit & 255)
      carry = digit >> 8
    }
    #expect(carry == 0)
    let signature = try #require(Signature(bytes: altered))
    #expect(!key.isValidSignature(signature, for: try bytes(vector.message)))
  }

  /// R = A and S = 0 would sign every message, or every eighth, under a key of small order.
  @Test(arguments: [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    // y = p and y = p + 1, not reduced, and y = 2^255 - 1.
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ])
  func weakKeysSignNothing(hex: String) throws {
    let identity = try bytes("01" + String(repeating: "00", count: 31))
    let zero = [UInt8](repeating: 0, count: 32)
    for sign in [UInt8(0), 0x80] {
      var encoded = try bytes(hex)
      encoded[31] |= sign
      let key = try #require(PublicKey(bytes: encoded))
      for message in UInt8(0)..<32 {
        for point in [identity, encoded] {
          let signature = try #require(Signature(bytes: point + zero))
          #expect(!key.isValidSignature(signature, for: [message]))
        }
      }
    }
  }

  @Test func otherLengthsAreRefused() {
    for count in [0, 31, 33, 63, 65] {
      let raw = [UInt8](repeating: 7, count: count)
      #expect(PublicKey(bytes: raw) == nil)
      #expect(Signature(bytes: raw) == nil)
      #expect(Signature(hex: Hexadecimal.encode(raw)) == nil)
      #expect(throws: SignatureError.wrongSeedByteCount(actual: count, expected: 32)) {
        try PrivateKey(seed: raw)
      }
    }
  }

  @Test func keysSignForThemselvesOnly() throws {
    let keys = (0..<10).map { PrivateKey(seed: SHA256.hash([UInt8($0)])) }
    #expect(keys.map(\.publicKey).sorted() == keys.map(\.publicKey).sorted { $0.hex < $1.hex })
    for (index, key) in keys.enumerated() {
      let message = [UInt8](repeating: UInt8(index), count: 100 * index)
      let signature = try key.sign(message)
      for (other, otherKey) in keys.enumerated() {
        #expect(
          otherKey.publicKey.isValidSignature(signature, for: message) == (other == index))
      }
      #expect(try Signature(canonicalBytes: signature.canonicalBytes) == signature)
      #expect(try PublicKey(canonicalBytes: key.publicKey.canonicalBytes) == key.publicKey)
    }
  }

  @Test func descriptionsKeepTheSecret() {
    let key = PrivateKey(seed: countingSeed)
    #expect("\(key)".contains(key.publicKey.hex))
    #expect(!"\(key)".contains(countingSeed.hex))
  }
}
