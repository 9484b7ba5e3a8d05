import Kernels

/// What is carried from one part of a batch to the next, as bytes: float32, little endian, of
/// 1. the loss of each position of the batch, zeros where it is not computed yet,
/// 2. where the token embedding is trained, what its rows got as inputs: min(vocabulary, positions) rows
///    in the order in which their tokens first occur in the batch, the rest zeros,
/// 3. the gradient of what is trained.
extension ModelShape {
  /// Bytes of an accumulation of batches of `positionCount` positions.
  func accumulationByteCount(
    positionCount: Int, gradientCount: Int, withSums: Bool
  ) -> Int {
    let sums =
      withSums
      ? InputEmbeddingGradient.sumCount(
        vocabularySize: vocabularySize, dModel: dModel, positionCount: positionCount) : 0
    return 4 * (positionCount + sums + gradientCount)
  }
}

extension TrainableParameters {
  /// Bytes of an accumulation of batches of `positionCount` positions.
  public func accumulationByteCount(positionCount: Int) -> Int {
    shape.accumulationByteCount(
      positionCount: positionCount, gradientCount: count, withSums: trainsTokenEmbedding)
  }

  /// Whether the token embedding is trained as a whole.
  var trainsTokenEmbedding: Bool {
    layout.tensors.first.map { $0.name == modelLayout.tensors[0].name } ?? false
  }
}

extension ModelWorkspace {
  /// The accumulation after the part that was computed last.
  func accumulation(
    of batch: TokenBatch, gradient: FloatBuffer, withSums: Bool
  ) -> [UInt8] {
    let done = (part + 1) * sequenceCount * contextLength
    var bytes = losses.littleEndianBytes(0..<done)
    bytes.reserveCapacity(
      shape.accumulationByteCount(
        positionCount: batch.positionCount, gradientCount: gradient.count, withSums: withSums))
    bytes += [UInt8](repeating: 0, count: 4 * (batch.positionCount - done))
    if withSums {
      let sums = inputEmbedding.sums(positionCount: batch.positionCount)
      bytes += sums.buffer.littleEndianBytes(sums.offset..<sums.offset + sums.count)
    }
    bytes += gradient.littleEndianBytes(0..<gradient.count)
    return bytes
  }

  /// Goes on after a part with an accumulation of the right size.
  func resume(
    _ accumulation: [UInt8], after part: Int, of batch: TokenBatch, gradient: FloatBuffer,
    withSums: Bool
  ) {
    precondition(
      accumulation.count
        == shape.accumulationByteCount(
          positionCount: batch.positionCount, gradientCount: gradient.count, withSums: withSums))
    reserveLosses(of: batch)
    let done = batch.tokens.prefix((part + 1) * sequenceCount * contextLength)
    inputEmbedding.resume(after: done, positionCount: batch.positionCount)
    var rest = accumulation[...]
    func take(_ target: Vector) {
      target.buffer.setLittleEndianBytes(rest.prefix(4 * target.count), at: target.offset)
      rest = rest.dropFirst(4 * target.count)
    }
    take(Vector(losses, count: batch.positionCount))
    if withSums { take(inputEmbedding.sums(positionCount: batch.positionCount)) }
    take(Vector(gradient))
  }
}
