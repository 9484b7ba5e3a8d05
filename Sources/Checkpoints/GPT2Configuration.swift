import Models
import Safetensors

/// `config.json` of Hugging Face's `GPT2LMHeadModel`, which is a GPT-3 shape with dense attention.
enum GPT2Configuration {
  static let modelType = "gpt2"
  static let layerNormEpsilon = 1e-5

  /// Defaults are those of `GPT2Config`.
  static func shape(_ config: ConfigSection) throws(CheckpointError) -> ModelShape {
    try config.require(
      "activation_function", .string("gelu_new"), .string("gelu_pytorch_tanh"),
      reason: "GPT-3 has GELU in its tanh form")
    try config.require(
      "layer_norm_epsilon", equals: layerNormEpsilon, reason: "it is fixed for this family")
    try config.require("scale_attn_weights", .bool(true), reason: "GPT-3 scales its scores")
    for key in ["scale_attn_by_inverse_layer_idx", "add_cross_attention"] {
      try config.require(key, .bool(false), reason: "GPT-3 has no such thing")
    }
    try config.require("tie_word_embeddings", .bool(true), reason: "the head is the embedding")
    let layers = try config.count("n_layer", default: 12)
    let width = try config.count("n_embd", default: 768)
    let heads = try config.count("n_head", default: 12)
    let context = try config.count("n_positions", default: 1024)
    let vocabulary = try config.count("vocab_size", default: 50_257)
    let wide = config.value("n_inner") == nil ? nil : try config.count("n_inner", default: 0)
    do {
      return try ModelShape.gpt3(
        layerCount: layers, dModel: width, headCount: heads, contextLength: context,
        vocabularySize: vocabulary, feedForwardWidth: wide)
    } catch { throw .configuration(path: config.path, error.description) }
  }

  static func members(_ shape: ModelShape, dtype: String) throws(CheckpointError) -> [JSON.Member] {
    guard shape.window == nil else {
      throw .notExpressible(
        "Hugging Face's GPT-2 has no locally banded layers, so it would compute another model; "
          + "only shapes with dense attention can be exported")
    }
    return [
      JSON.Member("activation_function", .string("gelu_new")),
      JSON.Member("architectures", .array([.string("GPT2LMHeadModel")])),
      JSON.Member("attn_pdrop", .number("0.0")),
      JSON.Member("bos_token_id", .null),
      JSON.Member("dtype", .string(dtype)),
      JSON.Member("embd_pdrop", .number("0.0")),
      JSON.Member("eos_token_id", .null),
      JSON.Member("layer_norm_epsilon", .number("\(layerNormEpsilon)")),
      JSON.Member("model_type", .string(modelType)),
      JSON.Member("n_embd", .number("\(shape.dModel)")),
      JSON.Member("n_head", .number("\(shape.headCount)")),
      JSON.Member("n_inner", .number("\(shape.feedForwardWidth)")),
      JSON.Member("n_layer", .number("\(shape.layerCount)")),
      JSON.Member("n_positions", .number("\(shape.contextLength)")),
      JSON.Member("resid_pdrop", .number("0.0")),
      JSON.Member("tie_word_embeddings", .bool(true)),
      JSON.Member("torch_dtype", .string(dtype)),
      JSON.Member("vocab_size", .number("\(shape.vocabularySize)")),
    ]
  }
}
