/// What of a model is trained, and in which form. The parts are chosen by patterns, see
/// ``FineTuning/matches(_:_:)``.
public enum FineTuning: Sendable, Hashable {
  /// Every parameter.
  case full
  /// Low-rank adapters (LoRA, arXiv 2106.09685): a matrix W (outputs, inputs) becomes
  /// W + alpha / rank * B A with A (rank, inputs) and B (outputs, rank). Only A and B are trained;
  /// all else stays as it was at the start.
  case lora(rank: Int, alpha: Float, matrices: [String])
  /// Some tensors; all others stay as they were at the start.
  case layers([String])
  /// Every parameter, but each block's update is cut to a rank and published as factors, see
  /// ``LowRankForm``.
  case lowRank(rank: Int)

  /// Name of the variant as specs write it.
  public var name: String {
    switch self {
    case .full: "full"
    case .lora: "lora"
    case .layers: "layers"
    case .lowRank: "low-rank"
    }
  }

  /// Whether every parameter is trained, so that the vector that is trained is the model.
  public var trainsEverything: Bool {
    switch self {
    case .full, .lowRank: true
    case .lora, .layers: false
    }
  }

  /// Ranks that adapters can have.
  public static let rankLimits = 1...4096
  /// The most patterns of a variant.
  public static let patternLimit = 256

  /// Whether a pattern chooses a tensor: it is the name of the tensor's part (`attention`,
  /// `feed_forward`, `norm`, `embedding`), or some whole words of the tensor's name in a row, such as
  /// `q_proj`, `mlp.c_fc`, `h.3` or `layers.0.self_attn`.
  public static func matches(_ pattern: String, _ tensor: ParameterTensor) -> Bool {
    if pattern == tensor.part.rawValue { return true }
    let words = pattern.split(separator: ".", omittingEmptySubsequences: false)
    let name = tensor.name.split(separator: ".")
    guard words.count <= name.count else { return false }
    return (0...name.count - words.count).contains { name[$0..<$0 + words.count] == words[...] }
  }

  /// The tensors of `layout` that are chosen, in its order.
  ///
  /// Throws ``ModelError/invalidShape(_:)`` for a pattern that chooses nothing, so that a typing error
  /// does not train less than was meant.
  static func chosen(
    _ patterns: [String], of tensors: [ParameterTensor], what: String
  ) throws(ModelError) -> [ParameterTensor] {
    guard !patterns.isEmpty, patterns.count <= patternLimit else {
      throw .invalidShape("at least one and at most \(patternLimit) \(what) must be named")
    }
    for pattern in patterns where !tensors.contains(where: { matches(pattern, $0) }) {
      throw .invalidShape(
        "'\(pattern)' names none of the \(what), such as "
          + tensors.prefix(3).map { "'\($0.name)'" }.joined(separator: ", "))
    }
    return tensors.filter { tensor in patterns.contains { matches($0, tensor) } }
  }
}
