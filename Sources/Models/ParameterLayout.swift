/// One named tensor inside the flat parameter vector.
public struct ParameterTensor: Sendable, Hashable {
  /// Hugging Face's name in `GPT2LMHeadModel` (without the `transformer.` prefix).
  public let name: String
  /// Dimensions, row-major; matrices are stored (inputs, outputs) as in GPT-2's `Conv1D`.
  public let dimensions: [Int]
  /// Index of the first element in the flat vector.
  public let offset: Int
  /// How the tensor is initialised.
  public let initialization: Initialization

  /// Number of elements.
  public var count: Int { dimensions.reduce(1, *) }
  /// Element indices in the flat vector.
  public var range: Range<Int> { offset..<offset + count }

  /// First value of a tensor's elements.
  public enum Initialization: Sendable, Hashable {
    case constant(Float)
    /// Normal numbers with mean zero.
    case normal(standardDeviation: Float)
  }
}

/// The order of all parameters in one flat float32 vector.
///
/// Leaves of Merkle trees, quantization groups, diffs and optimizers work on this vector without
/// knowing the architecture. The order is part of the protocol: token embedding, positions, then
/// each layer's tensors in the order of the forward pass, then the final norm.
public struct ParameterLayout: Sendable, Hashable {
  /// The tensors in the order of their offsets, without gaps.
  public let tensors: [ParameterTensor]

  /// Number of parameters.
  public var count: Int { tensors.last.map { $0.offset + $0.count } ?? 0 }

  /// Tensors of one layer, in their order.
  static let tensorsPerLayer = 12

  /// The layout of a shape.
  public init(_ shape: ModelShape) {
    let d = shape.dModel
    let wide = shape.feedForwardWidth
    let weight = ParameterTensor.Initialization.normal(standardDeviation: 0.02)
    // Projections into the residual stream are scaled by 1/sqrt(2 * layers) (GPT-2, section 2.3).
    let projection = ParameterTensor.Initialization.normal(
      standardDeviation: 0.02 / Float(2 * shape.layerCount).squareRoot())
    var tensors: [ParameterTensor] = []
    var offset = 0
    func append(
      _ name: String, _ dimensions: [Int], _ initialization: ParameterTensor.Initialization
    ) {
      let tensor = ParameterTensor(
        name: name, dimensions: dimensions, offset: offset, initialization: initialization)
      tensors.append(tensor)
      offset += tensor.count
    }
    append("wte.weight", [shape.vocabularySize, d], weight)
    append("wpe.weight", [shape.contextLength, d], weight)
    for layer in 0..<shape.layerCount {
      append("h.\(layer).ln_1.weight", [d], .constant(1))
      append("h.\(layer).ln_1.bias", [d], .constant(0))
      append("h.\(layer).attn.c_attn.weight", [d, 3 * d], weight)
      append("h.\(layer).attn.c_attn.bias", [3 * d], .constant(0))
      append("h.\(layer).attn.c_proj.weight", [d, d], projection)
      append("h.\(layer).attn.c_proj.bias", [d], .constant(0))
      append("h.\(layer).ln_2.weight", [d], .constant(1))
      append("h.\(layer).ln_2.bias", [d], .constant(0))
      append("h.\(layer).mlp.c_fc.weight", [d, wide], weight)
      append("h.\(layer).mlp.c_fc.bias", [wide], .constant(0))
      append("h.\(layer).mlp.c_proj.weight", [wide, d], projection)
      append("h.\(layer).mlp.c_proj.bias", [d], .constant(0))
    }
    append("ln_f.weight", [d], .constant(1))
    append("ln_f.bias", [d], .constant(0))
    self.tensors = tensors
  }

  /// The tensor that holds element `index` of the flat vector, and the place inside it.
  public func location(of index: Int) -> (tensor: ParameterTensor, element: Int)? {
    guard let tensor = tensors.first(where: { $0.range.contains(index) }) else { return nil }
    return (tensor, index - tensor.offset)
  }
}
