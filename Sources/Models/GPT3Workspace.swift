import Kernels

/// Activations of GPT-3 and their gradients; see ``ModelWorkspace``.
final class GPT3Workspace: ModelWorkspace {
  /// Activations of one layer that its backward pass reads. N = B * T rows.
  struct Layer {
    let input: Matrix  // (N, d) residual stream before the layer
    let norm1, norm2: Matrix  // (N, d)
    let mean1, rstd1, mean2, rstd2: Vector  // (N)
    let queryKeyValue: Matrix  // (N, 3d)
    let statistics: Vector  // of attention's softmax, two a query and head
    let attention: Matrix  // (N, d) heads side by side
    let middle: Matrix  // (N, d) residual stream between attention and feed-forward
    let expanded, activated: Matrix  // (N, d_ff)
    /// What attention computes on.
    let attentionShape: AttentionShape
  }

  let layers: [Layer]
  let output: Matrix  // (N, d) residual stream after the last layer
  let finalNorm: Matrix  // (N, d)
  let finalMean, finalRstd: Vector  // (N)
  let logits: Matrix  // (N, vocabulary)
  let scratch: Matrix  // (N, d)

  // Gradients; one set serves all layers, as the backward pass goes down.
  let residualGradient: Matrix  // (N, d)
  let normGradient: Matrix  // (N, d)
  let expandedGradient: Matrix  // (N, d_ff)
  let queryKeyValueGradient: Matrix  // (N, 3d)

  /// Allocates for batches of `sequenceCount` sequences of `contextLength` tokens.
  init(shape: ModelShape, sequenceCount: Int, contextLength: Int) {
    let rows = sequenceCount * contextLength
    var memory = WorkspaceMemory()
    let (d, wide) = (shape.dModel, shape.feedForwardWidth)
    layers = (0..<shape.layerCount).map { index in
      let attentionShape = AttentionShape(
        sequences: sequenceCount, length: contextLength, heads: shape.headCount,
        keyValueHeads: shape.kvHeadCount, headDimension: shape.headDimension,
        window: shape.window(ofLayer: index), scale: 1 / Float(shape.headDimension).squareRoot())
      return Layer(
        input: memory.matrix(rows, d), norm1: memory.matrix(rows, d),
        norm2: memory.matrix(rows, d), mean1: memory.vector(rows), rstd1: memory.vector(rows),
        mean2: memory.vector(rows), rstd2: memory.vector(rows),
        queryKeyValue: memory.matrix(rows, 3 * d),
        statistics: memory.vector(attentionShape.statisticsCount),
        attention: memory.matrix(rows, d), middle: memory.matrix(rows, d),
        expanded: memory.matrix(rows, wide), activated: memory.matrix(rows, wide),
        attentionShape: attentionShape)
    }
    output = memory.matrix(rows, d)
    finalNorm = memory.matrix(rows, d)
    finalMean = memory.vector(rows)
    finalRstd = memory.vector(rows)
    logits = memory.matrix(rows, shape.vocabularySize)
    scratch = memory.matrix(rows, d)
    residualGradient = memory.matrix(rows, d)
    normGradient = memory.matrix(rows, d)
    expandedGradient = memory.matrix(rows, wide)
    queryKeyValueGradient = memory.matrix(rows, 3 * d)
    super.init(
      shape: shape, sequenceCount: sequenceCount, contextLength: contextLength, memory: memory)
  }

  /// Queries (part 0), keys (1) or values (2) in a (N, 3d) matrix.
  func part(_ part: Int, of matrix: Matrix) -> Matrix {
    matrix.columns(part * shape.dModel..<(part + 1) * shape.dModel)
  }
}
