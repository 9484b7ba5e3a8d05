import Kernels

/// Named windows on one flat vector of a Gemma 3's parameters, or of their gradients.
struct Gemma3Views: Sendable {
  /// The tensors of one layer; matrices are (outputs, inputs). Neighbours that read the same input
  /// are one matrix, as they lie side by side in the flat vector.
  struct Layer: Sendable {
    let inputNorm: Vector
    let queryKeyValueWeight: Matrix  // ((heads + 2 kvHeads) headDimension, d)
    let queryNorm, keyNorm: Vector  // (headDimension)
    let outputWeight: Matrix  // (d, heads headDimension)
    let postAttentionNorm, preFeedForwardNorm: Vector
    let gateUpWeight: Matrix  // (2 feedForwardWidth, d)
    let downWeight: Matrix  // (d, feedForwardWidth)
    let postFeedForwardNorm: Vector
  }

  let tokenEmbedding: Matrix
  let layers: [Layer]
  let finalNorm: Vector

  init(_ buffer: FloatBuffer, _ shape: ModelShape, _ layout: ParameterLayout) {
    precondition(buffer.count == layout.count)
    var remaining = layout.tensors[...]
    func vector() -> Vector {
      let tensor = remaining.removeFirst()
      return Vector(buffer, offset: tensor.offset, count: tensor.count)
    }
    /// The next `count` matrices, below each other.
    func matrix(_ count: Int = 1) -> Matrix {
      let tensors = remaining.prefix(count)
      remaining.removeFirst(count)
      return Matrix(
        buffer, offset: tensors[tensors.startIndex].offset,
        rows: tensors.reduce(0) { $0 + $1.dimensions[0] },
        columns: tensors[tensors.startIndex].dimensions[1])
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
