import Kernels

/// Named windows on one flat vector of parameters, or of their gradients. Made where they are needed,
/// so that a training step allocates no lists of them.
struct GPT3Views<Windows: ParameterWindows>: Sendable {
  typealias Weight = Windows.Weight

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

  /// Tensors of one layer in the layout.
  private static var tensorsPerLayer: Int { 12 }

  private let windows: Windows
  private let tensors: [ParameterTensor]
  /// Number of layers.
  let layerCount: Int

  init(_ windows: Windows, _ shape: ModelShape, _ layout: ParameterLayout) {
    precondition(layout.tensors.count == 4 + Self.tensorsPerLayer * shape.layerCount)
    self.windows = windows
    tensors = layout.tensors
    layerCount = shape.layerCount
  }

  var tokenEmbedding: Weight { windows.matrix(tensors[0]) }
  var positionEmbedding: Weight { windows.matrix(tensors[1]) }
  var finalGamma: Vector { windows.vector(tensors[tensors.count - 2]) }
  var finalBeta: Vector { windows.vector(tensors[tensors.count - 1]) }

  /// The tensors of a layer, from 0.
  func layer(_ index: Int) -> Layer {
    precondition(0 <= index && index < layerCount, "layer \(index) of \(layerCount)")
    let first = 2 + Self.tensorsPerLayer * index
    func vector(_ place: Int) -> Vector { windows.vector(tensors[first + place]) }
    func matrix(_ place: Int) -> Weight { windows.matrix(tensors[first + place]) }
    return Layer(
      norm1Gamma: vector(0), norm1Beta: vector(1), attentionWeight: matrix(2),
      attentionBias: vector(3), projectionWeight: matrix(4), projectionBias: vector(5),
      norm2Gamma: vector(6), norm2Beta: vector(7), expandWeight: matrix(8), expandBias: vector(9),
      contractWeight: matrix(10), contractBias: vector(11))
  }
}
