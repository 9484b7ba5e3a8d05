import Kernels
import Models
import Proofs
import Quant

/// What a block publishes, and what it does to the parameters: `docs/protocol.md`, section 3.
extension TrainingTask {
  /// The form of updates that are published as factors; nil for all others.
  public var lowRankForm: LowRankForm? {
    guard case .lowRank(let rank) = fineTuning else { return nil }
    guard let form = try? LowRankForm(ParameterLayout(shape), rank: rank) else {
      preconditionFailure("a task with \(fineTuning) of \(shape) was never made")
    }
    return form
  }
  /// Numbers that are quantized and published at a time.
  public var publishedValueCount: Int { lowRankForm?.count ?? parameterCount }
  /// Bytes of the published gradient of one step, or of a block's update.
  public var gradientByteCount: Int { gradientFormat.byteCount(values: publishedValueCount) }
  /// Bytes of a leaf of them. Factors are one leaf, as every parameter needs many of them.
  var gradientLeafSize: Int {
    lowRankForm == nil
      ? gradientFormat.byteCount(values: Int(leafValueCount)) : gradientByteCount
  }
  /// Leaves of what is published.
  public var publishedLeafCount: Int { lowRankForm == nil ? leafCount : 1 }
  /// The published leaf that leaf `index` of the parameters follows from.
  public func publishedLeaf(of index: Int) -> Int { lowRankForm == nil ? index : 0 }

  /// The published form of a gradient or update of all that is trained.
  func publishedBytes(
    _ values: FloatBuffer, batchDigest: Digest, arithmetic: Arithmetic
  ) throws(QuantError) -> [UInt8] {
    guard let form = lowRankForm else {
      return try publishedGradient(values, batchDigest: batchDigest)
    }
    let factors = FloatBuffer(count: form.count)
    form.factor(
      values, seed: Digest.tagged("PoGO/low-rank", batchDigest).littleEndianWord(0), into: factors,
      arithmetic: arithmetic)
    return try publishedGradient(factors, batchDigest: batchDigest)
  }

  /// What published bytes stand for, in some of the parameters.
  ///
  /// - Parameter bytes: of exactly these parameters, or, where updates are factors, all.
  func readPublished(
    _ bytes: [UInt8], range: Range<Int>, into values: Vector, arithmetic: Arithmetic
  ) throws(QuantError) {
    guard let form = lowRankForm else {
      return try gradientFormat.dequantize(bytes, into: values)
    }
    let factors = FloatBuffer(count: form.count)
    try gradientFormat.dequantize(bytes, into: Vector(factors))
    form.expand(factors, range: range, into: values, arithmetic: arithmetic)
  }

  /// The update rule of a block that is quantized as a whole, on some of the parameters.
  func addUpdate(
    _ published: [UInt8], range: Range<Int>, to parameters: Vector, scratch: FloatBuffer,
    arithmetic: Arithmetic
  ) throws(QuantError) {
    let difference = Vector(scratch, count: parameters.count)
    try readPublished(published, range: range, into: difference, arithmetic: arithmetic)
    arithmetic.axpy(1, difference, onto: parameters)
  }
}
