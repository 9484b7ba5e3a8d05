internal import COpenSSL

/// SHA-256 (FIPS 180-4), computed by OpenSSL with the fastest code for this processor.
public enum SHA256 {
  /// Length of a digest in bytes.
  public static let digestByteCount = 32

  /// OpenSSL's description of the hash, fetched once: a fetch takes longer than a short hash.
  static let algorithm = FetchedDigestAlgorithm()

  /// SHA-256 of `bytes`.
  public static func hash(_ bytes: [UInt8]) -> Digest {
    bytes.withUnsafeBytes { hash($0) }
  }

  /// SHA-256 of the memory that `bytes` covers.
  public static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
    var stream = SHA256Stream()
    stream.update(bytes)
    return stream.finalize()
  }

  /// SHA-256 of any collection of bytes; contiguous ones are not copied.
  public static func hash(_ bytes: some Collection<UInt8>) -> Digest {
    var stream = SHA256Stream()
    stream.update(bytes)
    return stream.finalize()
  }
}

/// SHA-256 over bytes that arrive in pieces. After `finalize` the stream is empty and can be used
/// again, which saves setting up OpenSSL's context for each of many short hashes.
public struct SHA256Stream: ~Copyable {
  private let context: OpaquePointer

  /// An empty stream.
  public init() {
    guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory for SHA-256") }
    self.context = context
    start()
  }

  deinit {
    EVP_MD_CTX_free(context)
  }

  /// Adds the memory that `bytes` covers.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
    let status = EVP_DigestUpdate(context, base, bytes.count)
    precondition(status == 1, "EVP_DigestUpdate failed")
  }

  /// Adds `bytes`.
  public mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// Adds any collection of bytes; contiguous ones are not copied.
  public mutating func update(_ bytes: some Collection<UInt8>) {
    let hashed: Void? = bytes.withContiguousStorageIfAvailable {
      update(UnsafeRawBufferPointer($0))
    }
    if hashed == nil { update(Array(bytes)) }
  }

  /// Adds one byte.
  public mutating func update(_ byte: UInt8) {
    withUnsafeBytes(of: byte) { update($0) }
  }

  /// Adds the 32 bytes of `digest`.
  public mutating func update(_ digest: Digest) {
    digest.withUnsafeBytes { update($0) }
  }

  /// The digest of all bytes added since the start or the last `finalize`. Empties the stream.
  public mutating func finalize() -> Digest {
    let digest = Digest { bytes in
      let status = EVP_DigestFinal_ex(
        context, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), nil)
      precondition(status == 1, "EVP_DigestFinal_ex failed")
    }
    start()
    return digest
  }

  private func start() {
    let status = EVP_DigestInit_ex2(context, SHA256.algorithm.pointer, nil)
    precondition(status == 1, "EVP_DigestInit_ex2 failed")
  }
}

/// Owner of a fetched `EVP_MD`. OpenSSL never writes to one after the fetch: threads may share it.
final class FetchedDigestAlgorithm: @unchecked Sendable {
  let pointer: OpaquePointer

  init() {
    guard let pointer = EVP_MD_fetch(nil, "SHA256", nil) else {
      preconditionFailure("this OpenSSL has no SHA-256")
    }
    self.pointer = pointer
  }

  deinit {
    EVP_MD_free(pointer)
  }
}
