import Kernels
import Proofs
import Quant

/// Quantizers work on bounded memory; these lend them the models' buffers.
extension QuantizationFormat {
  /// Packs a whole buffer, which begins at value `offset` of its vector.
  func quantize(
    _ buffer: FloatBuffer, random: RandomStream = RandomStream(seed: 0, stream: 0),
    at offset: Int = 0
  ) throws(QuantError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount(values: buffer.count))
    let result = bytes.withUnsafeMutableBufferPointer { target in
      buffer.withUnsafeBytes { source in
        Result { () throws(QuantError) in
          try quantize(
            source.assumingMemoryBound(to: Float.self), into: target, random: random, at: offset)
        }
      }
    }
    try result.get()
    return bytes
  }

  /// Unpacks into a vector; throws unless the bytes are those of exactly so many values.
  func dequantize(_ bytes: [UInt8], into vector: Vector) throws(QuantError) {
    let result = bytes.withUnsafeBufferPointer { source in
      vector.buffer.withUnsafeMutableBytes { target in
        let values = target.assumingMemoryBound(to: Float.self)[
          vector.offset..<vector.offset + vector.count]
        return Result { () throws(QuantError) in
          try dequantize(source, into: UnsafeMutableBufferPointer(rebasing: values))
        }
      }
    }
    try result.get()
  }
}

extension TrainingTask {
  /// The quantized twin of parameters from value `offset` on, the first of a leaf. Stochastic
  /// rounding takes its random numbers from the task alone, so that a leaf can be checked alone.
  ///
  /// Throws ``QuantError`` if a parameter is not finite.
  public func quantizedTwin(
    _ parameters: FloatBuffer, at offset: Int = 0
  ) throws(QuantError) -> [UInt8] {
    try modelFormat.quantize(
      parameters, random: RandomStream(seed: initializationSeed, stream: Self.twinStream),
      at: offset)
  }

  /// The published form of the gradient of a minibatch. Stochastic rounding takes its random numbers
  /// from the digest of the minibatch, which a replay knows and no miner chooses.
  func publishedGradient(
    _ gradient: FloatBuffer, batchDigest: Digest
  ) throws(QuantError) -> [UInt8] {
    let seed = Digest.tagged("PoGO/rounding", batchDigest).littleEndianWord(0)
    return try gradientFormat.quantize(gradient, random: RandomStream(seed: seed, stream: 0))
  }

  /// "twin" in ASCII.
  private static let twinStream: UInt64 = 0x7477_696e
}

extension FloatBuffer {
  /// The float32 values of little-endian bytes; a rest under four bytes is left out.
  convenience init(littleEndianBytes bytes: [UInt8]) {
    self.init(count: bytes.count / 4)
    setLittleEndianBytes(bytes.prefix(count * 4), at: 0)
  }
}
