import Foundation
import Models
import Quant

/// What `pogo model` says of a shape: all of it follows from the shape, nothing is allocated.
///
/// The properties are the keys of the JSON, in snake_case.
public struct ModelSummary: Sendable, Encodable {
  /// The numbers of parameters by part.
  public struct Parameters: Sendable, Encodable {
    /// All of them.
    public let total: Int
    /// Token embedding and learned positions.
    public let embedding: Int
    /// All but the embedding.
    public let nonEmbedding: Int
    /// Projections of attention.
    public let attention: Int
    /// Feed-forward matrices.
    public let feedForward: Int
    /// Norms.
    public let norm: Int
  }

  /// The bytes of all parameters in one format.
  public struct Size: Sendable, Encodable {
    /// Name of the format with its default group.
    public let format: String
    /// Bytes, scales and padding included.
    public let bytes: Int
  }

  /// Operations by part; see `ModelFLOPs`.
  public struct Operations: Sendable, Encodable {
    /// All parts together.
    public let total: UInt64
    /// Projections of attention.
    public let attentionProjections: UInt64
    /// Scores of attention and their product with the values.
    public let attentionScores: UInt64
    /// Of these, those of global layers.
    public let attentionScoresGlobal: UInt64
    /// Of these, those of banded or windowed layers.
    public let attentionScoresLocal: UInt64
    /// Feed-forward matrices.
    public let feedForward: UInt64
    /// The product with the token embedding.
    public let head: UInt64
    /// Norms.
    public let norms: UInt64
  }

  /// One tensor of the flat vector.
  public struct Tensor: Sendable, Encodable {
    /// Hugging Face's name with its prefix.
    public let name: String
    /// Dimensions, row-major.
    public let dimensions: [Int]
    /// Index of the first element.
    public let offset: Int
  }

  public let name: String
  public let family: String
  public let nLayers, dModel, nHeads, nKvHeads, headDim, dFf, context, vocabSize: Int
  /// Layers that see everything, and layers that see `window` positions.
  public let globalLayers, localLayers: Int
  public let window: Int?
  public let parameters: Parameters
  public let sizes: [Size]
  /// What activations and operations are of.
  public let batch, tokens: Int
  public let activationBytes: Double
  /// With AdamW, whose state is two vectors.
  public let trainingBytes: Double
  public let forward, backward: Operations
  /// The layout, if it was asked for.
  public let tensors: [Tensor]?

  /// The summary of `shape` for one batch of `batch` sequences of `tokens` tokens.
  ///
  /// Throws ``ModelSummaryError`` for a batch that the shape does not have.
  public init(
    name: String, shape: ModelShape, batch: Int = 1, tokens: Int? = nil, listsTensors: Bool = false
  ) throws(ModelSummaryError) {
    let tokens = tokens ?? shape.contextLength
    guard (1...1_000_000).contains(batch) else { throw .batch(batch) }
    guard (1...shape.contextLength).contains(tokens) else {
      throw .context(tokens, longest: shape.contextLength)
    }
    let layout = ParameterLayout(shape)
    let count = layout.count
    self.name = name
    family = shape.family
    (nLayers, dModel, nHeads) = (shape.layerCount, shape.dModel, shape.headCount)
    (nKvHeads, headDim, dFf) = (shape.kvHeadCount, shape.headDimension, shape.feedForwardWidth)
    (context, vocabSize, window) = (shape.contextLength, shape.vocabularySize, shape.window)
    globalLayers = shape.reaches.count { $0 == .global }
    localLayers = shape.reaches.count { $0 == .local }
    let embedding = layout.count(of: .embedding)
    parameters = Parameters(
      total: count, embedding: embedding, nonEmbedding: count - embedding,
      attention: layout.count(of: .attention), feedForward: layout.count(of: .feedForward),
      norm: layout.count(of: .norm))
    sizes = Self.sizes(parameterCount: count)
    self.batch = batch
    self.tokens = tokens
    activationBytes = shape.activationBytes(sequenceCount: batch, contextLength: tokens)
    trainingBytes = shape.trainingBytes(
      sequenceCount: batch, contextLength: tokens, optimizerVectors: 2)
    forward = Operations(
      shape.forwardFLOPs(sequenceCount: batch, contextLength: tokens), shape, tokens)
    backward = Operations(
      shape.backwardFLOPs(sequenceCount: batch, contextLength: tokens), shape, tokens)
    tensors =
      listsTensors
      ? layout.tensors.map {
        Tensor(
          name: shape.tensorNamePrefix + $0.name, dimensions: $0.dimensions, offset: $0.offset)
      } : nil
  }

  /// The bytes of so many parameters in every format with its default group and scale.
  private static func sizes(parameterCount count: Int) -> [Size] {
    Element.all.compactMap { element in
      guard let format = try? QuantizationFormat(element) else { return nil }
      return Size(format: format.name, bytes: format.byteCount(values: count))
    }
  }

  /// The summary as a JSON object.
  public var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.keyEncodingStrategy = .convertToSnakeCase
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}

extension ModelSummary.Operations {
  fileprivate init(_ flops: ModelFLOPs, _ shape: ModelShape, _ tokens: Int) {
    total = flops.total
    attentionProjections = flops.attentionProjections
    attentionScores = flops.attentionScores
    feedForward = flops.feedForward
    head = flops.head
    norms = flops.norms
    // Scores cost the same a pair in all layers.
    func pairs(_ reach: ModelShape.AttentionReach) -> UInt128 {
      shape.reaches.indices.reduce(0) {
        shape.reaches[$1] == reach
          ? $0 + UInt128(shape.visiblePairs(layer: $1, contextLength: tokens)) : $0
      }
    }
    let (global, local) = (pairs(.global), pairs(.local))
    attentionScoresGlobal = UInt64(UInt128(flops.attentionScores) * global / (global + local))
    attentionScoresLocal = flops.attentionScores - attentionScoresGlobal
  }
}

/// What `pogo model` refuses.
public enum ModelSummaryError: Error, Sendable, Equatable, CustomStringConvertible {
  /// There is no preset of this name; the nearest one, if any is near.
  case unknownPreset(String, nearest: String?)
  /// A number of sequences out of range.
  case batch(Int)
  /// A number of tokens that the shape has no positions for.
  case context(Int, longest: Int)

  public var description: String {
    switch self {
    case .unknownPreset(let name, let nearest):
      "there is no preset '\(name)'; "
        + (nearest.map { "did you mean '\($0)'?" } ?? "`pogo list presets` names them all")
    case .batch(let batch): "--batch must be in 1...1000000, but is \(batch)"
    case .context(let tokens, let longest):
      "--context must be in 1...\(longest) for this shape, but is \(tokens)"
    }
  }
}

extension ModelShape {
  /// The preset called `name`. Throws ``ModelSummaryError/unknownPreset(_:nearest:)``.
  public static func requirePreset(_ name: String) throws(ModelSummaryError) -> ModelShape {
    guard let shape = preset(named: name) else {
      throw .unknownPreset(
        name, nearest: NearestName.of(name, in: presets.map(\.name)))
    }
    return shape
  }
}
