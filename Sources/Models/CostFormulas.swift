/// Floating-point operations of matrix products, by the part of the model that does them.
///
/// One multiply-add counts as two operations; products only, which is the field's convention
/// (Kaplan et al., arXiv 2001.08361, table 1). Attention scores are counted dense, all T * T
/// entries, and not again when the backward pass computes them again.
public struct ProductFLOPs: Sendable, Hashable {
  /// Query, key, value and output projections.
  public var attentionProjections: UInt64 = 0
  /// Scores and their product with the values.
  public var attentionScores: UInt64 = 0
  /// All feed-forward products.
  public var feedForward: UInt64 = 0
  /// The product with the token embedding.
  public var head: UInt64 = 0

  /// All parts together.
  public var total: UInt64 { attentionProjections + attentionScores + feedForward + head }
}

extension ModelShape {
  /// Bytes of the activations and their gradients for one batch, as ``GPT3Workspace`` holds them.
  ///
  /// In double precision, as shapes that fit no machine must be answered for too.
  public func activationBytes(sequenceCount: Int, contextLength: Int) -> Double {
    let rows = Double(sequenceCount) * Double(contextLength)
    let d = Double(dModel)
    let wide = Double(feedForwardWidth)
    let layer = rows * (8 * d + 2 * wide + 4 + 2 * Double(headCount))
    let shared = rows * (8 * d + wide + Double(vocabularySize) + 3)
    return 4 * (Double(layerCount) * layer + shared)
  }

  /// Operations of one forward pass over `sequenceCount` sequences of `contextLength` tokens, which
  /// must be below 2^64; whatever fits a machine's memory is.
  public func forwardFLOPs(sequenceCount: Int, contextLength: Int) -> ProductFLOPs {
    let positions = UInt64(sequenceCount * contextLength)
    let d = UInt64(dModel)
    let layers = UInt64(layerCount)
    let projected = UInt64(2 * queryWidth + 2 * keyValueWidth)
    // Up and down; gate, up and down.
    let matrices: UInt64 = architecture == .gpt3 ? 2 : 3
    var flops = ProductFLOPs()
    flops.attentionProjections = 2 * positions * d * projected * layers
    flops.attentionScores = 2 * positions * 2 * UInt64(contextLength * queryWidth) * layers
    flops.feedForward = 2 * positions * matrices * d * UInt64(feedForwardWidth) * layers
    flops.head = 2 * positions * d * UInt64(vocabularySize)
    return flops
  }

  /// Operations of one backward pass: each product of the forward pass has two in the backward.
  public func backwardFLOPs(sequenceCount: Int, contextLength: Int) -> ProductFLOPs {
    var flops = forwardFLOPs(sequenceCount: sequenceCount, contextLength: contextLength)
    flops.attentionProjections *= 2
    flops.attentionScores *= 2
    flops.feedForward *= 2
    flops.head *= 2
    return flops
  }
}
