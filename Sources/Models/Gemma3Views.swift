import Kernels

/// Named windows on one flat vector of a Gemma 3's parameters, or of their gradients. Made where they
/// are needed, so that a training step allocates no lists of them.
struct Gemma3Views<Windows: ParameterWindows>: Sendable {
  typealias Weight = Windows.Weight

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

  /// Tensors of one layer in the layout.
  private static var tensorsPerLayer: Int { 13 }

  private let windows: Windows
  private let tensors: [ParameterTensor]
  /// Number of layers.
  let layerCount: Int

  init(_ windows: Windows, _ shape: ModelShape, _ layout: ParameterLayout) {
    precondition(layout.tensors.count == 2 + Self.tensorsPerLayer * shape.layerCount)
    self.windows = windows
    tensors = layout.tensors
    layerCount = shape.layerCount
  }

  var tokenEmbedding: Weight { windows.matrix(tensors[0]) }
  var finalNorm: Vector { windows.vector(tensors[tensors.count - 1]) }

  /// The tensors of a layer, from 0.
  func layer(_ index: Int) -> Layer {
    precondition(0 <= index && index < layerCount, "layer \(index) of \(layerCount)")
    let first = 1 + Self.tensorsPerLayer * index
    func vector(_ place: Int) -> Vector { windows.vector(tensors[first + place]) }
    func matrix(_ place: Int, _ count: Int = 1) -> Weight {
      windows.matrix(tensors[first + place..<first + place + count])
    }
    return Layer(
      inputNorm: vector(0), queryKeyValueWeight: matrix(1, 3), queryNorm: vector(4),
      keyNorm: vector(5), outputWeight: matrix(6), postAttentionNorm: vector(7),
      preFeedForwardNorm: vector(8), gateUpWeight: matrix(9, 2), downWeight: matrix(11),
      postFeedForwardNorm: vector(12))
  }
}
