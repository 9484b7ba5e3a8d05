import Foundation
import Proofs

/// A proof that does not hold.
public struct ProofCheckFailure: Error, Sendable, CustomStringConvertible {
  public let description: String
}

/// What a user asks `pogo prove-check` for, read and checked for form.
public struct ProofCheck: Sendable {
  let document: ProofDocument
  let root: Digest
  let treeSize: Int?
  let file: FileSource?

  /// Throws when a file cannot be read, the proof is no proof, or the root is no digest.
  public init(proofPath: String, root: String, treeSize: Int?, filePath: String?) throws {
    guard let digest = Digest(hex: root) else {
      throw CommitError("--root must be 64 hexadecimal digits, but is '\(root)'")
    }
    if let treeSize, treeSize < 0 {
      throw CommitError("--tree-size must be 0 or more, but is \(treeSize)")
    }
    let source = try FileSource(proofPath)
    guard source.byteCount <= ProofDocument.maximumByteCount else {
      throw CommitError(
        "\(proofPath): it has \(source.byteCount) bytes, but a proof has at most "
          + "\(ProofDocument.maximumByteCount)")
    }
    do throws(ProofDocumentError) {
      document = try ProofDocument(json: source.copy(of: 0..<source.byteCount))
    } catch { throw CommitError("\(proofPath): \(error)") }
    self.root = digest
    self.treeSize = treeSize
    file = try filePath.map { path throws in try FileSource(path) }
  }

  /// One line that says what holds. Throws ``ProofCheckFailure`` when something does not.
  public func run() throws -> String {
    let size = treeSize ?? document.commitment.leafCount
    let leaves: [Int]
    do throws(ProofError) { leaves = try document.verify(root: root, leafCount: size) } catch {
      throw ProofCheckFailure(description: "\(error)")
    }
    if let file { try check(file) }
    let shown = leaves.prefix(8).map(String.init).joined(separator: ", ")
    let rest = leaves.count > 8 ? " and \(leaves.count - 8) more" : ""
    let trust = treeSize == nil ? " (the proof's own number; --tree-size checks it)" : ""
    return "holds: \(leaves.count == 1 ? "leaf" : "leaves") \(shown)\(rest) of \(size)\(trust)"
      + (file == nil ? "" : "; the file has these leaves")
  }

  /// The leaves of the file are those of the proof.
  private func check(_ file: FileSource) throws {
    let commitment = document.commitment
    guard file.byteCount == commitment.byteCount else {
      throw ProofCheckFailure(
        description: "the file has \(file.byteCount) bytes, but the proof is for one of "
          + "\(commitment.byteCount)")
    }
    for (index, hash) in document.leaves {
      let bytes = file.copy(of: try commitment.byteRange(ofLeaf: index))
      guard MerkleTree.leafHash(bytes) == hash else {
        throw ProofCheckFailure(description: "leaf \(index) of the file is another one")
      }
    }
  }
}
