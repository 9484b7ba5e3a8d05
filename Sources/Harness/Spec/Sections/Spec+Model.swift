import Models

extension Spec {
  /// The model that is trained (`model`): a preset by name, or a shape given in full.
  public enum Model: Sendable, Equatable {
    /// The name of a preset (`preset`).
    case preset(String)
    /// A shape of its own.
    case custom(Shape)

    /// The shape of a decoder-only transformer.
    public struct Shape: Sendable, Equatable {
      /// Transformer layers (`n_layers`).
      public var layerCount: Int
      /// Width of the residual stream (`d_model`), a multiple of `headCount`.
      public var dModel: Int
      /// Attention heads of a layer (`n_heads`).
      public var headCount: Int
      /// Longest sequence in tokens (`context`).
      public var contextLength: Int
      /// Number of different tokens (`vocab_size`); bytes alone need 256.
      public var vocabularySize: Int
    }
  }
}

extension Spec.Model: SpecReadable {
  static let rule = "either preset or all of n_layers, d_model, n_heads, context and vocab_size"

  /// Reads `model`.
  public init(reading section: inout SpecSection) throws(SpecError) {
    let shapeKeys = ["n_layers", "d_model", "n_heads", "context", "vocab_size"]
    let given = shapeKeys.first(where: section.has)
    let isCustom = given != nil && !section.has("preset")
    let preset = try section.name(
      "preset", among: ModelShape.presets.map(\.name), isRequired: !isCustom,
      doc: "A shape by its name (`pogo list presets`); stands alone.")
    func key(
      _ name: String, _ limits: ClosedRange<Int>, _ unit: String?, _ doc: String
    ) throws(SpecError) -> Int? {
      isCustom
        ? try section.integer(name, in: limits, unit: unit, doc: doc)
        : try section.optionalInteger(name, in: limits, unit: unit, doc: doc)
    }
    let layers = try key("n_layers", 1...1024, nil, "Transformer layers.")
    let width = try key(
      "d_model", 1...65536, nil, "Width of the residual stream; a multiple of `n_heads`.")
    let heads = try key("n_heads", 1...1024, nil, "Attention heads of a layer.")
    let context = try key("context", 1...131_072, "token", "Longest sequence.")
    let vocabulary = try key(
      "vocab_size", 256...1_048_576, nil, "Number of different tokens; bytes alone need 256.")
    if let given, section.has("preset") {
      throw section.conflict(given, "cannot stand beside model.preset; give \(Self.rule)")
    }
    if let layers, let width, let heads, let context, let vocabulary {
      try section.require(
        width % heads == 0, "d_model",
        "must be a multiple of n_heads (\(heads)), but is '\(width)'")
      self = .custom(
        Shape(
          layerCount: layers, dModel: width, headCount: heads, contextLength: context,
          vocabularySize: vocabulary))
    } else {
      self = .preset(preset ?? "")
    }
  }
}
