import Kernels

/// Named windows on one flat vector of parameters, or of their gradients.
struct GPT3Views: Sendable {
  /// The tensors of one layer; matrices are (inputs, outputs).
  struct Layer: Sendable {
    let norm1Gamma, norm1Beta: Vector
    let attentionWeight: Matrix
    let attentionBias: Vector
    let projectionWeight: Matrix
    let projectionBias: Vector
    let norm2Gamma, norm2Beta: Vector
    let expandWeight: Matrix
    let expandBias: Vector
    let contractWeight: Matrix
    let contractBias: Vector
  }

  let tokenEmbedding: Matrix
  let positionEmbedding: Matrix
  let layers: [Layer]
  let finalGamma, finalBeta: Vector

  init(_ buffer: FloatBuffer, _ shape: ModelShape, _ layout: ParameterLayout) {
    precondition(buffer.count == layout.count)
    var remaining = layout.tensors[...]
    func vector() -> Vector {
      let tensor = remaining.removeFirst()
      return Vector(buffer, offset: tensor.offset, count: tensor.count)
    }
    func matrix() -> Matrix {
      let tensor = remaining.removeFirst()
      return Matrix(
        buffer, offset: tensor.offset, rows: tensor.dimensions[0], columns: tensor.dimensions[1])
    }
    tokenEmbedding = matrix()
    positionEmbedding = matrix()
    layers = (0..<shape.layerCount).map { _ in
      Layer(
        norm1Gamma: vector(), norm1Beta: vector(), attentionWeight: matrix(),
        attentionBias: vector(), projectionWeight: matrix(), projectionBias: vector(),
        norm2Gamma: vector(), norm2Beta: vector(), expandWeight: matrix(), expandBias: vector(),
        contractWeight: matrix(), contractBias: vector())
    }
    finalGamma = vector()
    finalBeta = vector()
    precondition(remaining.isEmpty)
  }
}
