import Kernels
import Models
import Proofs

/// The bytes of a model as it is before any training: the values that `ParameterLayout.initialize`
/// gives for a seed, as float32 in little endian, made when they are asked for.
///
/// A model of any size can be committed this way without a disk or memory that holds it, and
/// everyone finds the same root.
public struct SyntheticModel: ParameterSource {
  public typealias Failure = Never

  /// Tensors and their first values.
  public let layout: ParameterLayout
  /// Seed of the normal numbers.
  public let seed: UInt64
  private let arithmetic: Arithmetic

  /// The model of this layout and seed; `arithmetic` may be any, each gives the same bits.
  public init(layout: ParameterLayout, seed: UInt64, arithmetic: Arithmetic) {
    self.layout = layout
    self.seed = seed
    self.arithmetic = arithmetic
  }

  public func fill(
    _ values: UnsafeMutableBufferPointer<Float>, tensor: Int, elements: Range<Int>
  ) {
    switch layout.tensors[tensor].initialization {
    case .constant(let value):
      values.update(repeating: value)
    case .normal(let standardDeviation):
      arithmetic.fillNormal(
        values, seed: seed, stream: UInt64(tensor), standardDeviation: standardDeviation,
        firstElement: UInt64(elements.lowerBound))
    }
  }
}

extension MemorySource {
  /// The bytes of a model's parameter vector, or of any other float32 memory. They must stay as they
  /// are while the source is used.
  public init(_ buffer: FloatBuffer) {
    self = buffer.withUnsafeBytes { MemorySource($0, owner: buffer) }
  }
}
