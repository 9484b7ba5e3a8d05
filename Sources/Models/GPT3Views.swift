import Kernels

/// Named windows on one flat vector of parameters, or of their gradients. Weights may be packed.
struct GPT3Views<Weight: WeightMatrix>: Sendable {
  /// The tensors of one layer; matrices are (inputs, outputs).
  struct Layer: Sendable {
    let norm1Gamma, norm1Beta: Vector
    let attentionWeight: Weight
    let attentionBias: Vector
    let projectionWeight: Weight
    let projectionBias: Vector
    let norm2Gamma, norm2Beta: Vector
    let expandWeight: Weight
    let expandBias: Vector
    let contractWeight: Weight
    let contractBias: Vector
  }

  let tokenEmbedding: Weight
  let positionEmbedding: Weight
  let layers: [Layer]
  let finalGamma, finalBeta: Vector

  /// - Parameters:
  ///   - vector: the window on a tensor of one dimension.
  ///   - matrix: the window on so many rows and columns from an element on.
  init(
    _ shape: ModelShape, _ layout: ParameterLayout, vector window: (ParameterTensor) -> Vector,
    matrix weight: (_ offset: Int, _ rows: Int, _ columns: Int) -> Weight
  ) {
    var remaining = layout.tensors[...]
    func vector() -> Vector { window(remaining.removeFirst()) }
    func matrix() -> Weight {
      let tensor = remaining.removeFirst()
      return weight(tensor.offset, tensor.dimensions[0], tensor.dimensions[1])
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

extension GPT3Views<Matrix> {
  /// Windows on float32 values in memory.
  init(_ buffer: FloatBuffer, _ shape: ModelShape, _ layout: ParameterLayout) {
    precondition(buffer.count == layout.count)
    self.init(
      shape, layout, vector: { Vector(buffer, offset: $0.offset, count: $0.count) },
      matrix: { Matrix(buffer, offset: $0, rows: $1, columns: $2) })
  }
}

extension GPT3Views<PackedMatrix> {
  /// Windows on packed values.
  init(_ packed: PackedParameters, _ shape: ModelShape, _ layout: ParameterLayout) {
    self.init(shape, layout, vector: packed.vector, matrix: packed.matrix)
  }
}
