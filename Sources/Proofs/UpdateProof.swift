/// Evidence that between two trees of one size only some leaves changed.
///
/// The siblings of the changed leaves are the same in both trees. So if the old leaf hashes lead with
/// them to the old root, and the new ones with the very same siblings to the new root, nothing else
/// has moved.
public struct UpdateProof: Sendable, Hashable {
  /// One leaf that changed.
  public struct Change: Sendable, Hashable {
    /// Place of the leaf, from 0.
    public let leafIndex: Int
    /// Its hash in the old tree.
    public let oldLeafHash: Digest
    /// Its hash in the new tree; another one.
    public let newLeafHash: Digest

    /// A change with these fields.
    public init(leafIndex: Int, oldLeafHash: Digest, newLeafHash: Digest) {
      self.leafIndex = leafIndex
      self.oldLeafHash = oldLeafHash
      self.newLeafHash = newLeafHash
    }
  }

  /// The changed leaves, ascending. None says that the trees are equal.
  public let changes: [Change]
  /// Leaves of both trees.
  public let leafCount: Int
  /// What stands beside the changed leaves in both trees, as in `MultiProof`.
  public let hashes: [Digest]

  /// A proof with these fields, unverified.
  public init(changes: [Change], leafCount: Int, hashes: [Digest]) {
    self.changes = changes
    self.leafCount = leafCount
    self.hashes = hashes
  }

  /// The proof that leads from `old` to `new`. Throws `wrongLeafCount` when their sizes differ and
  /// `tooManyProvenLeaves` when more leaves differ than one proof holds.
  public init(from old: MerkleTree, to new: MerkleTree) throws(ProofError) {
    guard old.leafCount == new.leafCount else {
      throw .wrongLeafCount(actual: new.leafCount, expected: old.leafCount)
    }
    changes = zip(old.leafHashes, new.leafHashes).enumerated().compactMap { index, hashes in
      hashes.0 == hashes.1
        ? nil : Change(leafIndex: index, oldLeafHash: hashes.0, newLeafHash: hashes.1)
    }
    leafCount = old.leafCount
    hashes = changes.isEmpty ? [] : try new.multiProof(at: changes.map(\.leafIndex)).hashes
  }

  /// Throws unless the tree of `expected` leaves under `oldRoot` becomes that under `newRoot` when
  /// the leaves of `changes` change as they say, and no others.
  ///
  /// Throws `unchangedLeaf` for a change that is none, else what `MultiProof.verify` throws.
  public func verify(
    oldRoot: Digest, newRoot: Digest, leafCount expected: Int
  ) throws(ProofError) {
    guard leafCount == expected else {
      throw .wrongLeafCount(actual: leafCount, expected: expected)
    }
    guard !changes.isEmpty else {
      guard hashes.isEmpty else { throw .wrongPathLength(actual: hashes.count, expected: 0) }
      guard oldRoot == newRoot else { throw .rootMismatch(computed: oldRoot, claimed: newRoot) }
      return
    }
    for change in changes where change.oldLeafHash == change.newLeafHash {
      throw .unchangedLeaf(change.leafIndex)
    }
    let proof = MultiProof(
      leafIndices: changes.map(\.leafIndex), leafCount: expected, hashes: hashes)
    try proof.verify(
      leafHashes: changes.map(\.oldLeafHash), root: oldRoot, leafCount: expected)
    try proof.verify(
      leafHashes: changes.map(\.newLeafHash), root: newRoot, leafCount: expected)
  }
}

/// leafIndex u64, oldLeafHash 32 bytes, newLeafHash 32 bytes.
extension UpdateProof.Change: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 72 }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(UInt64(bitPattern: Int64(leafIndex)))
    writer.append(oldLeafHash)
    writer.append(newLeafHash)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    leafIndex = try reader.readCount64("leaf index")
    oldLeafHash = try reader.readDigest()
    newLeafHash = try reader.readDigest()
  }
}

/// leafCount u64, changes (u32 count, 72 bytes each), hashes (u32 count, 32 bytes each).
extension UpdateProof: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 16 }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(UInt64(bitPattern: Int64(leafCount)))
    writer.append(changes)
    writer.append(hashes)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    leafCount = try reader.readCount64("leaf count")
    changes = try reader.readArray()
    hashes = try reader.readArray()
  }
}
