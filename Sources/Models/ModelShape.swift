/// The dimensions of a decoder; everything about its size follows from them without allocating.
///
/// Two families share it. GPT-3 ("Language Models are Few-Shot Learners", arXiv 2005.14165, section
/// 2.1): LayerNorm before each block, learned positions, biases, GELU in its tanh form. Gemma 3
/// ("Gemma 3 Technical Report", arXiv 2503.19786, section 2): RMSNorm before and after each block,
/// rotary positions, grouped-query attention with normed queries and keys, GeGLU, no biases. Both
/// tie the output head to the token embedding.
///
/// A value can only be made by ``gpt3(layerCount:dModel:headCount:contextLength:vocabularySize:feedForwardWidth:attention:)``,
/// ``gemma3(layerCount:dModel:headCount:kvHeadCount:headDimension:feedForwardWidth:contextLength:vocabularySize:attention:settings:)``
/// or a preset, so its sizes fit each other.
public struct ModelShape: Sendable, Hashable {
  /// What differs between the families beyond sizes.
  public enum Architecture: Sendable, Hashable {
    case gpt3
    case gemma3(Gemma3Settings)
  }

  /// How far back the positions of one layer see.
  public enum AttentionReach: String, Sendable, Hashable {
    /// Every position sees itself and all before it.
    case global
    /// Every position sees itself and the `window - 1` before it.
    case local
  }

  /// Family, with the numbers that only it has.
  public let architecture: Architecture
  /// Width of the residual stream, `d_model`.
  public let dModel: Int
  /// Number of query heads of a layer, `n_heads`.
  public let headCount: Int
  /// Number of key and value heads of a layer, `n_kv_heads`; divides `headCount`, and each serves
  /// `headCount / kvHeadCount` query heads in a row.
  public let kvHeadCount: Int
  /// Width of one head, `head_dim`.
  public let headDimension: Int
  /// Width of the feed-forward layer, `d_ff`.
  public let feedForwardWidth: Int
  /// Longest sequence, `context`.
  public let contextLength: Int
  /// Number of token values, `vocab_size`.
  public let vocabularySize: Int
  /// Reach of each layer's attention, first layer first.
  public let reaches: [AttentionReach]
  /// Positions that a local layer sees, itself included; nil if no layer is local.
  public let window: Int?

  /// Number of decoder layers, `n_layers`.
  public var layerCount: Int { reaches.count }
  /// Width of all query heads side by side.
  public var queryWidth: Int { headCount * headDimension }
  /// Width of all key heads, or of all value heads, side by side.
  public var keyValueWidth: Int { kvHeadCount * headDimension }
  /// Positions that layer `layer` sees, itself included; nil if it sees all.
  public func window(ofLayer layer: Int) -> Int? {
    reaches[layer] == .local ? window : nil
  }
  /// Name of the family as specs and file formats write it.
  public var family: String {
    switch architecture {
    case .gpt3: "gpt3"
    case .gemma3: "gemma3"
    }
  }
}

/// The numbers of a Gemma 3 model that are no sizes. Defaults are those of the released models.
public struct Gemma3Settings: Sendable, Hashable {
  /// Scores are divided by the square root of this, `query_scale` (Hugging Face:
  /// `query_pre_attn_scalar`); the released models have their head dimension, 27b has 168.
  public var queryScale: Double
  /// Positions of the local layers.
  public var localRope: RotaryEmbedding
  /// Positions of the global layers.
  public var globalRope: RotaryEmbedding
  /// Added to the mean square in every RMSNorm.
  public var normEpsilon: Double
  /// A token whose embedding gets no gradient where it is an input, only where it is the head; nil
  /// for none. Hugging Face's embeddings treat their `pad_token_id` so.
  public var paddingToken: Int?

  /// Rotary position embedding (RoFormer, arXiv 2104.09864): dimensions i and i + head_dim / 2 turn
  /// by position / (scaling * base^(2 i / head_dim)).
  public struct RotaryEmbedding: Sendable, Hashable {
    /// Base of the wavelengths, `rope_base`.
    public var base: Double
    /// Positions are divided by it (linear scaling), `rope_scaling`.
    public var scaling: Double

    /// From its parts.
    public init(base: Double, scaling: Double = 1) {
      self.base = base
      self.scaling = scaling
    }
  }

  /// From its parts.
  public init(
    queryScale: Double, localRope: RotaryEmbedding = RotaryEmbedding(base: 10_000),
    globalRope: RotaryEmbedding = RotaryEmbedding(base: 1_000_000), normEpsilon: Double = 1e-6,
    paddingToken: Int? = nil
  ) {
    self.queryScale = queryScale
    self.localRope = localRope
    self.globalRope = globalRope
    self.normEpsilon = normEpsilon
    self.paddingToken = paddingToken
  }
}
