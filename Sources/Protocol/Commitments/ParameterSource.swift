import Models
import Proofs

/// A source of a model's float32 parameters in the flat order, little endian, that makes them tensor by
/// tensor when they are asked for.
public protocol ParameterSource: ByteSource {
  /// The tensors in their order.
  var layout: ParameterLayout { get }

  /// Writes the values of `elements` of the tensor that has number `tensor` in the layout; `elements`
  /// count from the tensor's first, and there are as many as `values` has room for.
  func fill(
    _ values: UnsafeMutableBufferPointer<Float>, tensor: Int, elements: Range<Int>
  ) throws(Failure)
}

extension ParameterSource {
  public var byteCount: Int { 4 * layout.count }

  public func bytes(
    in range: Range<Int>, scratch: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> UnsafeRawBufferPointer {
    let elements = range.lowerBound / 4..<(range.upperBound + 3) / 4
    let target = UnsafeMutableRawBufferPointer(rebasing: scratch[..<range.count])
    if range.lowerBound % 4 == 0 && range.upperBound % 4 == 0 {
      try fill(target.bindMemory(to: Float.self), elements)
    } else {
      // Leaves that cut through a value.
      let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: elements.count)
      defer { values.deallocate() }
      try fill(values, elements)
      let skipped = range.lowerBound - 4 * elements.lowerBound
      target.copyMemory(
        from: UnsafeRawBufferPointer(
          rebasing: UnsafeRawBufferPointer(values)[skipped..<skipped + range.count]))
    }
    return UnsafeRawBufferPointer(target)
  }

  /// Writes the values of `elements` of the flat vector, whose number is that of `values`.
  public func fill(
    _ values: UnsafeMutableBufferPointer<Float>, _ elements: Range<Int>
  ) throws(Failure) {
    var next = elements.lowerBound
    var number = tensorNumber(of: next)
    while next < elements.upperBound {
      let tensor = layout.tensors[number]
      let end = min(tensor.offset + tensor.count, elements.upperBound)
      let part = UnsafeMutableBufferPointer(
        rebasing: values[next - elements.lowerBound..<end - elements.lowerBound])
      try fill(part, tensor: number, elements: next - tensor.offset..<end - tensor.offset)
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
