import Proofs
import Safetensors

/// The JSON that `pogo commit --json` writes and `pogo prove-check` reads; docs/proofs.md describes
/// it. Nothing in it is believed: sizes are computed anew from the tree size, and the root is the
/// reader's.
public struct ProofDocument: Sendable, Equatable {
  /// One leaf and its place.
  public struct Proof: Sendable, Equatable {
    /// Hash of the leaf.
    public let leafHash: Digest
    /// Its place.
    public let inclusion: InclusionProof

    /// From its parts.
    public init(leafHash: Digest, inclusion: InclusionProof) {
      self.leafHash = leafHash
      self.inclusion = inclusion
    }
  }

  /// Several leaves and their places, with no hash that follows from others.
  public struct Several: Sendable, Equatable {
    /// Hashes of the leaves, in the order of their indices.
    public let leafHashes: [Digest]
    /// Their places.
    public let multiProof: MultiProof

    /// From its parts.
    public init(leafHashes: [Digest], multiProof: MultiProof) {
      self.leafHashes = leafHashes
      self.multiProof = multiProof
    }
  }

  /// What was committed.
  public let commitment: Commitment
  /// Leaves, each with a proof of its own.
  public let proofs: [Proof]
  /// Leaves with one proof together, if that was asked for.
  public let several: Several?

  /// From its parts.
  public init(commitment: Commitment, proofs: [Proof] = [], several: Several? = nil) {
    self.commitment = commitment
    self.proofs = proofs
    self.several = several
  }

  /// The format that this program writes and reads.
  public static let format = "pogo-proof"
  /// Its version.
  public static let version = 1
  /// Longest text that is read: 2^16 leaves with their paths fit in.
  public static let maximumByteCount = MemberReader.maximumByteCount

  /// Throws unless every leaf is in the tree of `leafCount` leaves under `root`, and there is one.
  /// Returns their places.
  public func verify(root: Digest, leafCount: Int) throws(ProofError) -> [Int] {
    guard !proofs.isEmpty || several != nil else { throw .noLeaves }
    for proof in proofs {
      try proof.inclusion.verify(leafHash: proof.leafHash, root: root, leafCount: leafCount)
    }
    if let several {
      try several.multiProof.verify(
        leafHashes: several.leafHashes, root: root, leafCount: leafCount)
    }
    return proofs.map(\.inclusion.leafIndex) + (several?.multiProof.leafIndices ?? [])
  }

  /// Every leaf hash of the document with its place.
  public var leaves: [(index: Int, hash: Digest)] {
    proofs.map { ($0.inclusion.leafIndex, $0.leafHash) }
      + (several.map { Array(zip($0.multiProof.leafIndices, $0.leafHashes)) } ?? [])
  }
}
