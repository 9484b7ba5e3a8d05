/// The Merkle tree of RFC 6962, section 2.1, with all leaf hashes and inner nodes kept.
///
/// leaf = SHA-256(0x00 ‖ bytes), node = SHA-256(0x01 ‖ left ‖ right). The left subtree holds the
/// largest power of two below the number of leaves; that is the same as pairing neighbours level by
/// level and lifting an odd last node unchanged. The root of no leaves is SHA-256 of nothing.
public struct MerkleTree: Sendable {
  /// levels[0]: leaf hashes; each next level has half as many nodes, rounded up; the last has one.
  var levels: [[Digest]]

  /// Number of leaves.
  public let leafCount: Int

  /// The root.
  public var root: Digest { levels.last?.first ?? MerkleTree.emptyRoot }

  /// Bytes that went through SHA-256 to build the tree: leaf data (where the tree hashed it itself)
  /// with a prefix byte for each leaf, and 65 bytes for each inner node.
  public let hashedByteCount: Int

  /// The levels above `leafHashes`, hashed by `execute`.
  init(leafHashes: [Digest], hashedLeafByteCount: Int, concurrently execute: ConcurrentExecutor) {
    var levels = [leafHashes]
    var level = leafHashes
    while level.count > 1 {
      level = MerkleTree.parents(of: level, concurrently: execute)
      levels.append(level)
    }
    self.levels = levels
    leafCount = leafHashes.count
    hashedByteCount = hashedLeafByteCount + max(leafHashes.count - 1, 0) * nodeInputByteCount
  }

  /// The tree over leaves that are hashed already (see `leafHash`).
  public init(leafHashes: [Digest]) {
    self.init(leafHashes: leafHashes, concurrently: MerkleTree.serially)
  }

  /// Root of the tree without leaves: SHA-256 of no bytes.
  public static let emptyRoot = SHA256.hash([UInt8]())

  /// The leaf hashes, in order.
  public var leafHashes: [Digest] { levels[0] }

  /// SHA-256(0x00 ‖ bytes).
  public static func leafHash(_ bytes: [UInt8]) -> Digest {
    bytes.withUnsafeBytes { leafHash($0) }
  }

  /// SHA-256(0x00 ‖ bytes).
  public static func leafHash(_ bytes: UnsafeRawBufferPointer) -> Digest {
    var stream = SHA256Stream()
    return stream.leafHash(bytes)
  }

  /// SHA-256(0x01 ‖ left ‖ right).
  public static func nodeHash(_ left: Digest, _ right: Digest) -> Digest {
    var stream = SHA256Stream()
    return stream.nodeHash(left, right)
  }

  /// The siblings from leaf `index` up to the root (RFC 6962, 2.1.1).
  /// Throws `indexOutOfRange` unless the leaf exists.
  public func auditPath(at index: Int) throws(ProofError) -> [Digest] {
    guard 0 <= index, index < leafCount else {
      throw .indexOutOfRange(index: index, leafCount: leafCount)
    }
    var path: [Digest] = []
    var position = index
    for level in levels {
      let sibling = position ^ 1
      // A last node without a sibling is lifted unchanged and adds nothing to the path.
      if sibling < level.count { path.append(level[sibling]) }
      position >>= 1
    }
    return path
  }

  /// The proof that leaf `index` is in this tree. Throws `indexOutOfRange` unless it exists.
  public func inclusionProof(at index: Int) throws(ProofError) -> InclusionProof {
    InclusionProof(leafIndex: index, leafCount: leafCount, auditPath: try auditPath(at: index))
  }
}

/// Bytes hashed for an inner node: prefix, left, right.
let nodeInputByteCount = 1 + 2 * Digest.byteCount

extension SHA256Stream {
  /// SHA-256(0x00 ‖ bytes); the stream must be empty, and is empty again.
  mutating func leafHash(_ bytes: UnsafeRawBufferPointer) -> Digest {
    update(UInt8(0x00))
    update(bytes)
    return finalize()
  }

  /// SHA-256(0x01 ‖ left ‖ right); the stream must be empty, and is empty again.
  mutating func nodeHash(_ left: Digest, _ right: Digest) -> Digest {
    withUnsafeTemporaryAllocation(byteCount: nodeInputByteCount, alignment: 1) { input in
      input[0] = 0x01
      left.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: input[1..<33]).copyMemory(from: $0)
      }
      right.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: input[33..<65]).copyMemory(from: $0)
      }
      update(UnsafeRawBufferPointer(input))
    }
    return finalize()
  }
}
