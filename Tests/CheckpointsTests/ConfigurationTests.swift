import Checkpoints
import Foundation
import Models
import Safetensors
import Testing

@Suite struct ConfigurationTests {
  func read(_ text: String) throws(CheckpointError) -> Configuration {
    try Configuration(parsing: Array(text.utf8), path: "config.json")
  }

  /// The configurations under which the models are released, as far as they say something.
  static let released: [(preset: String, text: String)] = [
    (
      "gemma3-270m",
      """
      {"model_type": "gemma3_text", "_sliding_window_pattern": 6, "head_dim": 256,
       "hidden_size": 640, "intermediate_size": 2048, "max_position_embeddings": 32768,
       "num_attention_heads": 4, "num_hidden_layers": 18, "num_key_value_heads": 1,
       "query_pre_attn_scalar": 256, "rope_local_base_freq": 10000.0, "rope_scaling": null,
       "rope_theta": 1000000.0, "sliding_window": 512, "vocab_size": 262144}
      """
    ),
    (
      "gemma3-1b",
      """
      {"architectures": ["Gemma3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
       "attn_logit_softcapping": null, "bos_token_id": 2, "cache_implementation": "hybrid",
       "eos_token_id": [1, 106], "final_logit_softcapping": null, "head_dim": 256,
       "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 1152, "initializer_range": 0.02,
       "intermediate_size": 6912, "max_position_embeddings": 32768, "model_type": "gemma3_text",
       "num_attention_heads": 4, "num_hidden_layers": 26, "num_key_value_heads": 1,
       "pad_token_id": 0, "query_pre_attn_scalar": 256, "rms_norm_eps": 1e-06,
       "rope_local_base_freq": 10000, "rope_scaling": null, "rope_theta": 1000000,
       "sliding_window": 512, "sliding_window_pattern": 6, "torch_dtype": "bfloat16",
       "use_cache": true, "vocab_size": 262144}
      """
    ),
    (
      "gemma3-4b",
      """
      {"model_type": "gemma3", "text_config": {"hidden_size": 2560, "intermediate_size": 10240,
       "model_type": "gemma3_text", "num_hidden_layers": 34,
       "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024},
       "vision_config": {"hidden_size": 1152}}
      """
    ),
    (
      "gemma3-27b",
      """
      {"model_type": "gemma3", "text_config": {"head_dim": 128, "hidden_size": 5376,
       "intermediate_size": 21504, "model_type": "gemma3_text", "num_attention_heads": 32,
       "num_hidden_layers": 62, "num_key_value_heads": 16, "query_pre_attn_scalar": 168,
       "rope_scaling": {"factor": 8.0, "type": "linear"}, "sliding_window": 1024}}
      """
    ),
  ]

  @Test(arguments: released.indices) func releasedModelsAreThePresets(_ index: Int) throws {
    let (name, text) = Self.released[index]
    let preset = try #require(ModelShape.preset(named: name))
    // The presets are shapes to train; released models have a padding token besides.
    let read = try read(text).shape
    guard case .gemma3(var settings) = read.architecture, let window = read.window else {
      Issue.record("another family")
      return
    }
    #expect(settings.paddingToken == 0)
    settings.paddingToken = nil
    let plain = try ModelShape.gemma3(
      layerCount: read.layerCount, dModel: read.dModel, headCount: read.headCount,
      kvHeadCount: read.kvHeadCount, headDimension: read.headDimension,
      feedForwardWidth: read.feedForwardWidth, contextLength: read.contextLength,
      vocabularySize: read.vocabularySize, attention: .layers(read.reaches, window: window),
      settings: settings)
    #expect(plain == preset)
  }

  @Test func theSmallGPT2HasItsSizes() throws {
    let text =
      #"{"model_type": "gpt2", "n_ctx": 1024, "n_layer": 12, "activation_function": "gelu_new"}"#
    let expected = try ModelShape.gpt3(
      layerCount: 12, dModel: 768, headCount: 12, contextLength: 1024, vocabularySize: 50_257)
    #expect(try read(text) == Configuration(shape: expected))
  }

