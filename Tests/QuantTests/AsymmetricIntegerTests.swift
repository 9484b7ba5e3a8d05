import Quant
import Testing

/// docs/quantization.md, section "Asymmetric integers", as it is written there.
@Suite struct AsymmetricIntegerTests {
  private func reference(
    _ values: [Float], bits: Int, groupSize: Int, scale format: ScaleFormat
  ) -> [UInt8] {
    let largest = (1 << bits) - 1
    let limit = Float(largest)
    var bytes: [UInt8] = []
    for group in groups(of: values, size: groupSize) {
      // Adding 0 makes +0 of -0.
      let low = min(0, group.min() ?? 0) + 0
      let high = max(0, group.max() ?? 0) + 0
      var scale: Float = 0
      var header: [UInt8] = []
      var zero: Float = 0
      func findZero() { zero = min((-low / scale).rounded(.toNearestOrEven), limit) }
      switch format {
      case .none, .double: preconditionFailure("\(format) is tested elsewhere")
      case .float32:
        scale = high / limit - low / limit
        if scale > 0 { findZero() }
        if scale * max(zero, limit - zero) == .infinity {
          scale = Float.greatestFiniteMagnitude / max(zero, limit - zero)
          if scale * max(zero, limit - zero) == .infinity { scale = scale.nextDown }
        }
        withUnsafeBytes(of: scale.bitPattern.littleEndian) { header += $0 }
      case .float16:
        let half = min(Float16(high / limit - low / limit), .greatestFiniteMagnitude)
        scale = Float(half)
        if scale > 0 { findZero() }
        withUnsafeBytes(of: half.bitPattern.littleEndian) { header += $0 }
      case .e8m0:
        var exponent = -127
        let span = Double(high) - Double(low)
        if high / 2 - low / 2 > 0 {
          exponent = max(-127, Int(span.exponent) - Int(limit.exponent))
        }
        repeat {
          scale = Float(sign: .plus, exponent: exponent, significand: 1)
          findZero()
          exponent -= 1
        } while scale * max(zero, limit - zero) == .infinity
        header.append(UInt8(exponent + 1 + 127))
      }
      bytes += header + [UInt8(zero)]
      var field: [Bool] = []
      for value in group {
        var code = 0
        if scale > 0 {
          let quotient = min(max(value / scale, -zero), limit - zero)
          code = Int(quotient.rounded(.toNearestOrEven)) + Int(zero)
        }
        for bit in 0..<bits { field.append(code >> bit & 1 == 1) }
      }
      while field.count % 8 != 0 { field.append(false) }
      for byte in 0..<(field.count / 8) {
        bytes.append((0..<8).reduce(0) { $0 | (field[byte * 8 + $1] ? 1 << $1 : 0) })
      }
    }
    return bytes
  }

  @Test(arguments: 2...8, [ScaleFormat.float32, .float16, .e8m0])
  func bytesAreThoseOfTheReference(bits: Int, scale: ScaleFormat) throws {
    for groupSize in groupSizes {
      let format = try QuantizationFormat(
        .unsignedInteger(bits: bits), groupSize: groupSize, scale: scale)
      for (name, values) in sampleVectors(bits * 1000 + groupSize) {
        let expected = reference(values, bits: bits, groupSize: groupSize, scale: scale)
        #expect(try format.quantize(values) == expected, "\(name), \(format)")
      }
    }
  }

  /// One sign only: the whole range of codes serves it.
  @Test func aRangeOnOneSideOfZeroTakesAllCodes() throws {
    let format = try QuantizationFormat(.unsignedInteger(bits: 2), groupSize: 4)
    #expect(try format.dequantize(format.quantize([0, 1, 2, 3]), count: 4) == [0, 1, 2, 3])
    #expect(try format.dequantize(format.quantize([0, -1, -2, -3]), count: 4) == [0, -1, -2, -3])
    #expect(try format.dequantize(format.quantize([-1, 0, 1, 2]), count: 4) == [-1, 0, 1, 2])
    // 0 is always in the range: 5 is 2.5 steps of 2, and a tie goes to the even code.
    #expect(try format.dequantize(format.quantize([5, 6, 5, 6]), count: 4) == [4, 6, 4, 6])
  }

  @Test func sizesAreThoseOfTheSpecification() throws {
    let table: [(ScaleFormat, Int)] = [(.float32, 5 + 32), (.float16, 3 + 32), (.e8m0, 2 + 32)]
    for (scale, bytes) in table {
      let format = try QuantizationFormat(.unsignedInteger(bits: 4), groupSize: 64, scale: scale)
      #expect(format.byteCount(values: 64) == bytes)
      #expect(format.effectiveBitsPerValue(values: 640) == Double(bytes) / 8)
    }
  }
}
