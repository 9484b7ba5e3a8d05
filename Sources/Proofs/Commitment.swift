/// What a committed byte string is.
public enum CommitmentKind: UInt8, Sendable, Hashable, CaseIterable {
  /// The full float32 parameters, little endian.
  case parameters = 1
  /// The quantized twin of the parameters.
  case quantizedModel = 2
  /// The quantized gradients of a step or a block.
  case gradient = 3
  /// Moments and counters of the optimizer.
  case optimizerState = 4
  /// The records of a block's segments.
  case trace = 5
  /// Training or evaluation data.
  case corpus = 6
  /// What a quantized group cannot know by itself: whole-tensor scales and the like.
  case quantizationState = 7
  /// Error feedback carried to the next step.
  case residual = 8
  /// The binary difference between two models.
  case difference = 9
  /// Any other file.
  case file = 10
}

extension CommitmentKind: CanonicalCodable {
  /// One byte, the raw value.
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(rawValue)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let start = reader.offset
    let value = try reader.readUInt8()
    guard let kind = CommitmentKind(rawValue: value) else {
      throw .invalidValue(offset: start, expected: "a commitment kind", actual: "\(value)")
    }
    self = kind
  }
}

/// Name of a committed byte string: its root and what the root alone does not say.
///
/// Kind, length and leaf size are bound to the root here, so no tree can pass for another and a
/// leaf cannot be cut elsewhere.
public struct Commitment: Sendable, Hashable {
  /// What the bytes are.
  public let kind: CommitmentKind
  /// Length of the byte string; below 2^63.
  public let byteCount: UInt64
  /// Bytes of each leaf but the last; at least 1.
  public let leafSize: UInt32
  /// Root of the RFC 6962 tree over the leaves.
  public let root: Digest

  /// A commitment with these fields.
  /// Throws `invalidLeafSize` for leaves of no bytes and `byteCountTooLarge` from 2^63 bytes on.
  public init(
    kind: CommitmentKind, byteCount: UInt64, leafSize: UInt32, root: Digest
  ) throws(ProofError) {
    guard leafSize > 0 else { throw .invalidLeafSize(Int(leafSize)) }
    guard Int(exactly: byteCount) != nil else { throw .byteCountTooLarge(byteCount) }
    self.kind = kind
    self.byteCount = byteCount
    self.leafSize = leafSize
    self.root = root
  }

  /// A commitment whose sizes the caller fixed itself, so that no input can make them wrong.
  public init(_ kind: CommitmentKind, byteCount: Int, leafSize: Int, root: Digest) {
    precondition(byteCount >= 0 && leafSize > 0 && leafSize <= Int(UInt32.max))
    self.kind = kind
    self.byteCount = UInt64(byteCount)
    self.leafSize = UInt32(leafSize)
    self.root = root
  }

  /// The commitment to the `byteCount` bytes (0 or more) that `tree` was built over.
  /// Throws `invalidLeafSize`, and `treeDoesNotFit` if their leaves are not as many as the tree's.
  public init(
    kind: CommitmentKind, tree: MerkleTree, byteCount: Int, leafSize: Int
  ) throws(ProofError) {
    precondition(byteCount >= 0, "a byte count is never negative")
    guard let size = UInt32(exactly: leafSize) else { throw .invalidLeafSize(leafSize) }
    try self.init(kind: kind, byteCount: UInt64(byteCount), leafSize: size, root: tree.root)
    guard tree.leafCount == leafCount else {
      throw .treeDoesNotFit(treeLeafCount: tree.leafCount, expected: leafCount)
    }
  }

  /// Leaves of the tree: `byteCount` divided by `leafSize`, rounded up.
  public var leafCount: Int {
    MerkleTree.leafCount(byteCount: Int(byteCount), leafSize: Int(leafSize))
  }

  /// Where leaf `index` lies in the byte string. Throws `indexOutOfRange` unless it exists.
  public func byteRange(ofLeaf index: Int) throws(ProofError) -> Range<Int> {
    guard 0 <= index, index < leafCount else {
      throw .indexOutOfRange(index: index, leafCount: leafCount)
    }
    let start = index * Int(leafSize)
    return start..<(start + min(Int(leafSize), Int(byteCount) - start))
  }

  /// Throws unless `bytes` are the leaf that `proof` names, of exactly its length, under `root`.
  ///
  /// Whether that is the leaf that was asked for is checked by `verify(_:at:)`.
  public func verify(leaf bytes: [UInt8], proof: InclusionProof) throws(ProofError) {
    let expected = try byteRange(ofLeaf: proof.leafIndex).count
    guard bytes.count == expected else {
      throw .wrongLeafByteCount(
        index: proof.leafIndex, actual: bytes.count, expected: expected)
    }
    try proof.verify(leafHash: MerkleTree.leafHash(bytes), root: root, leafCount: leafCount)
  }

  /// Throws unless `opening` opens leaf `index`: `wrongIndex` for another leaf, and what
  /// `verify(leaf:proof:)` throws.
  public func verify(_ opening: LeafOpening, at index: Int) throws(ProofError) {
    guard opening.proof.leafIndex == index else {
      throw .wrongIndex(actual: opening.proof.leafIndex, expected: index)
    }
    try verify(leaf: opening.leaf, proof: opening.proof)
  }

  /// One digest for the whole commitment.
  public var digest: Digest { .tagged("PoGO/commitment", self) }
}

/// kind u8, byteCount u64, leafSize u32, root 32 bytes.
extension Commitment: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 45 }

  public func encode(to writer: inout CanonicalWriter) {
    kind.encode(to: &writer)
    writer.append(byteCount)
    writer.append(leafSize)
    writer.append(root)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let start = reader.offset
    let kind = try CommitmentKind(from: &reader)
    let byteCount = try reader.readUInt64()
    let leafSize = try reader.readUInt32()
    let root = try reader.readDigest()
    do {
      try self.init(kind: kind, byteCount: byteCount, leafSize: leafSize, root: root)
    } catch {
      throw .invalidValue(offset: start, expected: "a commitment", actual: "\(error)")
    }
  }
}

/// A leaf and the proof of its place: what a miner answers when a leaf is asked for.
public struct LeafOpening: Sendable, Hashable {
  /// The bytes of the leaf.
  public let leaf: [UInt8]
  /// Their place in the tree.
  public let proof: InclusionProof

  /// An opening with these fields, unverified.
  public init(leaf: [UInt8], proof: InclusionProof) {
    self.leaf = leaf
    self.proof = proof
  }
}

/// leaf (u32 count, bytes), proof.
extension LeafOpening: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 4 + InclusionProof.minimumEncodedByteCount }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(leaf)
    proof.encode(to: &writer)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    leaf = try reader.readBytes()
    proof = try InclusionProof(from: &reader)
  }
}
