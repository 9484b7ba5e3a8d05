import Models

extension Spec {
  /// The model that is trained (`model`): a preset by name, or a shape given in full; either may say
  /// how its layers attend.
  public struct Model: Sendable, Equatable {
    /// The name of the preset (`preset`); nil for a shape of its own.
    public var preset: String?
    /// The shape.
    public var shape: ModelShape
  }
}

extension Spec.Model: SpecReadable {
  static let rule = "either preset or all of n_layers, d_model, n_heads, context and vocab_size"

  /// Families of models (`family`).
  enum Family: String, CaseIterable, Sendable {
    case gpt3, gemma3
  }

  /// How the layers of a GPT-3 attend (`attention`).
  enum Attention: String, CaseIterable, Sendable {
    case dense, alternating
  }

  /// Reads `model`.
  public init(reading section: inout SpecSection) throws(SpecError) {
    let sizeKeys = [
      "n_layers", "d_model", "n_heads", "context", "vocab_size", "family", "n_kv_heads",
      "head_dim", "d_ff", "query_scale", "rope_base_local", "rope_base_global",
      "rope_scaling_global", "norm_epsilon",
    ]
    let given = sizeKeys.first(where: section.has)
    let isCustom = given != nil && !section.has("preset")
    preset = try section.name(
      "preset", among: ModelShape.presets.map(\.name), isRequired: !isCustom,
      doc: "A shape by its name (`pogo list presets`); no size stands beside it.")
    let family =
      try section.optionalChoice(
        "family", of: Family.self,
        doc: "Family of a shape of its own; by default `gpt3`. docs/models.md describes both.")
      ?? .gpt3
    let sizes = try Sizes(reading: &section, isCustom: isCustom, family: family)
    if let given, section.has("preset") {
      throw section.conflict(given, "cannot stand beside model.preset; give \(Self.rule)")
    }
    let attention = try Pattern(reading: &section)
    if let preset, let shape = ModelShape.preset(named: preset) {
      let family = Family(rawValue: shape.family) ?? .gpt3
      try attention.require(family: family, isPreset: true, in: section)
      self.shape = try Self.checked(section) { () throws(ModelError) in
        attention.isGiven
          ? try shape.withAttention(attention.pattern(of: family, window: shape.window)) : shape
      }
    } else {
      try attention.require(family: family, isPreset: false, in: section)
      try sizes.require(in: section)
      shape = try Self.checked(section) { () throws(ModelError) in
        try sizes.shape(family, attention.pattern(of: family, window: nil))
      }
    }
  }

  /// What the shape itself refuses, at the key that its error names first.
  private static func checked(
    _ section: SpecSection, _ shape: () throws(ModelError) -> ModelShape
  ) throws(SpecError) -> ModelShape {
    do { return try shape() } catch {
      let words = error.description.split(separator: " ", maxSplits: 1).map(String.init)
      throw section.conflict(words[0], words.count > 1 ? words[1] : "")
    }
  }
}

/// How layers attend, as the keys say it.
private struct Pattern {
  let attention: Spec.Model.Attention?
  let window: Int?
  let localPerGlobal: Int?

  init(reading section: inout SpecSection) throws(SpecError) {
    attention = try section.optionalChoice(
      "attention", of: Spec.Model.Attention.self,
      doc: "Layers of a gpt3: `dense`, or `alternating` dense and locally banded ones as in GPT-3; "
        + "by default dense.")
    window = try section.optionalInteger(
      "window", in: 1...131_072, unit: "token",
      doc: "Positions that a banded layer (gpt3) or a local one (gemma3) sees, itself included.")
    localPerGlobal = try section.optionalInteger(
      "local_per_global", in: 0...1024, unit: "layer",
      doc: "Local layers before each global one in a gemma3; by default 5.")
  }

  var isGiven: Bool { attention != nil || window != nil || localPerGlobal != nil }

  /// Refuses keys that mean nothing in `family`, and a pattern without its window; a preset has one.
  func require(
    family: Spec.Model.Family, isPreset: Bool, in section: SpecSection
  ) throws(SpecError) {
    switch family {
    case .gpt3:
      try section.require(
        localPerGlobal == nil, "local_per_global",
        "is only for gemma3, but the family is gpt3")
      try section.require(
        window == nil || attention == .alternating, "window",
        "needs attention: alternating beside it in a gpt3")
      try section.require(
        attention != .alternating || window != nil, "attention",
        "alternating needs a window beside it, the width of the band")
    case .gemma3:
      try section.require(
        attention == nil, "attention", "is only for gpt3, but the family is gemma3")
      try section.require(
        isPreset || window != nil || localPerGlobal == 0, "window",
        "is missing: the local layers of a gemma3 need one")
    }
  }

