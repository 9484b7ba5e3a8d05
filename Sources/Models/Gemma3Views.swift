import Kernels

/// Named windows on one flat vector of a Gemma 3's parameters, or of their gradients. Weights may be
/// packed.
struct Gemma3Views<Weight: WeightMatrix>: Sendable {
  /// The tensors of one layer; matrices are (outputs, inputs). Neighbours that read the same input
  /// are one matrix, as they lie side by side in the flat vector.
  struct Layer: Sendable {
    let inputNorm: Vector
    let queryKeyValueWeight: Weight  // ((heads + 2 kvHeads) headDimension, d)
    let queryNorm, keyNorm: Vector  // (headDimension)
    let outputWeight: Weight  // (d, heads headDimension)
    let postAttentionNorm, preFeedForwardNorm: Vector
    let gateUpWeight: Weight  // (2 feedForwardWidth, d)
    let downWeight: Weight  // (d, feedForwardWidth)
    let postFeedForwardNorm: Vector
  }

  let tokenEmbedding: Weight
  let layers: [Layer]
  let finalNorm: Vector

  /// - Parameters:
  ///   - vector: the window on a tensor of one dimension.
  ///   - matrix: the window on so many rows and columns from an element on.
  init(
    _ shape: ModelShape, _ layout: ParameterLayout, vector window: (ParameterTensor) -> Vector,
    matrix weight: (_ offset: Int, _ rows: Int, _ columns: Int) -> Weight
  ) {
    var remaining = layout.tensors[...]
    func vector() -> Vector { window(remaining.removeFirst()) }
    /// The next `count` matrices, below each other.
    func matrix(_ count: Int = 1) -> Weight {
      let tensors = remaining.prefix(count)
      remaining.removeFirst(count)
      return weight(
        tensors[tensors.startIndex].offset, tensors.reduce(0) { $0 + $1.dimensions[0] },
        tensors[tensors.startIndex].dimensions[1])
    }
    tokenEmbedding = matrix()
    layers = (0..<shape.layerCount).map { _ in
      Layer(
        inputNorm: vector(), queryKeyValueWeight: matrix(3), queryNorm: vector(),
        keyNorm: vector(), outputWeight: matrix(), postAttentionNorm: vector(),
        preFeedForwardNorm: vector(), gateUpWeight: matrix(2), downWeight: matrix(),
        postFeedForwardNorm: vector())
    }
    finalNorm = vector()
    precondition(remaining.isEmpty)
  }
}

extension Gemma3Views<Matrix> {
  /// Windows on float32 values in memory.
  init(_ buffer: FloatBuffer, _ shape: ModelShape, _ layout: ParameterLayout) {
    precondition(buffer.count == layout.count)
    self.init(
      shape, layout, vector: { Vector(buffer, offset: $0.offset, count: $0.count) },
      matrix: { Matrix(buffer, offset: $0, rows: $1, columns: $2) })
  }
}

extension Gemma3Views<PackedMatrix> {
  /// Windows on packed values.
  init(_ packed: PackedParameters, _ shape: ModelShape, _ layout: ParameterLayout) {
    self.init(shape, layout, vector: packed.vector, matrix: packed.matrix)
  }
}