  @Test func everyPresetSurvives() throws {
    for preset in ModelShape.presets {
      for type in ElementType.writable {
        let configuration = Configuration(shape: preset.shape)
        #expect(try read(configuration.text(type: type)) == configuration, "\(preset.name)")
      }
    }
  }

  @Test func bandedGPT3CannotBeWritten() throws {
    let shape = try #require(ModelShape.preset(named: "gpt3-nano"))
      .withAttention(.alternating(window: 8))
    #expect(throws: CheckpointError.self) { try Configuration(shape: shape).text(type: .float32) }
  }

  @Test(arguments: [
    ("", "JSON"), ("[]", "mapping"), ("{}", "model_type is missing"),
    (#"{"model_type": "llama"}"#, "'llama'"), (#"{"model_type": 7}"#, "number 7"),
    (#"{"model_type": "gpt2", "n_layer": 2, "n_layer": 3}"#, "twice"),
    (#"{"model_type": "gpt2", "n_layer": 2.5}"#, "n_layer must be a count"),
    (#"{"model_type": "gpt2", "n_layer": -1}"#, "n_layer must be a count"),
    (#"{"model_type": "gpt2", "n_layer": 0}"#, "n_layers must be in"),
    (#"{"model_type": "gpt2", "n_head": 7}"#, "n_heads must divide"),
    (#"{"model_type": "gpt2", "activation_function": "gelu"}"#, "activation_function is \"gelu\""),
    (#"{"model_type": "gpt2", "layer_norm_epsilon": 1e-6}"#, "layer_norm_epsilon"),
    (#"{"model_type": "gpt2", "scale_attn_weights": false}"#, "scale_attn_weights"),
    (#"{"model_type": "gpt2", "scale_attn_by_inverse_layer_idx": true}"#, "inverse_layer"),
    (#"{"model_type": "gpt2", "tie_word_embeddings": false}"#, "tie_word_embeddings"),
    (#"{"model_type": "gemma3"}"#, "text_config is missing"),
    (#"{"model_type": "gemma3_text", "hidden_activation": "silu"}"#, "hidden_activation"),
    (#"{"model_type": "gemma3_text", "attention_bias": true}"#, "attention_bias"),
    (#"{"model_type": "gemma3_text", "final_logit_softcapping": 30.0}"#, "softcapping"),
    (#"{"model_type": "gemma3_text", "rope_scaling": {"rope_type": "yarn"}}"#, "'yarn'"),
    (
      #"{"model_type": "gemma3_text", "rope_scaling": {"rope_type": "linear"}}"#,
      "factor is missing"
    ),
    (#"{"model_type": "gemma3_text", "rope_scaling": 8}"#, "rope_scaling must be a mapping"),
    (#"{"model_type": "gemma3_text", "rope_parameters": {"rope_theta": 1}}"#, "full_attention"),
    (#"{"model_type": "gemma3_text", "layer_types": ["full_attention"]}"#, "26 layers"),
    (#"{"model_type": "gemma3_text", "layer_types": ["none"]}"#, "'none'"),
    (#"{"model_type": "gemma3_text", "sliding_window_pattern": 0}"#, "at least 1"),
    (#"{"model_type": "gemma3_text", "num_hidden_layers": 999999999}"#, "num_hidden_layers"),
    (#"{"model_type": "gemma3_text", "pad_token_id": 262208}"#, "padding_token"),
    (#"{"model_type": "gemma3_text", "query_pre_attn_scalar": 0}"#, "query_scale"),
    (#"{"model_type": "gemma3_text", "rms_norm_eps": "1e-6"}"#, "rms_norm_eps must be a number"),
  ])
  func whatIsAnotherFunctionIsRefused(_ text: String, _ message: String) {
    let error = #expect(throws: CheckpointError.self) { try read(text) }
    let words = error?.description ?? ""
    #expect(words.contains(message) && words.hasPrefix("config.json: "), "\(words)")
    #expect(!words.contains("\n"))
  }
}
