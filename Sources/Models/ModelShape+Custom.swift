/// Shapes given in full.
extension ModelShape {
  /// How the layers of a decoder attend.
  public enum AttentionPattern: Sendable, Hashable {
    /// Every layer is global (`dense`).
    case dense
    /// Layers 0, 2, 4 … are global, the others local with this window (`alternating`): GPT-3's
    /// dense and locally banded layers, after the Sparse Transformer (arXiv 1904.10509).
    case alternating(window: Int)
    /// Five layers with this window and then a global one, and so on (`local_per_global` says how
    /// many instead of five): Gemma 3's.
    case localThenGlobal(window: Int, localPerGlobal: Int = 5)
    /// Each layer as it says; the window is nil if none is local.
    case layers([AttentionReach], window: Int?)
  }

  /// A shape of the GPT-3 family; its heads share out `dModel`.
  ///
  /// - Parameter feedForwardWidth: by default 4 * `dModel`, as in all published shapes.
  ///
  /// Throws ``ModelError/invalidShape(_:)`` unless every size is within its limits.
  public static func gpt3(
    layerCount: Int, dModel: Int, headCount: Int, contextLength: Int, vocabularySize: Int,
    feedForwardWidth: Int? = nil, attention: AttentionPattern = .dense
  ) throws(ModelError) -> ModelShape {
    try check(layerCount, "n_layers", Limits.layerCount)
    try check(dModel, "d_model", Limits.width)
    try check(headCount, "n_heads", Limits.headCount)
    guard dModel % headCount == 0 else {
      throw .invalidShape(
        "n_heads must divide d_model, but \(dModel) is no multiple of \(headCount)")
    }
    return try ModelShape(
      .gpt3, layerCount: layerCount, dModel: dModel, headCount: headCount, kvHeadCount: headCount,
      headDimension: dModel / headCount, feedForwardWidth: feedForwardWidth ?? 4 * dModel,
      contextLength: contextLength, vocabularySize: vocabularySize, attention: attention)
  }

  /// A shape of the Gemma 3 family.
  ///
  /// - Parameter settings: by default those of the released models without scaled positions, and
  ///   scores divided by the square root of the head dimension.
  ///
  /// Throws ``ModelError/invalidShape(_:)`` unless every size is within its limits.
  public static func gemma3(
    layerCount: Int, dModel: Int, headCount: Int, kvHeadCount: Int, headDimension: Int,
    feedForwardWidth: Int, contextLength: Int, vocabularySize: Int, attention: AttentionPattern,
    settings: Gemma3Settings? = nil
  ) throws(ModelError) -> ModelShape {
    let settings = settings ?? Gemma3Settings(queryScale: Double(headDimension))
    try check(layerCount, "n_layers", Limits.layerCount)
    try check(dModel, "d_model", Limits.width)
    try check(headCount, "n_heads", Limits.headCount)
    try check(kvHeadCount, "n_kv_heads", Limits.headCount)
    guard headCount % kvHeadCount == 0 else {
      throw .invalidShape(
        "n_kv_heads must divide n_heads, but \(headCount) is no multiple of \(kvHeadCount)")
    }
    try check(headDimension, "head_dim", Limits.headDimension)
    guard headDimension % 2 == 0 else {
      throw .invalidShape(
        "head_dim must be even, as positions turn pairs of dimensions, but is \(headDimension)")
    }
    try checkPositive(settings.queryScale, "query_scale")
    for (rope, name) in [(settings.localRope, "local"), (settings.globalRope, "global")] {
      try checkPositive(rope.base, "rope_base_\(name)")
      try checkPositive(rope.scaling, "rope_scaling_\(name)")
    }
    try checkPositive(settings.normEpsilon, "norm_epsilon")
    if let padding = settings.paddingToken, !(0..<vocabularySize).contains(padding) {
      throw .invalidShape(
        "padding_token must be below vocab_size, \(vocabularySize), but is \(padding)")
    }
    return try ModelShape(
      .gemma3(settings), layerCount: layerCount, dModel: dModel, headCount: headCount,
      kvHeadCount: kvHeadCount, headDimension: headDimension, feedForwardWidth: feedForwardWidth,
      contextLength: contextLength, vocabularySize: vocabularySize, attention: attention)
  }

