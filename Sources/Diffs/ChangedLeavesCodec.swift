import Proofs

/// Kind `changed-leaves`: a bit for each leaf, then the bytes of those that changed. For updates that
/// leave most of a model alone, such as those of adapters or single layers.
public struct ChangedLeavesEncoder: DiffEncoder {
  /// Bytes of a leaf.
  public let leafSize: Int

  /// Leaves of `leafSize` bytes, a multiple of 4 from 4 on, that are cut at the start of each chunk.
  public init(leafSize: Int) throws(DiffError) {
    try ChangedLeavesDecoder.check(leafSize)
    self.leafSize = leafSize
  }

  /// `changed-leaves`.
  public var kind: DiffKind { .changedLeaves }
  /// leafSize u32.
  public var parameters: [UInt8] { UInt32(leafSize).canonicalBytes }

  /// A mark for each leaf of the range, one bit, then the leaves that differ.
  public func encode(
    _ range: Range<Int>, before: UnsafeRawBufferPointer, after: UnsafeRawBufferPointer
  ) -> [UInt8] {
    let count = MerkleTree.leafCount(byteCount: range.count, leafSize: leafSize)
    var marks = [UInt8](repeating: 0, count: (count + 7) / 8)
    var leaves: [UInt8] = []
    for leaf in 0..<count {
      let part = leaf * leafSize..<min((leaf + 1) * leafSize, range.count)
      guard !before[part].elementsEqual(after[part]) else { continue }
      marks[leaf / 8] |= 1 << UInt8(leaf % 8)
      leaves.append(contentsOf: after[part])
    }
    return marks + leaves
  }
}

struct ChangedLeavesDecoder: DiffDecoder {
  private let leafSize: Int

  static func check(_ leafSize: Int) throws(DiffError) {
    guard leafSize > 0, leafSize % 4 == 0, leafSize <= DiffHeader.chunkByteCounts.upperBound else {
      throw .impossible("a leaf has a positive multiple of 4 bytes, not \(leafSize)")
    }
  }

  init(_ header: DiffHeader) throws(DiffError) {
    do throws(CanonicalError) {
      leafSize = Int(try UInt32(canonicalBytes: header.parameters))
    } catch { throw .malformed(error) }
    try Self.check(leafSize)
  }

  private func leafCount(_ range: Range<Int>) -> Int {
    MerkleTree.leafCount(byteCount: range.count, leafSize: leafSize)
  }

  func maximumPayloadByteCount(_ range: Range<Int>) -> Int {
    (leafCount(range) + 7) / 8 + range.count
  }

  func decode(
    _ payload: [UInt8], _ range: Range<Int>, before: UnsafeRawBufferPointer,
    into after: UnsafeMutableRawBufferPointer
  ) throws(DiffError) {
    let count = leafCount(range)
    var next = (count + 7) / 8
    guard payload.count >= next else {
      throw .inconsistent(offset: range.lowerBound, "it ends inside the marks of \(count) leaves")
    }
    after.copyMemory(from: before)
    for leaf in 0..<8 * next where payload[leaf / 8] >> UInt8(leaf % 8) & 1 == 1 {
      guard leaf < count else {
        throw .inconsistent(offset: range.lowerBound, "it marks a leaf that is not there")
      }
      let part = leaf * leafSize..<min((leaf + 1) * leafSize, range.count)
      guard payload.count - next >= part.count else {
        throw .inconsistent(offset: range.lowerBound, "it ends inside leaf \(leaf)")
      }
      let bytes = payload[next..<next + part.count]
      // A leaf is sent only if it changed, so a diff has one form.
      guard !before[part].elementsEqual(bytes) else {
        throw .inconsistent(offset: range.lowerBound, "leaf \(leaf) is marked but did not change")
      }
      UnsafeMutableRawBufferPointer(rebasing: after[part]).copyBytes(from: bytes)
      next += part.count
    }
    guard next == payload.count else {
      throw .inconsistent(offset: range.lowerBound, "bytes follow its leaves")
    }
  }
}
