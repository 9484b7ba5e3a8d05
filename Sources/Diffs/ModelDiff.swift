import Kernels
import Proofs
import Synchronization

/// Diffs between two models of one size: what turns the bytes of one into those of the other, bit for
/// bit.
///
/// A diff is a header, a chunk (u32 length, payload) for each part of the model, the RFC 6962 roots of
/// both models with one leaf a chunk, and the SHA-256 of all before it. It is written and read as a
/// stream: memory holds `chunksPerRound` chunks.
public enum ModelDiff {
  /// Bytes of the model that a chunk covers, unless the caller says otherwise.
  public static let defaultChunkByteCount = 1 << 18
  /// Chunks that are worked on at the same time.
  public static let chunksPerRound = 32

  /// Sizes of a diff that was made or read.
  public struct Summary: Sendable, Hashable {
    /// The kind.
    public let kind: DiffKind
    /// Bytes of the diff.
    public let diffByteCount: Int
    /// Root of the model before, with one leaf a chunk.
    public let beforeRoot: Digest
    /// Root of the model after.
    public let afterRoot: Digest
  }

  /// Writes the diff that leads from `before` to `after` to `sink`, piece by piece. Every chunk is
  /// applied again and compared before it leaves.
  ///
  /// Throws ``DiffError``, and what sources and sink throw.
  public static func make(
    _ encoder: some DiffEncoder, before: some ByteSource, after: some ByteSource,
    chunkByteCount: Int = defaultChunkByteCount, arithmetic: Arithmetic,
    to sink: ([UInt8]) throws -> Void
  ) throws -> Summary {
    guard before.byteCount == after.byteCount else {
      throw DiffError.wrongByteCount(actual: after.byteCount, expected: before.byteCount)
    }
    let header = try DiffHeader(
      kind: encoder.kind, byteCount: before.byteCount, chunkByteCount: chunkByteCount,
      parameters: encoder.parameters)
    let decoder = try makeDecoder(header, arithmetic)
    var output = DiffOutput()
    try output.write(header.bytes, to: sink)
    var roots = (MerkleAccumulator(), MerkleAccumulator())
    for first in stride(from: 0, to: header.chunkCount, by: chunksPerRound) {
      let count = min(chunksPerRound, header.chunkCount - first)
      let made = try makeRound(count, arithmetic.workers) { number in
        let range = header.range(ofChunk: first + number)
        let (old, new) = (try before.copy(of: range), try after.copy(of: range))
        let payload = try old.withUnsafeBytes { old in
          try new.withUnsafeBytes { try encoder.encode(range, before: old, after: $0) }
        }
        guard try apply(payload, range, to: old, decoder) == new else {
          throw DiffError.impossible(
            "a diff of kind \(header.kind.name) does not lead to this model: the bytes from "
              + "\(range.lowerBound) on differ")
        }
        return Chunk(payload: payload, before: old, after: new)
      }
      for chunk in made {
        try output.writeCounted(chunk.payload, to: sink)
        roots.0.append(leafHash: chunk.beforeHash)
        roots.1.append(leafHash: chunk.afterHash)
      }
    }
    try output.write(roots.0.root.bytes + roots.1.root.bytes, to: sink)
    try output.finish(to: sink)
    return Summary(
      kind: header.kind, diffByteCount: output.byteCount, beforeRoot: roots.0.root,
      afterRoot: roots.1.root)
  }