  /// The pattern in `family`; `window` is the one to keep.
  func pattern(
    of family: Spec.Model.Family, window kept: Int?
  ) -> ModelShape.AttentionPattern {
    if family == .gpt3 {
      return attention == .alternating ? .alternating(window: window ?? 0) : .dense
    }
    return .localThenGlobal(window: window ?? kept ?? 0, localPerGlobal: localPerGlobal ?? 5)
  }
}

/// The sizes of a shape of its own.
private struct Sizes {
  let layers, width, heads, context, vocabulary: Int?
  let kvHeads, headDimension, feedForward: Int?
  let queryScale, localBase, globalBase, globalScaling, normEpsilon: Double?
  let family: Spec.Model.Family

  init(
    reading section: inout SpecSection, isCustom: Bool, family: Spec.Model.Family
  ) throws(SpecError) {
    self.family = family
    func key(
      _ name: String, _ limits: ClosedRange<Int>, _ unit: String?, isRequired: Bool, _ doc: String
    ) throws(SpecError) -> Int? {
      isRequired
        ? try section.integer(name, in: limits, unit: unit, doc: doc)
        : try section.optionalInteger(name, in: limits, unit: unit, doc: doc)
    }
    let isGemma = isCustom && family == .gemma3
    layers = try key("n_layers", 1...1024, nil, isRequired: isCustom, "Transformer layers.")
    width = try key(
      "d_model", 1...65536, nil, isRequired: isCustom,
      "Width of the residual stream; in a gpt3 a multiple of `n_heads`.")
    heads = try key(
      "n_heads", 1...1024, nil, isRequired: isCustom, "Attention heads of a layer.")
    context = try key("context", 1...131_072, "token", isRequired: isCustom, "Longest sequence.")
    vocabulary = try key(
      "vocab_size", 256...1_048_576, nil, isRequired: isCustom,
      "Number of different tokens; bytes alone need 256.")
    kvHeads = try key(
      "n_kv_heads", 1...1024, nil, isRequired: isGemma,
      "Key-value heads of a gemma3; a divisor of `n_heads`.")
    headDimension = try key(
      "head_dim", 2...4096, nil, isRequired: isGemma, "Width of a head of a gemma3; even.")
    feedForward = try key(
      "d_ff", 1...1_048_576, nil, isRequired: isGemma,
      "Width of the feed-forward layer; in a gpt3 by default 4 times `d_model`.")
    func number(_ name: String, _ doc: String) throws(SpecError) -> Double? {
      try section.optionalNumber(name, .positive, doc: doc)
    }
    queryScale = try number(
      "query_scale", "Scores of a gemma3 are divided by its root; by default `head_dim`.")
    localBase = try number(
      "rope_base_local", "Base of positions in local layers of a gemma3; by default 10000.")
    globalBase = try number(
      "rope_base_global", "Base of positions in global layers of a gemma3; by default 1000000.")
    globalScaling = try number(
      "rope_scaling_global", "Divides positions in global layers of a gemma3; by default 1.")
    normEpsilon = try number("norm_epsilon", "Epsilon of norms of a gemma3; by default 1e-6.")
  }

  /// Refuses keys of the other family.
  func require(in section: SpecSection) throws(SpecError) {
    guard family == .gpt3 else { return }
    for name in [
      "n_kv_heads", "head_dim", "query_scale", "rope_base_local", "rope_base_global",
      "rope_scaling_global", "norm_epsilon",
    ] {
      try section.require(
        !section.has(name), name, "is only for gemma3, but the family is gpt3")
    }
    if let width, let heads {
      try section.require(
        width % heads == 0, "d_model", "must be a multiple of n_heads (\(heads)), but is '\(width)'"
      )
    }
  }

  /// The shape; a section that only describes itself has answered with values that make one.
  func shape(
    _ family: Spec.Model.Family, _ attention: ModelShape.AttentionPattern
  ) throws(ModelError) -> ModelShape {
    let (layers, width, heads) = (layers ?? 1, width ?? 1, heads ?? 1)
    let (context, vocabulary) = (context ?? 1, vocabulary ?? 256)
    switch family {
    case .gpt3:
      return try .gpt3(
        layerCount: layers, dModel: width, headCount: heads, contextLength: context,
        vocabularySize: vocabulary, feedForwardWidth: feedForward, attention: attention)
    case .gemma3:
      let headDimension = headDimension ?? 2
      return try .gemma3(
        layerCount: layers, dModel: width, headCount: heads, kvHeadCount: kvHeads ?? 1,
        headDimension: headDimension, feedForwardWidth: feedForward ?? 1,
        contextLength: context, vocabularySize: vocabulary, attention: attention,
        settings: Gemma3Settings(
          queryScale: queryScale ?? Double(headDimension),
          localRope: .init(base: localBase ?? 10_000),
          globalRope: .init(base: globalBase ?? 1_000_000, scaling: globalScaling ?? 1),
          normEpsilon: normEpsilon ?? 1e-6))
    }
  }
}
