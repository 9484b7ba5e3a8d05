import Kernels

/// Parameters, or their gradients, of which tensors can be looked at: float32 in memory, or packed.
protocol ParameterWindows: Sendable {
  /// What a matrix of weights is here.
  associatedtype Weight: WeightMatrix

  /// A tensor of one dimension.
  func vector(_ tensor: ParameterTensor) -> Vector
  /// So many rows and columns from element `offset` of the flat vector on.
  func matrix(_ offset: Int, _ rows: Int, _ columns: Int) -> Weight
}

extension ParameterWindows {
  /// Matrices of equally many columns that lie one after the other in the flat vector, as one.
  func matrix(_ tensors: ArraySlice<ParameterTensor>) -> Weight {
    let first = tensors[tensors.startIndex]
    return matrix(
      first.offset, tensors.reduce(0) { $0 + $1.dimensions[0] }, first.dimensions[1])
  }

  /// A tensor of two dimensions.
  func matrix(_ tensor: ParameterTensor) -> Weight {
    matrix(tensor.offset, tensor.dimensions[0], tensor.dimensions[1])
  }
}

/// Windows on float32 values in memory.
struct FloatParameters: ParameterWindows {
  let buffer: FloatBuffer

  /// A flat vector in the order of `layout`.
  init(_ buffer: FloatBuffer, _ layout: ParameterLayout) {
    precondition(buffer.count == layout.count)
    self.buffer = buffer
  }

  func vector(_ tensor: ParameterTensor) -> Vector {
    Vector(buffer, offset: tensor.offset, count: tensor.count)
  }

  func matrix(_ offset: Int, _ rows: Int, _ columns: Int) -> Matrix {
    Matrix(buffer, offset: offset, rows: rows, columns: columns)
  }
}

extension PackedParameters: ParameterWindows {}
