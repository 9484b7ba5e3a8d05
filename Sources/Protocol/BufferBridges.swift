import Kernels
import Quant

/// Quantizers work on bounded memory; these lend them the models' buffers.
extension IntegerFormat {
  /// Packs a whole buffer.
  func quantize(_ buffer: FloatBuffer) throws(QuantError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount(values: buffer.count))
    let result = bytes.withUnsafeMutableBufferPointer { target in
      buffer.withUnsafeBytes { source in
        Result { () throws(QuantError) in
          try quantize(source.assumingMemoryBound(to: Float.self), into: target)
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

extension FloatBuffer {
  /// The float32 values of little-endian bytes; a rest under four bytes is left out.
  convenience init(littleEndianBytes bytes: [UInt8]) {
    self.init(count: bytes.count / 4)
    setLittleEndianBytes(bytes.prefix(count * 4), at: 0)
  }
}
