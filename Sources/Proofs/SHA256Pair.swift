internal import CKernels

/// SHA-256 of two messages of one length at once, which arrive in pieces of one length. After
/// `finalize` the pair is empty and can be used again.
///
/// Leaves of a tree do not depend on each other, and the SHA extensions of a processor are busy half
/// of the time with one message: two at once take little longer than one. Where the processor
/// lacks them OpenSSL hashes one after the other. The digests are the same.
public struct SHA256Pair: ~Copyable {
  /// Whether this processor hashes two messages at once.
  public static let isAccelerated = ck_hasSHA256Pair() != 0

  private var pair = CKSHA256Pair()
  private let streams: StreamPair?

  /// Two empty messages; `accelerated` may be true only where the processor allows it.
  package init(accelerated: Bool = SHA256Pair.isAccelerated) {
    streams = accelerated ? nil : StreamPair()
    if accelerated { ck_startSHA256Pair(&pair) }
  }

  /// Adds a piece to each message. The pieces have the same length.
  package mutating func update(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) {
    precondition(first.count == second.count, "the messages of a pair have one length")
    guard let firstBase = first.baseAddress, let secondBase = second.baseAddress else { return }
    if let streams {
      streams.first.update(first)
      streams.second.update(second)
    } else {
      ck_updateSHA256Pair(
        &pair, firstBase.assumingMemoryBound(to: UInt8.self),
        secondBase.assumingMemoryBound(to: UInt8.self), first.count)
    }
  }

  /// Adds one byte to both messages.
  package mutating func update(_ byte: UInt8) {
    withUnsafeBytes(of: byte) { update($0, $0) }
  }

  /// The digests of both messages. Empties the pair.
  package mutating func finalize() -> (Digest, Digest) {
    if let streams { return (streams.first.finalize(), streams.second.finalize()) }
    var digests = (Digest.zero, Digest.zero)
    withUnsafeMutableBytes(of: &digests) { bytes in
      let base = bytes.assumingMemoryBound(to: UInt8.self)
      guard let first = base.baseAddress else { return }
      ck_finishSHA256Pair(&pair, first, first + Digest.byteCount)
    }
    ck_startSHA256Pair(&pair)
    return digests
  }
}

/// OpenSSL's two streams, where no pair is hashed at once.
private final class StreamPair {
  var first = SHA256Stream()
  var second = SHA256Stream()
}
