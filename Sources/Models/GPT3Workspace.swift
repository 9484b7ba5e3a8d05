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
    let expanded, activated: Matrix  // (N, 4d)
  }

  let layers: [Layer]
  let output: Matrix  // (N, d) residual stream after the last layer
  let finalNorm: Matrix  // (N, d)
  let finalMean, finalRstd: Vector  // (N)
  let logits: Matrix  // (N, vocabulary)
  let losses: Vector  // (N)
  let scratch: Matrix  // (N, d)

  // Gradients; one set serves all layers, as the backward pass goes down.
  let residualGradient: Matrix  // (N, d)
  let normGradient: Matrix  // (N, d)
  let expandedGradient: Matrix  // (N, 4d)
  let queryKeyValueGradient: Matrix  // (N, 3d)

  /// What attention computes on.
  let attentionShape: AttentionShape

  /// Allocates for batches of `sequenceCount` sequences of `contextLength` tokens.
  override init(shape: ModelShape, sequenceCount: Int, contextLength: Int) {
    let rows = sequenceCount * contextLength
    let attentionShape = AttentionShape(
      sequences: sequenceCount, length: contextLength, heads: shape.headCount,
      keyValueHeads: shape.headCount, headDimension: shape.headDimension,
      scale: 1 / Float(shape.headDimension).squareRoot())
    self.attentionShape = attentionShape
    func matrix(_ rows: Int, _ columns: Int) -> Matrix {
      Matrix(FloatBuffer(count: rows * columns), rows: rows, columns: columns)
    }
    func vector(_ count: Int) -> Vector { Vector(FloatBuffer(count: count), count: count) }
    let d = shape.dModel
    layers = (0..<shape.layerCount).map { _ in
      Layer(
        input: matrix(rows, d), norm1: matrix(rows, d), norm2: matrix(rows, d),
        mean1: vector(rows), rstd1: vector(rows), mean2: vector(rows), rstd2: vector(rows),
        queryKeyValue: matrix(rows, 3 * d), statistics: vector(attentionShape.statisticsCount),
        attention: matrix(rows, d), middle: matrix(rows, d),
        expanded: matrix(rows, shape.feedForwardWidth),
        activated: matrix(rows, shape.feedForwardWidth))
    }
    output = matrix(rows, d)
    finalNorm = matrix(rows, d)
    finalMean = vector(rows)
    finalRstd = vector(rows)
    logits = matrix(rows, shape.vocabularySize)
    losses = vector(rows)
    scratch = matrix(rows, d)
    residualGradient = matrix(rows, d)
    normGradient = matrix(rows, d)
    expandedGradient = matrix(rows, shape.feedForwardWidth)
    queryKeyValueGradient = matrix(rows, 3 * d)
    super.init(shape: shape, sequenceCount: sequenceCount, contextLength: contextLength)
  }

  /// Queries (part 0), keys (1) or values (2) in a (N, 3d) matrix.
  func part(_ part: Int, of matrix: Matrix) -> Matrix {
    matrix.columns(part * shape.dModel..<(part + 1) * shape.dModel)
  }
}