  /// Applies `diff` to `before` and writes the model after to `sink`, piece by piece. What was written
  /// counts only if this returns: root and SHA-256 stand at the end.
  ///
  /// Throws ``DiffError``, and what sources and sink throw.
  public static func apply(
    _ diff: some ByteSource, to before: some ByteSource, arithmetic: Arithmetic,
    writing sink: ([UInt8]) throws -> Void
  ) throws -> Summary {
    var reader = DiffReader(diff)
    let header = try DiffHeader(&reader)
    guard header.byteCount == before.byteCount else {
      throw DiffError.wrongByteCount(actual: before.byteCount, expected: header.byteCount)
    }
    let decoder = try makeDecoder(header, arithmetic)
    var roots = (MerkleAccumulator(), MerkleAccumulator())
    for first in stride(from: 0, to: header.chunkCount, by: chunksPerRound) {
      let count = min(chunksPerRound, header.chunkCount - first)
      var payloads: [[UInt8]] = []
      for number in 0..<count {
        let limit = decoder.maximumPayloadByteCount(header.range(ofChunk: first + number))
        payloads.append(try reader.readCounted(limit: limit, "chunk \(first + number)"))
      }
      let ready = payloads
      let made = try makeRound(count, arithmetic.workers) { number in
        let range = header.range(ofChunk: first + number)
        let old = try before.copy(of: range)
        return Chunk(
          payload: [], before: old, after: try apply(ready[number], range, to: old, decoder))
      }
      for chunk in made {
        roots.0.append(leafHash: chunk.beforeHash)
        roots.1.append(leafHash: chunk.afterHash)
        try sink(chunk.after)
      }
    }
    var fields = CanonicalReader(try reader.read(2 * Digest.byteCount, "the roots"))
    let claimed = (try fields.readDigest(), try fields.readDigest())
    try reader.finish()
    guard roots.0.root == claimed.0 else {
      throw DiffError.wrongBefore(actual: roots.0.root, expected: claimed.0)
    }
    guard roots.1.root == claimed.1 else {
      throw DiffError.wrongAfter(actual: roots.1.root, expected: claimed.1)
    }
    return Summary(
      kind: header.kind, diffByteCount: reader.offset, beforeRoot: claimed.0,
      afterRoot: claimed.1)
  }

  private static func makeDecoder(
    _ header: DiffHeader, _ arithmetic: Arithmetic
  ) throws(DiffError) -> any DiffDecoder {
    switch header.kind {
    case .stepGradients, .blockUpdate: try QuantizedStepsDecoder(header, arithmetic)
    case .xor: try XorDecoder(header)
    case .changedLeaves: try ChangedLeavesDecoder(header)
    case .lowRank: try LowRankDecoder(header, arithmetic)
    }
  }

  private static func apply(
    _ payload: [UInt8], _ range: Range<Int>, to old: [UInt8], _ decoder: some DiffDecoder
  ) throws -> [UInt8] {
    var new = [UInt8](repeating: 0, count: range.count)
    try old.withUnsafeBytes { old in
      try new.withUnsafeMutableBytes {
        try decoder.decode(payload, range, before: old, into: $0)
      }
    }
    return new
  }

  /// The chunks of one round, made on all threads, in order.
  private static func makeRound(
    _ count: Int, _ workers: Workers, _ make: @Sendable (Int) throws -> Chunk
  ) throws -> [Chunk] {
    let results = Mutex<[Result<Chunk, any Error>?]>(Array(repeating: nil, count: count))
    workers.run(tasks: count) { number in
      let result = Result { try make(number) }
      results.withLock { $0[number] = result }
    }
    return try results.withLock { $0 }.compactMap { try $0?.get() }
  }
}

/// One chunk with the parts of both models that it is between.
private struct Chunk: Sendable {
  let payload: [UInt8]
  let after: [UInt8]
  let beforeHash: Digest
  let afterHash: Digest

  init(payload: [UInt8], before: [UInt8], after: [UInt8]) {
    self.payload = payload
    self.after = after
    beforeHash = MerkleTree.leafHash(before)
    afterHash = MerkleTree.leafHash(after)
  }
}

/// Writes a diff and hashes what it writes.
private struct DiffOutput: ~Copyable {
  private var stream = SHA256Stream()
  private(set) var byteCount = 0

  mutating func write(_ bytes: [UInt8], to sink: ([UInt8]) throws -> Void) throws {
    stream.update(bytes)
    byteCount += bytes.count
    try sink(bytes)
  }

  mutating func writeCounted(_ bytes: [UInt8], to sink: ([UInt8]) throws -> Void) throws {
    var writer = CanonicalWriter()
    writer.append(bytes)
    try write(writer.bytes, to: sink)
  }

  mutating func finish(to sink: ([UInt8]) throws -> Void) throws {
    try write(stream.finalize().bytes, to: sink)
  }
}
