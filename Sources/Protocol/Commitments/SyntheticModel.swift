import Kernels
import Models
import Proofs

/// The bytes of a model as it is before any training: the values that `ParameterLayout.initialize`
/// gives for a seed, as float32 in little endian, made when they are asked for.
///
/// A model of any size can be committed this way without a disk or memory that holds it, and
/// everyone finds the same root.
public struct SyntheticModel: ByteSource {
  /// Tensors and their first values.
  public let layout: ParameterLayout
  /// Seed of the normal numbers.
  public let seed: UInt64
  public let byteCount: Int
  private let arithmetic: Arithmetic

  /// The model of this layout and seed; `arithmetic` may be any, each gives the same bits.
  public init(layout: ParameterLayout, seed: UInt64, arithmetic: Arithmetic) {
    self.layout = layout
    self.seed = seed
    self.arithmetic = arithmetic
    byteCount = 4 * layout.count
  }

  public func bytes(
    in range: Range<Int>, scratch: UnsafeMutableRawBufferPointer
  ) -> UnsafeRawBufferPointer {
    let elements = range.lowerBound / 4..<(range.upperBound + 3) / 4
    let target = UnsafeMutableRawBufferPointer(rebasing: scratch[..<range.count])
    if range.lowerBound % 4 == 0 && range.upperBound % 4 == 0 {
      fill(target.bindMemory(to: Float.self), elements)
    } else {
      // Leaves that cut through a value.
      withUnsafeTemporaryAllocation(of: Float.self, capacity: elements.count) { values in
        fill(values, elements)
        let bytes = UnsafeRawBufferPointer(values)
        let skipped = range.lowerBound - 4 * elements.lowerBound
        target.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[skipped..<skipped + range.count]))
      }
    }
    return UnsafeRawBufferPointer(target)
  }

  /// Writes the values of `elements` of the flat vector, whose number is that of `values`.
  public func fill(_ values: UnsafeMutableBufferPointer<Float>, _ elements: Range<Int>) {
    var next = elements.lowerBound
    var number = tensorNumber(of: next)
    while next < elements.upperBound {
      let tensor = layout.tensors[number]
      let end = min(tensor.offset + tensor.count, elements.upperBound)
      let part = UnsafeMutableBufferPointer(
        rebasing: values[next - elements.lowerBound..<end - elements.lowerBound])
      switch tensor.initialization {
      case .constant(let value):
        part.update(repeating: value)
      case .normal(let standardDeviation):
        arithmetic.fillNormal(
          part, seed: seed, stream: UInt64(number), standardDeviation: standardDeviation,
          firstElement: UInt64(next - tensor.offset))
      }
      next = end
      number += 1
    }
  }

  /// Number of the tensor that holds element `index`, by bisection: layers are many.
  private func tensorNumber(of index: Int) -> Int {
    var (low, high) = (0, layout.tensors.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if layout.tensors[middle].offset <= index { low = middle } else { high = middle }
    }
    return low
  }
}

extension MemorySource {
  /// The bytes of a model's parameter vector, or of any other float32 memory. They must stay as they
  /// are while the source is used.
  public init(_ buffer: FloatBuffer) {
    self = buffer.withUnsafeBytes { MemorySource($0, owner: buffer) }
  }
}
