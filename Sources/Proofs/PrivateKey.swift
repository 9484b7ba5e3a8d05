internal import COpenSSL

/// An Ed25519 private key (RFC 8032, 5.1.5). Signing is deterministic.
public struct PrivateKey: Sendable {
  private let key: Ed25519Key

  /// The public half.
  public let publicKey: PublicKey

  /// The key of a 32-byte seed.
  public init(seed: Digest) {
    key = Ed25519Key(seed: seed)
    publicKey = key.publicKey
  }

  /// The key of a 32-byte seed. Throws `wrongSeedByteCount` for another length.
  public init(seed: [UInt8]) throws(SignatureError) {
    guard let digest = Digest(bytes: seed) else {
      throw .wrongSeedByteCount(actual: seed.count, expected: Digest.byteCount)
    }
    self.init(seed: digest)
  }

  /// The signature of `message`. Throws `openSSLFailure` if OpenSSL cannot sign.
  public func sign(_ message: [UInt8]) throws(SignatureError) -> Signature {
    guard let context = EVP_MD_CTX_new() else { throw .openSSLFailure(call: "EVP_MD_CTX_new") }
    defer { EVP_MD_CTX_free(context) }
    guard EVP_DigestSignInit(context, nil, nil, nil, key.pointer) == 1 else {
      throw .openSSLFailure(call: "EVP_DigestSignInit")
    }
    var bytes = [UInt8](repeating: 0, count: Signature.byteCount)
    var byteCount = bytes.count
    guard EVP_DigestSign(context, &bytes, &byteCount, message, message.count) == 1,
      let signature = Signature(bytes: bytes.prefix(byteCount))
    else { throw .openSSLFailure(call: "EVP_DigestSign") }
    return signature
  }
}

extension PrivateKey: CustomStringConvertible {
  /// Names the public half only.
  public var description: String { "PrivateKey(of: \(publicKey))" }
}

/// Owner of an `EVP_PKEY`, which threads may share: it is not changed after its creation.
private final class Ed25519Key: @unchecked Sendable {
  let pointer: OpaquePointer

  init(seed: Digest) {
    let key = seed.withUnsafeBytes { raw in
      EVP_PKEY_new_raw_private_key(
        pogo_evp_pkey_ed25519(), nil, raw.baseAddress?.assumingMemoryBound(to: UInt8.self),
        raw.count)
    }
    guard let key else { preconditionFailure("every 32 bytes are an Ed25519 seed") }
    pointer = key
  }

  deinit {
    EVP_PKEY_free(pointer)
  }

  var publicKey: PublicKey {
    var bytes = [UInt8](repeating: 0, count: PublicKey.byteCount)
    var byteCount = bytes.count
    guard EVP_PKEY_get_raw_public_key(pointer, &bytes, &byteCount) == 1,
      let publicKey = PublicKey(bytes: bytes.prefix(byteCount))
    else { preconditionFailure("an Ed25519 private key has a public half") }
    return publicKey
  }
}
