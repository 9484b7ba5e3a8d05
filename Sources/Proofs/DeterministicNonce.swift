internal import COpenSSL

/// The deterministic nonce of RFC 6979, section 3.2, for P-256 and SHA-256.
package enum DeterministicNonce {
  /// The nonce for `message` under a secret scalar of 32 big-endian bytes; 32 bytes, big endian,
  /// in 1..<order. Throws `scalarOutOfRange` for a scalar outside that range.
  package static func generate(
    secretScalar: [UInt8], message: [UInt8]
  ) throws(VRFError) -> [UInt8] {
    let scratch = P256Scratch()
    let scalar = try P256Scalar(bigEndian: secretScalar, secret: true, field: "secret scalar")
    guard !scalar.isZero else { throw .scalarOutOfRange(field: "secret scalar") }
    return try generate(scalar: scalar, message: message, scratch).bytes()
  }

  static func generate(
    scalar: P256Scalar, message: [UInt8], _ scratch: P256Scratch
  ) throws(VRFError) -> P256Scalar {
    // Hash and order both have 256 bits, so bits2int is the plain big-endian number.
    let hash = try P256Scalar.reducing(bigEndian: SHA256.hash(message).bytes, scratch)
    let input = try scalar.bytes() + hash.bytes()
    var value = [UInt8](repeating: 1, count: 32)
    var key = [UInt8](repeating: 0, count: 32)
    key = try hmac(key, value + [0] + input)
    value = try hmac(key, value)
    key = try hmac(key, value + [1] + input)
    value = try hmac(key, value)
    while true {
      value = try hmac(key, value)
      if let nonce = try? P256Scalar(bigEndian: value, secret: true, field: "nonce"),
        !nonce.isZero
      {
        return nonce
      }
      key = try hmac(key, value + [0])
      value = try hmac(key, value)
    }
  }

  /// HMAC-SHA-256 (RFC 2104).
  private static func hmac(_ key: [UInt8], _ message: [UInt8]) throws(VRFError) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: Digest.byteCount)
    let result = HMAC(
      SHA256.algorithm.pointer, key, Int32(key.count), message, message.count, &code, nil)
    guard result != nil else { throw .openSSLFailure(call: "HMAC") }
    return code
  }
}
