import Kernels

/// A randomized Hadamard transform of blocks of values, which spreads an outlier over its block:
/// signs from a stream, then the Walsh-Hadamard transform, over the square root of the size
/// (QuIP#, arXiv 2402.04396; QuaRot, arXiv 2404.00456).
///
/// The last values that fill no block are cut into blocks of falling powers of two.
public struct Rotation: Sendable, Hashable {
  /// Values of a block: a power of two.
  public let size: Int
  /// Which signs.
  public let seed: UInt32

  /// The sizes there are.
  public static let allowedSizes = 2...4096

  /// Throws `rotationSize` unless `size` is a power of two in 2...4096.
  public init(size: Int, seed: UInt32 = 0) throws(QuantError) {
    guard Self.allowedSizes.contains(size), size.nonzeroBitCount == 1 else {
      throw .rotationSize(size)
    }
    self.size = size
    self.seed = seed
  }

  /// Rotates all values in place. The first must be the first of a block.
  func apply(_ values: UnsafeMutableBufferPointer<Float>) {
    forEachBlock(values) { block, norm, signs in
      for index in block.indices { block[index] *= signs[index] * norm }
      Self.transform(block)
    }
  }

  /// Undoes `apply`, up to rounding.
  func undo(_ values: UnsafeMutableBufferPointer<Float>) {
    forEachBlock(values) { block, norm, signs in
      for index in block.indices { block[index] *= norm }
      Self.transform(block)
      // Adding 0 makes +0 of -0, so that zeros come back as +0.
      for index in block.indices { block[index] = block[index] * signs[index] + 0 }
    }
  }

  /// Sign i is that of bit i mod 32 of word i div 32 of the stream of the seed, negative if set.
  private var signs: [Float] {
    let stream = RandomStream(seed: UInt64(seed), stream: Self.stream)
    return (0..<size).map { index in
      stream.word(at: UInt64(index / 32)) >> UInt32(index % 32) & 1 == 1 ? -1 : 1
    }
  }

  /// The stream of the signs: "rotation" in ASCII.
  private static let stream: UInt64 = 0x726f_7461_7469_6f6e

  private func forEachBlock(
    _ values: UnsafeMutableBufferPointer<Float>,
    _ body: (UnsafeMutableBufferPointer<Float>, Float, [Float]) -> Void
  ) {
    let signs = signs
    var offset = 0
    var size = size
    while offset < values.count {
      while size > values.count - offset { size /= 2 }
      body(
        UnsafeMutableBufferPointer(rebasing: values[offset..<(offset + size)]),
        1 / Float(size).squareRoot(), signs)
      offset += size
    }
  }

  /// Butterflies of growing width: (a, b) becomes (a + b, a - b).
  private static func transform(_ block: UnsafeMutableBufferPointer<Float>) {
    var width = 1
    while width < block.count {
      for start in stride(from: 0, to: block.count, by: 2 * width) {
        for index in start..<(start + width) {
          let (a, b) = (block[index], block[index + width])
          block[index] = a + b
          block[index + width] = a - b
        }
      }
      width *= 2
    }
  }
}
