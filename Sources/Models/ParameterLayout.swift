/// The order of all parameters in one flat float32 vector.
///
/// Leaves of Merkle trees, quantization groups, diffs and optimizers work on this vector without
/// knowing the architecture. The order is part of the protocol: token embedding, learned positions
/// if there are any, then each layer's tensors in the order in which the forward pass reads them,
/// then the final norm. `docs/models.md` lists them.
public struct ParameterLayout: Sendable, Hashable {
  /// The tensors in the order of their offsets, without gaps.
  public let tensors: [ParameterTensor]

  /// Number of parameters.
  public var count: Int { tensors.last.map { $0.offset + $0.count } ?? 0 }

  /// Number of parameters of one part.
  public func count(of part: ParameterTensor.Part) -> Int {
    tensors.reduce(0) { $1.part == part ? $0 + $1.count : $0 }
  }

  /// The layout of a shape.
  public init(_ shape: ModelShape) {
    var builder = Builder()
    switch shape.architecture {
    case .gpt3: builder.appendGPT3(shape)
    case .gemma3: builder.appendGemma3(shape)
    }
    tensors = builder.tensors
  }

  /// The tensor that holds element `index` of the flat vector, and the place inside it.
  public func location(of index: Int) -> (tensor: ParameterTensor, element: Int)? {
    guard let tensor = tensors.first(where: { $0.range.contains(index) }) else { return nil }
    return (tensor, index - tensor.offset)
  }

  /// The tensor called `name`, or nil.
  public func tensor(named name: String) -> ParameterTensor? {
    tensors.first { $0.name == name }
  }

  /// Puts tensors one after the other.
  private struct Builder {
    var tensors: [ParameterTensor] = []
    private var offset = 0

    mutating func append(
      _ name: String, _ dimensions: [Int], _ part: ParameterTensor.Part,
      _ initialization: ParameterTensor.Initialization
    ) {
      let tensor = ParameterTensor(
        name: name, dimensions: dimensions, offset: offset, part: part,
        initialization: initialization)
      tensors.append(tensor)
      offset += tensor.count
    }

    /// Initial values are GPT-2's (Radford et al. 2019, section 2.3), which GPT-3 keeps: normal with
    /// deviation 0.02, projections into the residual stream divided by sqrt(2 * layers).
    mutating func appendGPT3(_ shape: ModelShape) {
      let d = shape.dModel
      let wide = shape.feedForwardWidth
      let weight = ParameterTensor.Initialization.normal(standardDeviation: 0.02)
      let projection = ParameterTensor.Initialization.normal(
        standardDeviation: 0.02 / Float(2 * shape.layerCount).squareRoot())
      append("wte.weight", [shape.vocabularySize, d], .embedding, weight)
      append("wpe.weight", [shape.contextLength, d], .embedding, weight)
      for layer in 0..<shape.layerCount {
        let h = "h.\(layer)."
        append(h + "ln_1.weight", [d], .norm, .constant(1))
        append(h + "ln_1.bias", [d], .norm, .constant(0))
        append(h + "attn.c_attn.weight", [d, 3 * d], .attention, weight)
        append(h + "attn.c_attn.bias", [3 * d], .attention, .constant(0))
        append(h + "attn.c_proj.weight", [d, d], .attention, projection)
        append(h + "attn.c_proj.bias", [d], .attention, .constant(0))
        append(h + "ln_2.weight", [d], .norm, .constant(1))
        append(h + "ln_2.bias", [d], .norm, .constant(0))
        append(h + "mlp.c_fc.weight", [d, wide], .feedForward, weight)
        append(h + "mlp.c_fc.bias", [wide], .feedForward, .constant(0))
        append(h + "mlp.c_proj.weight", [wide, d], .feedForward, projection)
        append(h + "mlp.c_proj.bias", [d], .feedForward, .constant(0))
      }
      append("ln_f.weight", [d], .norm, .constant(1))
      append("ln_f.bias", [d], .norm, .constant(0))
    }

    /// The report does not say how the models start; these are the initial values of Hugging Face's
    /// `Gemma3PreTrainedModel`: normal with deviation 0.02, gains zero as norms multiply by 1 + gain.
    mutating func appendGemma3(_ shape: ModelShape) {
      let d = shape.dModel
      let wide = shape.feedForwardWidth
      let weight = ParameterTensor.Initialization.normal(standardDeviation: 0.02)
      append("embed_tokens.weight", [shape.vocabularySize, d], .embedding, weight)
      for layer in 0..<shape.layerCount {
        let l = "layers.\(layer)."
        append(l + "input_layernorm.weight", [d], .norm, .constant(0))
        append(l + "self_attn.q_proj.weight", [shape.queryWidth, d], .attention, weight)
        append(l + "self_attn.k_proj.weight", [shape.keyValueWidth, d], .attention, weight)
        append(l + "self_attn.v_proj.weight", [shape.keyValueWidth, d], .attention, weight)
        append(l + "self_attn.q_norm.weight", [shape.headDimension], .norm, .constant(0))
        append(l + "self_attn.k_norm.weight", [shape.headDimension], .norm, .constant(0))
        append(l + "self_attn.o_proj.weight", [d, shape.queryWidth], .attention, weight)
        append(l + "post_attention_layernorm.weight", [d], .norm, .constant(0))
        append(l + "pre_feedforward_layernorm.weight", [d], .norm, .constant(0))
        append(l + "mlp.gate_proj.weight", [wide, d], .feedForward, weight)
        append(l + "mlp.up_proj.weight", [wide, d], .feedForward, weight)
        append(l + "mlp.down_proj.weight", [d, wide], .feedForward, weight)
        append(l + "post_feedforward_layernorm.weight", [d], .norm, .constant(0))
      }
      append("norm.weight", [d], .norm, .constant(0))
    }
  }
}
