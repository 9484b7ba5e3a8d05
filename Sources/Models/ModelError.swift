/// What models, corpora and training refuse.
public enum ModelError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A shape whose sizes are out of range or do not fit each other.
  case invalidShape(String)
  /// Fewer tokens than one sequence with its targets needs.
  case corpusTooShort(tokens: Int, needed: Int)
  /// A token that the vocabulary does not have.
  case tokenOutOfRange(token: Int, position: Int, vocabularySize: Int)
  /// The loss is infinite or not a number.
  case nonFiniteLoss(Float)

  public var description: String {
    switch self {
    case .invalidShape(let text): text
    case .corpusTooShort(let tokens, let needed):
      "the corpus has \(tokens) tokens, but one sequence with its targets needs \(needed)"
    case .tokenOutOfRange(let token, let position, let size):
      "token \(token) at position \(position) is outside the vocabulary of \(size)"
    case .nonFiniteLoss(let loss):
      "training diverged: the loss is \(loss); a smaller learning rate helps"
    }
  }
}
