/// One named tensor inside the flat parameter vector.
public struct ParameterTensor: Sendable, Hashable {
  /// Hugging Face's name without the prefix that ``ModelShape/tensorNamePrefix`` gives, so as
  /// `GPT2Model` and `Gemma3TextModel` have it.
  public let name: String
  /// Dimensions as Hugging Face stores them, row-major: matrices of GPT-3 are (inputs, outputs), as
  /// in GPT-2's `Conv1D`; those of Gemma 3 are (outputs, inputs).
  public let dimensions: [Int]
  /// Index of the first element in the flat vector.
  public let offset: Int
  /// The part of the model that the tensor belongs to.
  public let part: Part
  /// How the tensor is initialised.
  public let initialization: Initialization

  /// Number of elements.
  public var count: Int { dimensions.reduce(1, *) }
  /// Element indices in the flat vector.
  public var range: Range<Int> { offset..<offset + count }

  /// A part of the model.
  public enum Part: String, Sendable, Hashable, CaseIterable {
    /// Token embedding, which is the head too, and learned positions.
    case embedding
    /// Projections of attention with their biases.
    case attention
    /// Feed-forward matrices with their biases.
    case feedForward = "feed_forward"
    /// Gains and biases of all norms.
    case norm
  }

  /// First value of a tensor's elements.
  public enum Initialization: Sendable, Hashable {
    case constant(Float)
    /// Normal numbers with mean zero.
    case normal(standardDeviation: Float)
  }
}

extension ModelShape {
  /// What Hugging Face's `GPT2LMHeadModel` and `Gemma3ForCausalLM` write before the names of
  /// ``ParameterTensor/name``.
  public var tensorNamePrefix: String {
    switch architecture {
    case .gpt3: "transformer."
    case .gemma3: "model."
    }
  }
}
