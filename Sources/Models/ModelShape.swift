/// The dimensions of a decoder; everything about its size follows from them without allocating.
///
/// The architecture is GPT-3's ("Language Models are Few-Shot Learners", arXiv 2005.14165,
/// section 2.1): pre-LayerNorm blocks, learned positions, GELU in its tanh form, a feed-forward
/// layer of four times the width, and an output head tied to the token embedding.
public struct ModelShape: Sendable, Hashable {
  /// Number of decoder layers, `n_layers`.
  public let layerCount: Int
  /// Width of the residual stream, `d_model`.
  public let dModel: Int
  /// Number of attention heads, `n_heads`; divides `dModel`.
  public let headCount: Int
  /// Longest sequence that has learned positions, `context`.
  public let contextLength: Int
  /// Number of token values, `vocab_size`.
  public let vocabularySize: Int

  /// Width of one attention head.
  public var headDimension: Int { dModel / headCount }
  /// Width of the feed-forward layer, `d_ff`.
  public var feedForwardWidth: Int { 4 * dModel }

  /// Throws ``ModelError/invalidShape(_:)`` unless every size is within its limits.
  public init(
    layerCount: Int, dModel: Int, headCount: Int, contextLength: Int, vocabularySize: Int
  ) throws(ModelError) {
    // The limits keep the number of parameters and of their bytes far away from overflow of Int.
    func check(_ value: Int, _ name: String, _ range: ClosedRange<Int>) throws(ModelError) {
      guard range.contains(value) else {
        throw .invalidShape(
          "\(name) must be in \(range.lowerBound)...\(range.upperBound), but is \(value)")
      }
    }
    try check(layerCount, "n_layers", 1...1024)
    try check(dModel, "d_model", 1...65_536)
    try check(headCount, "n_heads", 1...1024)
    try check(contextLength, "context", 1...131_072)
    try check(vocabularySize, "vocab_size", 2...1_048_576)
    guard dModel % headCount == 0 else {
      throw .invalidShape(
        "n_heads must divide d_model, but \(dModel) is no multiple of \(headCount)")
    }
    self.layerCount = layerCount
    self.dModel = dModel
    self.headCount = headCount
    self.contextLength = contextLength
    self.vocabularySize = vocabularySize
  }

  private init(
    preset layerCount: Int, _ dModel: Int, _ headCount: Int, _ contextLength: Int,
    _ vocabularySize: Int
  ) {
    self.layerCount = layerCount
    self.dModel = dModel
    self.headCount = headCount
    self.contextLength = contextLength
    self.vocabularySize = vocabularySize
  }

  /// Shapes that a spec can name, smallest first.
  public static let presets: [(name: String, shape: ModelShape)] = [
    // 120,576 parameters: every part of GPT-3 at a size that trains in milliseconds a step.
    ("gpt3-nano", ModelShape(preset: 2, 64, 4, 64, 256))
  ]

  /// The preset called `name`, or nil.
  public static func preset(named name: String) -> ModelShape? {
    presets.first { $0.name == name }?.shape
  }
}

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
