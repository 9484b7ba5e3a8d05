import Foundation
import Proofs

/// A proof that does not hold.
public struct ProofCheckFailure: Error, Sendable, CustomStringConvertible {
  /// What does not hold.
  public let description: String
}

/// What a user asks `pogo prove-check` for, read and checked for form.
public struct ProofCheck: Sendable {
  private enum Document {
    case leaves(ProofDocument)
    case update(UpdateDocument, oldRoot: Digest)

    var commitment: Commitment {
      switch self {
      case .leaves(let document): document.commitment
      case .update(let document, _): document.commitment
      }
    }

    /// Leaves that the tree under the new root has by the proof.
    var leaves: [(index: Int, hash: Digest)] {
      switch self {
      case .leaves(let document): document.leaves
      case .update(let document, _):
        document.proof.changes.map { ($0.leafIndex, $0.newLeafHash) }
      }
    }
  }

  private let document: Document
  private let root: Digest
  private let treeSize: Int?
  private let file: FileSource?

  /// Throws when a file cannot be read, the proof is no proof, or a root is no digest. `oldRoot` goes
  /// with proofs of updates, and only with them.
  public init(
    proofPath: String, root: String, oldRoot: String? = nil, treeSize: Int?, filePath: String?
  ) throws {
    self.root = try Self.digest(root, "--root")
    let oldRoot = try oldRoot.map { text throws in try Self.digest(text, "--old-root") }
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
      let bytes = source.copy(of: 0..<source.byteCount)
      if try MemberReader.format(of: bytes) == UpdateDocument.format {
        guard let oldRoot else {
          throw ProofDocumentError("it proves an update; give --old-root too")
        }
        document = .update(try UpdateDocument(json: bytes), oldRoot: oldRoot)
      } else {
        guard oldRoot == nil else {
          throw ProofDocumentError("--old-root goes with a proof of `pogo prove-update`")
        }
        document = .leaves(try ProofDocument(json: bytes))
      }
    } catch { throw CommitError("\(proofPath): \(error)") }
    self.treeSize = treeSize
    file = try filePath.map { path throws in try FileSource(path) }
  }

  private static func digest(_ text: String, _ option: String) throws(CommitError) -> Digest {
    guard let digest = Digest(hex: text) else {
      throw CommitError("\(option) must be 64 hexadecimal digits, but is '\(text)'")
    }
    return digest
  }

  /// One line that says what holds. Throws ``ProofCheckFailure`` when something does not.
  public func run() throws -> String {
    let size = treeSize ?? document.commitment.leafCount
    do throws(ProofError) {
      switch document {
      case .leaves(let document): _ = try document.verify(root: root, leafCount: size)
      case .update(let document, let oldRoot):
        try document.verify(oldRoot: oldRoot, newRoot: root, leafCount: size)
      }
    } catch { throw ProofCheckFailure(description: "\(error)") }
    if let file { try check(file) }
    let trust = treeSize == nil ? " (the proof's own number; --tree-size checks it)" : ""
    return "holds: \(statement) of \(size)\(trust)"
      + (file == nil ? "" : "; the file has these leaves")
  }

  private var statement: String {
    let places = document.leaves.map(\.index)
    let shown = places.prefix(8).map(String.init).joined(separator: ", ")
    let rest = places.count > 8 ? " and \(places.count - 8) more" : ""
    let leaves = "\(places.count == 1 ? "leaf" : "leaves") \(shown)\(rest)"
    switch document {
    case .leaves: return leaves
    case .update: return places.isEmpty ? "nothing changed" : "only \(leaves) changed"
    }
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
