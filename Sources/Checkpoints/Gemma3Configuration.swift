import Models
import Safetensors

/// `config.json` of Hugging Face's `Gemma3ForCausalLM`, and the text part of
/// `Gemma3ForConditionalGeneration`, under which the larger models are released.
enum Gemma3Configuration {
  static let modelType = "gemma3_text"
  static let multimodalType = "gemma3"

  /// Defaults are those of `Gemma3TextConfig`.
  static func shape(_ config: ConfigSection) throws(CheckpointError) -> ModelShape {
    try config.require(
      "hidden_activation", .string("gelu_pytorch_tanh"),
      reason: "Gemma 3 has GeGLU in its tanh form")
    for key in ["attention_bias", "use_bidirectional_attention"] {
      try config.require(key, .bool(false), .null, reason: "Gemma 3 has no such thing")
    }
    for key in ["attn_logit_softcapping", "final_logit_softcapping"] {
      try config.require(key, .null, reason: "Gemma 3 caps no logits")
    }
    try config.require("tie_word_embeddings", .bool(true), reason: "the head is the embedding")
    let layers = try config.count("num_hidden_layers", default: 26)
    let headDimension = try config.count("head_dim", default: 256)
    let ropes = try ropes(config)
    let settings = Gemma3Settings(
      queryScale: try config.number("query_pre_attn_scalar", default: 256),
      localRope: ropes.local, globalRope: ropes.global,
      normEpsilon: try config.number("rms_norm_eps", default: 1e-6),
      paddingToken: try paddingToken(config))
    let heads = try config.count("num_attention_heads", default: 8)
    let kvHeads = try config.count("num_key_value_heads", default: 4)
    let width = try config.count("hidden_size", default: 2304)
    let wide = try config.count("intermediate_size", default: 9216)
    let context = try config.count("max_position_embeddings", default: 131_072)
    let vocabulary = try config.count("vocab_size", default: 262_208)
    let reaches = try reaches(config, layerCount: layers)
    let window = try config.count("sliding_window", default: 4096)
    do {
      return try ModelShape.gemma3(
        layerCount: layers, dModel: width, headCount: heads, kvHeadCount: kvHeads,
        headDimension: headDimension, feedForwardWidth: wide, contextLength: context,
        vocabularySize: vocabulary,
        // Positions behind the last one are nobody's to see.
        attention: .layers(reaches, window: min(window, max(context, 1))), settings: settings)
    } catch { throw .configuration(path: config.path, error.description) }
  }

  /// `pad_token_id`, 0 where the key is missing.
  private static func paddingToken(_ config: ConfigSection) throws(CheckpointError) -> Int? {
    guard let value = config.json["pad_token_id"] else { return 0 }
    guard value != .null else { return nil }
    return try config.count("pad_token_id", default: 0)
  }

  /// `layer_types`, or every n-th layer global as the older `sliding_window_pattern` says.
  private static func reaches(
    _ config: ConfigSection, layerCount: Int
  ) throws(CheckpointError) -> [ModelShape.AttentionReach] {
    guard let types = config.value("layer_types") else {
      let key =
        config.value("sliding_window_pattern") == nil
        ? "_sliding_window_pattern" : "sliding_window_pattern"
      let pattern = try config.count(key, default: 6)
      guard pattern > 0 else { throw config.refusal(key, "must be at least 1, but is 0") }
      guard (1...1024).contains(layerCount) else {
        throw config.refusal("num_hidden_layers", "must be in 1...1024, but is \(layerCount)")
      }
      return (1...layerCount).map { $0 % pattern == 0 ? .global : .local }
    }
    guard let names = types.array else {
      throw config.refusal("layer_types", "must be a list, but is \(types.kind)")
    }
    var reaches: [ModelShape.AttentionReach] = []
    for name in names {
      switch name.string {
      case "sliding_attention": reaches.append(.local)
      case "full_attention": reaches.append(.global)
      default:
        throw config.refusal(
          "layer_types",
          "must hold 'sliding_attention' and 'full_attention', but has \(name.kind)")
      }
    }
    return reaches
  }

  /// Both forms, with the precedence that `transformers` gives them: `rope_parameters`, else
  /// `rope_theta`, `rope_local_base_freq` and `rope_scaling`, which concerns the global layers only.
  private static func ropes(
    _ config: ConfigSection
  ) throws(CheckpointError) -> (
    local: Gemma3Settings.RotaryEmbedding, global: Gemma3Settings.RotaryEmbedding
  ) {
    let parameters = try config.section("rope_parameters")
    if let parameters, let flat = parameters.json["rope_theta"] {
      throw parameters.refusal(
        "rope_theta", "is \(flat.kind), but stands below full_attention and sliding_attention here")
    }
    let full = try parameters?.section("full_attention")
    let sliding = try parameters?.section("sliding_attention")
    let fullBase = try config.number("rope_theta", default: 1_000_000)
    let slidingBase = try config.number("rope_local_base_freq", default: 10_000)
    return (
      local: .init(
        base: try sliding?.number("rope_theta", default: slidingBase) ?? slidingBase,
        scaling: try scaling(sliding)),
      global: .init(
        base: try full?.number("rope_theta", default: fullBase) ?? fullBase,
        scaling: try scaling(try config.section("rope_scaling") ?? full))
    )
  }

