import Proofs

/// Why a diff is refused, or cannot be made.
public enum DiffError: Error, Hashable, Sendable {
  /// The bytes do not begin as a diff does.
  case notADiff
  /// Another version of the format.
  case wrongVersion(UInt16)
  /// A field has a value that no writer writes.
  case malformed(CanonicalError)
  /// The bytes end inside `expected`.
  case truncated(offset: Int, expected: String)
  /// Something is larger than it can be.
  case oversized(String, byteCount: Int, limit: Int)
  /// Bytes follow the end.
  case trailingBytes(Int)
  /// The SHA-256 at the end is not that of the bytes before it.
  case wrongDigest
  /// The diff is for models of another size.
  case wrongByteCount(actual: Int, expected: Int)
  /// The diff starts from another model.
  case wrongBefore(actual: Digest, expected: Digest)
  /// The diff does not lead to the model that it names.
  case wrongAfter(actual: Digest, expected: Digest)
  /// The contents of a chunk contradict its place. `offset` is that of its bytes in the model.
  case inconsistent(offset: Int, String)
  /// A diff of this kind cannot say this.
  case impossible(String)
}

extension DiffError: CustomStringConvertible {
  /// What is wrong with the diff, in one line.
  public var description: String {
    switch self {
    case .notADiff: "it is no diff: the first bytes are others"
    case .wrongVersion(let version):
      "its format has version \(version), but version \(DiffHeader.version) is read"
    case .malformed(let error): "its header is malformed: \(error)"
    case .truncated(let offset, let expected):
      "it ends at byte \(offset), inside \(expected)"
    case .oversized(let what, let byteCount, let limit):
      "\(what) claims \(byteCount) bytes, but has at most \(limit)"
    case .trailingBytes(let count): "\(count) bytes follow its end"
    case .wrongDigest: "it is damaged: its SHA-256 differs"
    case .wrongByteCount(let actual, let expected):
      "it is for models of \(expected) bytes, but this one has \(actual)"
    case .wrongBefore(let actual, let expected):
      "it starts from the model with root \(expected), but this one has \(actual)"
    case .wrongAfter(let actual, let expected):
      "it leads to the model with root \(actual), but names \(expected)"
    case .inconsistent(let offset, let text): "the chunk at byte \(offset) of the model: \(text)"
    case .impossible(let text): text
    }
  }
}
