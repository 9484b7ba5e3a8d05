/// Hashes runs of leaves of a source, two at a time, and the nodes above them. Each task has its own:
/// it owns the scratch memory, 128 KiB whatever the leaf size.
struct SubtreeHasher<Source: ByteSource>: ~Copyable {
  private let source: Source
  private let leafSize: Int
  private var pair = SHA256Pair()
  private var single = SHA256Stream()
  private let scratch: UnsafeMutableRawBufferPointer

  /// Bytes of a leaf that are made and hashed before the next: both messages of a pair stay in the
  /// second-level cache.
  private static var pieceByteCount: Int { 1 << 16 }
  /// Bytes that are released at once.
  private static var releaseByteCount: Int { 1 << 20 }

  init(_ source: Source, leafSize: Int) {
    self.source = source
    self.leafSize = leafSize
    scratch = .allocate(byteCount: 2 * Self.pieceByteCount, alignment: 64)
  }

  deinit { scratch.deallocate() }

  /// Writes the hashes of `leaves` to the start of `output`.
  mutating func hash(
    leaves: Range<Int>, into output: UnsafeMutableBufferPointer<Digest>
  ) throws(Source.Failure) {
    var leaf = leaves.lowerBound
    var released = leaf * leafSize
    defer { source.release(released..<min(leaves.upperBound * leafSize, source.byteCount)) }
    while leaf < leaves.upperBound {
      let place = leaf - leaves.lowerBound
      defer { released = release(from: released, to: min(leaf * leafSize, source.byteCount)) }
      // The last leaf of all may be shorter, and then it has no partner.
      if leaf + 1 < leaves.upperBound && (leaf + 2) * leafSize <= source.byteCount {
        (output[place], output[place + 1]) = try hashPair(leaf)
        leaf += 2
      } else {
        output[place] = try hashSingle(leaf)
        leaf += 1
      }
    }
  }

  /// Releases whole megabytes: less often than that costs memory, more often costs time. Returns up
  /// to where all is released.
  private func release(from start: Int, to end: Int) -> Int {
    guard end - start >= Self.releaseByteCount else { return start }
    source.release(start..<end)
    return end
  }

  private mutating func hashPair(_ leaf: Int) throws(Source.Failure) -> (Digest, Digest) {
    let middle = Self.pieceByteCount
    let firstScratch = UnsafeMutableRawBufferPointer(rebasing: scratch[..<middle])
    let secondScratch = UnsafeMutableRawBufferPointer(rebasing: scratch[middle...])
    pair.update(0x00)
    var offset = 0
    while offset < leafSize {
      let count = min(Self.pieceByteCount, leafSize - offset)
      let start = leaf * leafSize + offset
      let second = start + leafSize
      do {
        pair.update(
          try source.bytes(in: start..<start + count, scratch: firstScratch),
          try source.bytes(in: second..<second + count, scratch: secondScratch))
      } catch {
        _ = pair.finalize()
        throw error
      }
      offset += count
      if offset & (Self.releaseByteCount - 1) == 0 {
        source.release(start + count - Self.releaseByteCount..<start + count)
        source.release(second + count - Self.releaseByteCount..<second + count)
      }
    }
    return pair.finalize()
  }

  private mutating func hashSingle(_ leaf: Int) throws(Source.Failure) -> Digest {
    let end = min((leaf + 1) * leafSize, source.byteCount)
    single.update(UInt8(0x00))
    for start in stride(from: leaf * leafSize, to: end, by: Self.pieceByteCount) {
      let range = start..<min(start + Self.pieceByteCount, end)
      do {
        single.update(try source.bytes(in: range, scratch: scratch))
      } catch {
        _ = single.finalize()
        throw error
      }
    }
    return single.finalize()
  }

  /// Replaces the first `count` digests by the next level above them, a last one without a sibling
  /// unchanged, and returns how many that are.
  mutating func raise(_ digests: UnsafeMutableBufferPointer<Digest>, count: Int) -> Int {
    NodeHasher.raise(UnsafeBufferPointer(rebasing: digests[..<count]), into: digests, &pair)
  }
}

/// Hashes whole levels of nodes.
enum NodeHasher {
  /// Writes the parents of `level` to the start of `output`, which may be where `level` starts; a
  /// last node without a sibling is lifted unchanged. Returns how many there are.
  static func raise(
    _ level: UnsafeBufferPointer<Digest>, into output: UnsafeMutableBufferPointer<Digest>,
    _ pair: inout SHA256Pair
  ) -> Int {
    let nodes = UnsafeRawBufferPointer(level)
    let siblings = 2 * Digest.byteCount
    let parents = level.count / 2
    for parent in stride(from: 0, to: parents, by: 2) {
      // An odd one out is hashed beside itself.
      let partner = min(parent + 1, parents - 1)
      pair.update(0x01)
      pair.update(
        UnsafeRawBufferPointer(rebasing: nodes[parent * siblings..<(parent + 1) * siblings]),
        UnsafeRawBufferPointer(rebasing: nodes[partner * siblings..<(partner + 1) * siblings]))
      let (first, second) = pair.finalize()
      output[parent] = first
      if partner > parent { output[partner] = second }
    }
    if level.count % 2 == 1 { output[parents] = level[level.count - 1] }
    return parents + level.count % 2
  }
}