  /// What positions are divided by.
  private static func scaling(_ section: ConfigSection?) throws(CheckpointError) -> Double {
    guard let section else { return 1 }
    let key = section.value("rope_type") == nil ? "type" : "rope_type"
    switch section.value(key)?.string ?? "default" {
    case "default": return 1
    case "linear":
      guard section.value("factor") != nil else {
        throw section.refusal("factor", "is missing, but rope type 'linear' needs it")
      }
      return try section.number("factor", default: 1)
    case let other:
      throw section.refusal(
        key, "is \(Name.shown(other)), but only 'default' and 'linear' can be computed")
    }
  }

  /// Holds both forms, so that older and newer versions of `transformers` read the same model.
  static func members(
    _ shape: ModelShape, _ settings: Gemma3Settings, dtype: String
  ) throws(CheckpointError) -> [JSON.Member] {
    guard shape.window != nil || shape.reaches.allSatisfy({ $0 == .global }) else {
      throw .notExpressible("local layers need a window")
    }
    guard settings.localRope.scaling == 1 else {
      throw .notExpressible("Hugging Face's Gemma 3 does not scale the positions of local layers")
    }
    func number(_ value: Double) -> JSON { .number("\(value)") }
    func count(_ value: Int) -> JSON { .number("\(value)") }
    let scaling = settings.globalRope.scaling
    let scaled: [JSON.Member] =
      scaling == 1
      ? [JSON.Member("rope_type", .string("default"))]
      : [
        JSON.Member("factor", number(scaling)),
        JSON.Member("rope_type", .string("linear")),
      ]
    let types = shape.reaches.map {
      JSON.string($0 == .local ? "sliding_attention" : "full_attention")
    }
    // `query_pre_attn_scalar` is an integer for `transformers`.
    guard let queryScale = Int(exactly: settings.queryScale) else {
      throw .notExpressible(
        "Hugging Face wants a whole number for query_scale, but it is \(settings.queryScale)")
    }
    return [
      JSON.Member("architectures", .array([.string("Gemma3ForCausalLM")])),
      JSON.Member("attention_bias", .bool(false)),
      JSON.Member("attention_dropout", .number("0.0")),
      JSON.Member("attn_logit_softcapping", .null),
      JSON.Member("bos_token_id", .null),
      JSON.Member("dtype", .string(dtype)),
      JSON.Member("eos_token_id", .null),
      JSON.Member("final_logit_softcapping", .null),
      JSON.Member("head_dim", count(shape.headDimension)),
      JSON.Member("hidden_activation", .string("gelu_pytorch_tanh")),
      JSON.Member("hidden_size", count(shape.dModel)),
      JSON.Member("intermediate_size", count(shape.feedForwardWidth)),
      JSON.Member("layer_types", .array(types)),
      JSON.Member("max_position_embeddings", count(shape.contextLength)),
      JSON.Member("model_type", .string(modelType)),
      JSON.Member("num_attention_heads", count(shape.headCount)),
      JSON.Member("num_hidden_layers", count(shape.layerCount)),
      JSON.Member("num_key_value_heads", count(shape.kvHeadCount)),
      JSON.Member("pad_token_id", settings.paddingToken.map { .number("\($0)") } ?? .null),
      JSON.Member("query_pre_attn_scalar", count(queryScale)),
      JSON.Member("rms_norm_eps", number(settings.normEpsilon)),
      JSON.Member("rope_local_base_freq", number(settings.localRope.base)),
      JSON.Member(
        "rope_parameters",
        .object([
          JSON.Member(
            "full_attention",
            .object([JSON.Member("rope_theta", number(settings.globalRope.base))] + scaled)),
          JSON.Member(
            "sliding_attention",
            .object([
              JSON.Member("rope_theta", number(settings.localRope.base)),
              JSON.Member("rope_type", .string("default")),
            ])),
        ])),
      JSON.Member("rope_scaling", scaling == 1 ? .null : .object(scaled)),
      JSON.Member("rope_theta", number(settings.globalRope.base)),
      JSON.Member("sliding_window", count(shape.window ?? shape.contextLength)),
      JSON.Member("tie_word_embeddings", .bool(true)),
      JSON.Member("torch_dtype", .string(dtype)),
      JSON.Member("use_bidirectional_attention", .bool(false)),
      JSON.Member("vocab_size", count(shape.vocabularySize)),
    ]
  }
}
