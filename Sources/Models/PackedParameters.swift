import Kernels

/// The parameters of a model in a packed form. Matrices stay packed, in memory and in the products of
/// a forward pass; only norms and biases, which are small, are unpacked once.
public struct PackedParameters: Sendable {
  /// The flat vector in the order of the layout.
  public let values: any PackedValues
  /// How activations enter the products with weights.
  public let activations: PackedActivations
  private let vectors: FloatBuffer
  /// Where a tensor of one dimension begins among the unpacked ones, by its offset.
  private let places: [Int: Int]

  /// - Parameters:
  ///   - values: as many as the layout has.
  ///   - arithmetic: unpacks the vectors; does not change a bit.
  public init(
    _ values: any PackedValues, layout: ParameterLayout, arithmetic: Arithmetic,
    activations: PackedActivations = .float32
  ) {
    precondition(values.count == layout.count, "\(values.count) values for \(layout.count)")
    let tensors = layout.tensors.filter { $0.dimensions.count == 1 }
    let vectors = FloatBuffer(count: tensors.reduce(0) { $0 + $1.count })
    var places: [Int: Int] = [:]
    var place = 0
    for tensor in tensors {
      vectors.withUnsafeMutableBytes { memory in
        values.unpack(
          tensor.range,
          into: UnsafeMutableBufferPointer(
            rebasing: memory.bindMemory(to: Float.self)[place..<place + tensor.count]),
          instructionSet: arithmetic.instructionSet)
      }
      places[tensor.offset] = place
      place += tensor.count
    }
    self.values = values
    self.activations = activations
    self.vectors = vectors
    self.places = places
  }

  /// Bytes of the vectors that were unpacked.
  public var unpackedByteCount: Int { 4 * vectors.count }

  /// The window on so many rows and columns from an element on.
  func matrix(_ offset: Int, _ rows: Int, _ columns: Int) -> PackedMatrix {
    PackedMatrix(values, offset: offset, rows: rows, columns: columns, activations: activations)
  }

  /// An unpacked tensor of one dimension.
  func vector(_ tensor: ParameterTensor) -> Vector {
    guard let place = places[tensor.offset] else {
      preconditionFailure("\(tensor.name) is no vector of this layout")
    }
    return Vector(vectors, offset: place, count: tensor.count)
  }
}
