import Kernels

extension ParameterLayout {
  /// Fills `parameters` (length ``count``) with their first values.
  ///
  /// A pure function of layout and seed: tensor number t draws its normal numbers from stream t of
  /// Philox under `seed`, so every machine starts from the same bits.
  public func initialize(_ parameters: FloatBuffer, seed: UInt64, arithmetic: Arithmetic) {
    precondition(parameters.count == count)
    for (stream, tensor) in tensors.enumerated() {
      let view = Vector(parameters, offset: tensor.offset, count: tensor.count)
      switch tensor.initialization {
      case .constant(let value):
        for index in tensor.range { parameters[index] = value }
      case .normal(let standardDeviation):
        arithmetic.fillNormal(
          view, seed: seed, stream: UInt64(stream), standardDeviation: standardDeviation)
      }
    }
  }
}
