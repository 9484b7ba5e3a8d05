/// Floating-point operations by the part of the model that does them.
///
/// Counted are matrix products, as the field does (Kaplan et al., arXiv 2001.08361, table 1), and
/// norms; a multiply-add is two operations. Each number is exact if it is below 2^64, and 2^64 - 1
/// if not.
public struct ModelFLOPs: Sendable, Hashable {
  /// Query, key, value and output projections.
  public var attentionProjections: UInt64 = 0
  /// Scores and their product with the values, for the pairs of query and key that the layer's
  /// mask lets see each other: T (T + 1) / 2 a head and sequence in a global layer, fewer in a local
  /// one. What the backward pass computes again to save memory is not counted again.
  public var attentionScores: UInt64 = 0
  /// All feed-forward products.
  public var feedForward: UInt64 = 0
  /// The product with the token embedding.
  public var head: UInt64 = 0
  /// All norms: for each value, the operations that `docs/arithmetic.md` writes for it. The few
  /// operations a row are left out.
  public var norms: UInt64 = 0
  /// Products with low-rank adapters, see ``FineTuning/lora(rank:alpha:matrices:)``.
  public var adapters: UInt64 = 0

  /// No operations.
  public init() {}

  /// All parts together.
  public var total: UInt64 {
    [attentionProjections, attentionScores, feedForward, head, norms, adapters]
      .reduce(0, saturatingSum)
  }

  /// Both together, part by part.
  public static func + (a: ModelFLOPs, b: ModelFLOPs) -> ModelFLOPs {
    var sum = ModelFLOPs()
    for part in [
      \ModelFLOPs.attentionProjections, \.attentionScores, \.feedForward, \.head, \.norms,
      \.adapters,
    ] {
      sum[keyPath: part] = saturatingSum(a[keyPath: part], b[keyPath: part])
    }
    return sum
  }

  /// Operations for each value that a norm reads, in the order of `docs/arithmetic.md`.
  enum PerValue {
    static let layerNorm = 7
    static let layerNormBackward = 13
    static let rmsNorm = 5
    static let rmsNormBackward = 10
  }
}

private func saturatingSum(_ a: UInt64, _ b: UInt64) -> UInt64 {
  let (sum, overflow) = a.addingReportingOverflow(b)
  return overflow ? .max : sum
}

extension ModelShape {
  /// Operations of one forward pass over `sequenceCount` sequences of `contextLength` tokens.
  public func forwardFLOPs(sequenceCount: Int, contextLength: Int) -> ModelFLOPs {
    flops(
      sequenceCount, contextLength, productsPerProduct: 1,
      perNormedValue: isGPT3 ? ModelFLOPs.PerValue.layerNorm : ModelFLOPs.PerValue.rmsNorm)
  }

  /// Operations of one backward pass: each product of the forward pass has two in the backward.
  public func backwardFLOPs(sequenceCount: Int, contextLength: Int) -> ModelFLOPs {
    flops(
      sequenceCount, contextLength, productsPerProduct: 2,
      perNormedValue: isGPT3
        ? ModelFLOPs.PerValue.layerNormBackward : ModelFLOPs.PerValue.rmsNormBackward)
  }

  /// Pairs of a query and a key that it sees, in one head of one sequence of layer `layer`.
  public func visiblePairs(layer: Int, contextLength: Int) -> Int {
    let window = min(self.window(ofLayer: layer) ?? contextLength, contextLength)
    return window * (window + 1) / 2 + (contextLength - window) * window
  }

  var isGPT3: Bool { architecture == .gpt3 }

  private func flops(
    _ sequenceCount: Int, _ contextLength: Int, productsPerProduct: Int, perNormedValue: Int
  ) -> ModelFLOPs {
    // Limits of a shape and of a batch keep every product below 2^127.
    let products = UInt128(2 * productsPerProduct)
    let positions = UInt128(sequenceCount) * UInt128(contextLength)
    let (layers, d) = (UInt128(layerCount), UInt128(dModel))
    let pairs = reaches.indices.reduce(UInt128(0)) {
      $0 + UInt128(visiblePairs(layer: $1, contextLength: contextLength))
    }
    // Up and down; gate, up and down.
    let matrices: UInt128 = isGPT3 ? 2 : 3
    let normed =
      isGPT3
      ? layers * 2 * d + d : layers * UInt128(4 * dModel + queryWidth + keyValueWidth) + d
    var flops = ModelFLOPs()
    flops.attentionProjections = UInt64(
      clamping: products * positions * d * UInt128(2 * queryWidth + 2 * keyValueWidth) * layers)
    flops.attentionScores = UInt64(
      clamping: products * UInt128(sequenceCount) * pairs * 2 * UInt128(queryWidth))
    flops.feedForward = UInt64(
      clamping: products * positions * matrices * d * UInt128(feedForwardWidth) * layers)
    flops.head = UInt64(clamping: products * positions * d * UInt128(vocabularySize))
    flops.norms = UInt64(clamping: positions * normed * UInt128(perNormedValue))
    return flops
  }
}
