import Proofs

/// Reads a diff from its start, in pieces that are really there, and hashes what it read.
struct DiffReader<Source: ByteSource>: ~Copyable {
  private let source: Source
  private var stream = SHA256Stream()
  private(set) var offset = 0

  init(_ source: Source) { self.source = source }

  /// The next `count` bytes. Throws `truncated` before it allocates when so many are not there.
  mutating func read(_ count: Int, _ expected: String) throws -> [UInt8] {
    guard count <= source.byteCount - offset else {
      throw DiffError.truncated(offset: source.byteCount, expected: expected)
    }
    let bytes = try source.copy(of: offset..<offset + count)
    offset += count
    stream.update(bytes)
    return bytes
  }

  /// A u32 length of at most `limit` and as many bytes.
  mutating func readCounted(limit: Int, _ expected: String) throws -> [UInt8] {
    var fields = CanonicalReader(try read(4, expected))
    let count = Int(try fields.readUInt32())
    guard count <= limit else {
      throw DiffError.oversized(expected, byteCount: count, limit: limit)
    }
    return try read(count, expected)
  }

  /// Reads the SHA-256 of all that was read before, which must end the diff.
  mutating func finish() throws {
    let computed = stream.finalize()
    let claimed = try read(Digest.byteCount, "the SHA-256")
    guard claimed == computed.bytes else { throw DiffError.wrongDigest }
    guard offset == source.byteCount else {
      throw DiffError.trailingBytes(source.byteCount - offset)
    }
  }
}
