import Kernels
import Proofs

/// What a user asks `pogo prove-update` for, checked.
public struct UpdateRequest: Sendable {
  let oldPath: String
  let newPath: String
  let leafSize: Int

  /// Throws ``CommitError`` for a leaf size that is none.
  public init(old: String, new: String, leafSize: String) throws(CommitError) {
    (oldPath, newPath) = (old, new)
    self.leafSize = try CommitRequest.leafSize(leafSize)
  }

  /// Hashes both files and proves which leaves changed. `observe` is told how many bytes of how many
  /// are hashed; what it throws ends the work.
  public func run(
    workers: Workers, observe: (_ done: Int, _ total: Int) throws -> Void
  ) throws -> UpdateDocument {
    let (old, new) = (try FileSource(oldPath), try FileSource(newPath))
    guard old.byteCount == new.byteCount else {
      throw CommitError(
        "\(newPath): it has \(new.byteCount) bytes, but \(oldPath) has \(old.byteCount); an update "
          + "is proved between files of one length")
    }
    let total = old.byteCount + new.byteCount
    let before = try tree(old, workers) { try observe($0, total) }
    let after = try tree(new, workers) { try observe(old.byteCount + $0, total) }
    let proof: UpdateProof
    do throws(ProofError) { proof = try UpdateProof(from: before, to: after) } catch {
      throw CommitError("\(error); a larger --leaf-size makes fewer leaves")
    }
    return UpdateDocument(
      commitment: Commitment(
        .file, byteCount: new.byteCount, leafSize: leafSize, root: after.root),
      oldRoot: before.root, proof: proof)
  }

  private func tree(
    _ source: FileSource, _ workers: Workers, _ observe: (Int) throws -> Void
  ) throws -> MerkleTree {
    let streamed: StreamedTree
    do {
      streamed = try StreamedTree(
        source, leafSize: leafSize, keeping: .leafHashes, concurrently: workers.run,
        observe: observe)
    } catch let error as ProofError {
      throw CommitError("\(error); a larger --leaf-size makes fewer leaves")
    }
    return MerkleTree(leafHashes: streamed.keptNodes, concurrently: workers.run)
  }
}
