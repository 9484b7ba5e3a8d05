/// A VRF private key: a number in 1..<order of P-256.
public struct VRFPrivateKey: Sendable {
  private let scalar: P256Scalar

  /// The public half.
  public let publicKey: VRFPublicKey

  /// The key whose secret is this number itself: 32 bytes, big endian (SK of RFC 9381).
  /// Throws `wrongByteCount` or, unless it is in 1..<order, `scalarOutOfRange`.
  public init(secretScalar: [UInt8]) throws(VRFError) {
    guard secretScalar.count == P256.scalarByteCount else {
      throw .wrongByteCount(
        field: "secret scalar", actual: secretScalar.count, expected: P256.scalarByteCount)
    }
    let scalar = try P256Scalar(bigEndian: secretScalar, secret: true, field: "secret scalar")
    guard !scalar.isZero else { throw .scalarOutOfRange(field: "secret scalar") }
    let scratch = P256Scratch()
    let point = try P256Point.generator(times: scalar, scratch)
    self.scalar = scalar
    publicKey = VRFPublicKey(bytes: try point.compressed("public key", scratch), point: point)
  }

  /// The key of any 32-byte seed: its secret is the first of
  /// tagged("PoGO/VRF key", u32 i, seed), i = 0, 1 ..., that is in 1..<order.
  public init(seed: Digest) throws(VRFError) {
    var attempt: UInt32 = 0
    while true {
      let candidate = Digest.tagged("PoGO/VRF key", attempt, seed)
      do {
        try self.init(secretScalar: candidate.bytes)
        return
      } catch VRFError.scalarOutOfRange {
        attempt += 1
      }
    }
  }

  /// The key of a 32-byte seed, as `init(seed: Digest)`. Throws `wrongByteCount` for another
  /// length.
  public init(seed: [UInt8]) throws(VRFError) {
    guard let digest = Digest(bytes: seed) else {
      throw .wrongByteCount(field: "seed", actual: seed.count, expected: Digest.byteCount)
    }
    try self.init(seed: digest)
  }

  /// The proof for the input `alpha` (RFC 9381, 5.1). Equal inputs give equal proofs.
  /// Throws `noPointForInput` or `openSSLFailure`, neither of which an input can be chosen for.
  public func prove(_ alpha: [UInt8]) throws(VRFError) -> VRFProof {
    let scratch = P256Scratch()
    let input = try VRF.encodeToCurve(salt: publicKey.bytes, alpha: alpha, scratch)
    let inputBytes = try input.compressed("input point", scratch)
    let gamma = try input.times(scalar, scratch).compressed("proof point", scratch)
    let nonce = try DeterministicNonce.generate(scalar: scalar, message: inputBytes, scratch)
    let challenge = VRF.challenge([
      publicKey.bytes, inputBytes, gamma,
      try P256Point.generator(times: nonce, scratch).compressed("point U", scratch),
      try input.times(nonce, scratch).compressed("point V", scratch),
    ])
    let challengeScalar = try P256Scalar(bigEndian: challenge, secret: false, field: "challenge")
    let response = try nonce.adding(challengeScalar, times: scalar, scratch)
    return try VRFProof(bytes: gamma + challenge + response.bytes())
  }

  /// The proof for the input `alpha` and the output that it proves. Throws as `prove`.
  public func evaluate(
    _ alpha: [UInt8]
  ) throws(VRFError) -> (proof: VRFProof, output: VRFOutput) {
    let proof = try prove(alpha)
    return (proof, VRF.output(gamma: proof.gamma))
  }
}

extension VRFPrivateKey: CustomStringConvertible {
  /// Names the public half only.
  public var description: String { "VRFPrivateKey(of: \(publicKey))" }
}
