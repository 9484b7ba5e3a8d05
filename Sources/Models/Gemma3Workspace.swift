import Kernels

/// Activations of Gemma 3 and their gradients; see ``ModelWorkspace``.
final class Gemma3Workspace: ModelWorkspace {
  /// Activations of one layer that its backward pass reads. N = B * T rows.
  struct Layer {
    let input: Matrix  // (N, d) residual stream before the layer
    let inputRstd: Vector  // (N)
    let inputNorm: Matrix  // (N, d)
    let queryKeyValue: Matrix  // (N, (heads + 2 kvHeads) headDimension), before norms and positions
    let queryRstd, keyRstd: Vector  // (N heads), (N kvHeads)
    let queryKey: Matrix  // (N, (heads + kvHeads) headDimension), after norms and positions
    let statistics: Vector  // of attention's softmax, two a query and head
    let attention: Matrix  // (N, heads headDimension) heads side by side
    let projected: Matrix  // (N, d)
    let projectedRstd: Vector  // (N)
    let middle: Matrix  // (N, d) residual stream between attention and feed-forward
    let middleRstd: Vector  // (N)
    let middleNorm: Matrix  // (N, d)
    let gateUp: Matrix  // (N, 2 feedForwardWidth); then its gradient
    let activated: Matrix  // (N, feedForwardWidth)
    let contracted: Matrix  // (N, d)
    let contractedRstd: Vector  // (N)
    /// What attention computes on, and the positions.
    let attentionShape: AttentionShape
    let rope: RotaryTable
  }

  let layers: [Layer]
  let output: Matrix  // (N, d) residual stream after the last layer
  let outputRstd: Vector  // (N)
  let finalNorm: Matrix  // (N, d)
  let logits: Matrix  // (N, vocabulary); then their gradient
  let scratch: Matrix  // (N, d) output of a block after its norm

  // Gradients; one set serves all layers, as the backward pass goes down.
  let residualGradient: Matrix  // (N, d)
  let blockGradient: Matrix  // (N, d) of a block's output before its norm, then of its input's norm
  let activatedGradient: Matrix  // (N, feedForwardWidth)
  let attentionGradient: Matrix  // (N, heads headDimension)
  let queryKeyValueGradient: Matrix  // as queryKeyValue

  init(
    shape: ModelShape, settings: Gemma3Settings, sequenceCount: Int, contextLength: Int
  ) {
    let rows = sequenceCount * contextLength
    var memory = WorkspaceMemory()
    let (d, wide) = (shape.dModel, shape.feedForwardWidth)
    let (queries, keys) = (shape.queryWidth, shape.keyValueWidth)
    func rope(_ rope: Gemma3Settings.RotaryEmbedding) -> RotaryTable {
      let table = RotaryTable(
        positionCount: contextLength, headDimension: shape.headDimension, base: rope.base,
        scaling: rope.scaling)
      memory.count(table.cosines)
      memory.count(table.sines)
      return table
    }
    let (localRope, globalRope) = (
      shape.reaches.contains(.local) ? rope(settings.localRope) : nil,
      shape.reaches.contains(.global) ? rope(settings.globalRope) : nil
    )
    layers = (0..<shape.layerCount).map { index in
      let attentionShape = AttentionShape(
        sequences: sequenceCount, length: contextLength, heads: shape.headCount,
        keyValueHeads: shape.kvHeadCount, headDimension: shape.headDimension,
        window: shape.window(ofLayer: index),
        scale: Float(1 / settings.queryScale.squareRoot()))
      guard let rope = shape.reaches[index] == .local ? localRope : globalRope else {
        preconditionFailure("no positions for layer \(index)")
      }
      return Layer(
        input: memory.matrix(rows, d), inputRstd: memory.vector(rows),
        inputNorm: memory.matrix(rows, d), queryKeyValue: memory.matrix(rows, queries + 2 * keys),
        queryRstd: memory.vector(rows * shape.headCount),
        keyRstd: memory.vector(rows * shape.kvHeadCount),
        queryKey: memory.matrix(rows, queries + keys),
        statistics: memory.vector(attentionShape.statisticsCount),
        attention: memory.matrix(rows, queries), projected: memory.matrix(rows, d),
        projectedRstd: memory.vector(rows), middle: memory.matrix(rows, d),
        middleRstd: memory.vector(rows), middleNorm: memory.matrix(rows, d),
        gateUp: memory.matrix(rows, 2 * wide), activated: memory.matrix(rows, wide),
        contracted: memory.matrix(rows, d), contractedRstd: memory.vector(rows),
        attentionShape: attentionShape, rope: rope)
    }
    output = memory.matrix(rows, d)
    outputRstd = memory.vector(rows)
    finalNorm = memory.matrix(rows, d)
    logits = memory.matrix(rows, shape.vocabularySize)
    scratch = memory.matrix(rows, d)
    residualGradient = memory.matrix(rows, d)
    blockGradient = memory.matrix(rows, d)
    activatedGradient = memory.matrix(rows, wide)
    attentionGradient = memory.matrix(rows, queries)
    queryKeyValueGradient = memory.matrix(rows, queries + 2 * keys)
    super.init(
      shape: shape, sequenceCount: sequenceCount, contextLength: contextLength, memory: memory)
  }
}
