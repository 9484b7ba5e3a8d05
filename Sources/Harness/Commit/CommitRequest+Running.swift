import Foundation
import Kernels
import Models
import Proofs
import Protocol

/// A commitment that was made, with the proofs that were asked for.
public struct CommitResult: Sendable {
  /// What `--json` prints.
  public let document: ProofDocument
  let tree: StreamedTree
  let name: String
  /// Seconds that hashing took; nil when the tree was read.
  let hashingSeconds: Double?

  /// What is printed without `--json`, with a newline at the end.
  public var text: String {
    let commitment = document.commitment
    let count = Int64(commitment.byteCount)
    var rows = [
      ("source", name),
      ("bytes", count < 1024 ? "\(count)" : "\(count) (\(Numbers.bytes(count)))"),
      ("leaf size", Units.size(byteCount: Int(commitment.leafSize))),
      ("leaves", "\(commitment.leafCount)"),
    ]
    if let seconds = hashingSeconds {
      let rate = Numbers.decimal(Double(count) / seconds / 1e9, 2)
      rows.append(("time", "\(Numbers.seconds(seconds)), \(rate) GB/s"))
    }
    rows.append(("root", commitment.root.hex))
    var lines = rows.map { $0.0.padding(toLength: 11, withPad: " ", startingAt: 0) + $0.1 }
    for proof in document.proofs {
      lines.append("leaf \(proof.inclusion.leafIndex)  \(proof.leafHash.hex)")
      lines += proof.inclusion.auditPath.map { "  \($0.hex)" }
    }
    if let several = document.several {
      for (index, hash) in zip(several.multiProof.leafIndices, several.leafHashes) {
        lines.append("leaf \(index)  \(hash.hex)")
      }
      lines += several.multiProof.hashes.map { "  \($0.hex)" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Writes the kept hashes. The file appears whole or not at all.
  public func saveTree(to path: String) throws {
    try Data(tree.storedBytes).write(
      to: URL(fileURLWithPath: path), options: .atomic)
  }
}

extension CommitRequest {
  /// Makes the commitment and its proofs. `observe` is told how many bytes of how many are hashed;
  /// what it throws ends the work.
  public func run(
    arithmetic: Arithmetic, observe: (_ done: Int, _ total: Int) throws -> Void
  ) throws -> CommitResult {
    switch origin {
    case .file(let path):
      return try commit(
        FileSource(path), kind: .file, name: path, arithmetic.workers, observe)
    case .checkpoint(let path):
      return try commit(
        CheckpointSource(path), kind: .parameters, name: path, arithmetic.workers, observe)
    case .synthetic(let name, let shape, let seed):
      let model = SyntheticModel(
        layout: ParameterLayout(shape), seed: seed, arithmetic: arithmetic)
      return try commit(
        model, kind: .parameters, name: "\(name), seed \(seed)", arithmetic.workers, observe)
    }
  }

  private func commit(
    _ source: some ByteSource, kind: CommitmentKind, name: String, _ workers: Workers,
    _ observe: (Int, Int) throws -> Void
  ) throws -> CommitResult {
    let count = MerkleTree.leafCount(byteCount: source.byteCount, leafSize: leafSize)
    if let last = leaves.last, last >= count {
      throw CommitError(
        count == 0
          ? "--prove names leaf \(last), but an empty file has no leaves"
          : "--prove names leaf \(last), but the last of the \(count) leaves is \(count - 1)")
    }
    let clock = SystemStopwatch()
    let start = clock.seconds()
    let tree: StreamedTree
    if let treePath {
      tree = try readTree(treePath, byteCount: source.byteCount, workers)
    } else {
      tree = try StreamedTree(
        source, leafSize: leafSize, keeping: retention, concurrently: workers.run
      ) { try observe($0, source.byteCount) }
    }
    let seconds = clock.seconds() - start
    let document = ProofDocument(
      commitment: try tree.commitment(kind),
      proofs: isTogether
        ? []
        : try leaves.map {
          .init(
            leafHash: try leafHash($0, source),
            inclusion: try tree.inclusionProof(at: $0, from: source, concurrently: workers.run))
        },
      several: isTogether
        ? .init(
          leafHashes: try leaves.map { try leafHash($0, source) },
          multiProof: try tree.multiProof(at: leaves, from: source, concurrently: workers.run))
        : nil)
    // Bytes that changed between the pass and the proofs must not leave this program as a proof.
    if !leaves.isEmpty { _ = try document.verify(root: tree.root, leafCount: tree.leafCount) }
    return CommitResult(
      document: document, tree: tree, name: name,
      hashingSeconds: treePath == nil ? seconds : nil)
  }

  private func leafHash(_ index: Int, _ source: some ByteSource) throws -> Digest {
    let start = index * leafSize
    return MerkleTree.leafHash(
      try source.copy(of: start..<min(start + leafSize, source.byteCount)))
  }

  private func readTree(
    _ path: String, byteCount: Int, _ workers: Workers
  ) throws -> StreamedTree {
    let file = try FileSource(path)
    guard file.byteCount <= StreamedTree.maximumStoredByteCount else {
      throw CommitError(
        "\(path): "
          + "\(StoredTreeError.tooLong(byteCount: file.byteCount, limit: StreamedTree.maximumStoredByteCount))"
      )
    }
    let tree: StreamedTree
    do throws(StoredTreeError) {
      tree = try StreamedTree(
        storedBytes: file.copy(of: 0..<file.byteCount), concurrently: workers.run)
    } catch { throw CommitError("\(path): \(error)") }
    guard tree.leafSize == leafSize, tree.byteCount == byteCount else {
      throw CommitError(
        "\(path): it is the tree of \(tree.byteCount) bytes in leaves of \(tree.leafSize), "
          + "but the source has \(byteCount) bytes and --leaf-size is \(leafSize)")
    }
    return tree
  }
}