  /// This shape with another pattern of attention.
  ///
  /// Throws ``ModelError/invalidShape(_:)`` if the pattern does not fit.
  public func withAttention(_ attention: AttentionPattern) throws(ModelError) -> ModelShape {
    try ModelShape(
      architecture, layerCount: layerCount, dModel: dModel, headCount: headCount,
      kvHeadCount: kvHeadCount, headDimension: headDimension, feedForwardWidth: feedForwardWidth,
      contextLength: contextLength, vocabularySize: vocabularySize, attention: attention)
  }

  /// The first layers of this shape between an embedding of few tokens and positions: what a layer
  /// costs at full width, without the memory that embeddings take.
  ///
  /// Throws ``ModelError/invalidShape(_:)`` if there are fewer layers or a size is out of its limits.
  public func firstLayers(
    _ count: Int, contextLength: Int, vocabularySize: Int
  ) throws(ModelError) -> ModelShape {
    try Self.check(count, "n_layers", 1...layerCount)
    return try ModelShape(
      architecture, layerCount: count, dModel: dModel, headCount: headCount,
      kvHeadCount: kvHeadCount, headDimension: headDimension, feedForwardWidth: feedForwardWidth,
      contextLength: contextLength, vocabularySize: vocabularySize,
      attention: .layers(Array(reaches.prefix(count)), window: window))
  }

  /// The limits keep the number of parameters and of their bytes far away from overflow of Int.
  enum Limits {
    static let layerCount = 1...1024
    static let width = 1...65_536
    static let headCount = 1...1024
    static let headDimension = 2...4096
    static let feedForwardWidth = 1...1_048_576
    static let contextLength = 1...131_072
    static let vocabularySize = 2...1_048_576
  }

  /// What both families check last.
  private init(
    _ architecture: Architecture, layerCount: Int, dModel: Int, headCount: Int, kvHeadCount: Int,
    headDimension: Int, feedForwardWidth: Int, contextLength: Int, vocabularySize: Int,
    attention: AttentionPattern
  ) throws(ModelError) {
    try Self.check(feedForwardWidth, "d_ff", Limits.feedForwardWidth)
    try Self.check(contextLength, "context", Limits.contextLength)
    try Self.check(vocabularySize, "vocab_size", Limits.vocabularySize)
    let (reaches, window) = try Self.reaches(attention, layerCount: layerCount)
    if let window { try Self.check(window, "window", Limits.contextLength) }
    self.architecture = architecture
    self.dModel = dModel
    self.headCount = headCount
    self.kvHeadCount = kvHeadCount
    self.headDimension = headDimension
    self.feedForwardWidth = feedForwardWidth
    self.contextLength = contextLength
    self.vocabularySize = vocabularySize
    self.reaches = reaches
    self.window = window
  }

  /// The pattern layer by layer; equal models get equal values however they are described.
  private static func reaches(
    _ pattern: AttentionPattern, layerCount: Int
  ) throws(ModelError) -> ([AttentionReach], window: Int?) {
    let reaches: [AttentionReach]
    let width: Int?
    switch pattern {
    case .dense:
      (reaches, width) = (Array(repeating: .global, count: layerCount), nil)
    case .alternating(let window):
      (reaches, width) = ((0..<layerCount).map { $0 % 2 == 0 ? .global : .local }, window)
    case .localThenGlobal(let window, let locals):
      try check(locals, "local_per_global", 0...1024)
      (reaches, width) = (
        (0..<layerCount).map { ($0 + 1) % (locals + 1) == 0 ? .global : .local }, window
      )
    case .layers(let layers, let window):
      guard layers.count == layerCount else {
        throw .invalidShape(
          "a reach is needed for each of \(layerCount) layers, but there are \(layers.count)")
      }
      (reaches, width) = (layers, window)
    }
    guard reaches.contains(.local) else { return (reaches, nil) }
    guard let width else { throw .invalidShape("local layers need a window, but there is none") }
    return (reaches, width)
  }

  private static func check(
    _ value: Int, _ name: String, _ range: ClosedRange<Int>
  ) throws(ModelError) {
    guard range.contains(value) else {
      throw .invalidShape(
        "\(name) must be in \(range.lowerBound)...\(range.upperBound), but is \(value)")
    }
  }

  /// Float32 arithmetic must be able to hold the value and its inverse.
  private static func checkPositive(_ value: Double, _ name: String) throws(ModelError) {
    guard value >= 1e-30, value <= 1e30 else {
      throw .invalidShape("\(name) must be in 1e-30...1e30, but is \(value)")
    }
  }
}
