import Quant
import Testing

/// Every code of the formats that no library has, against docs/quantization.md.
@Suite struct ExhaustiveCodeTests {
  private let one: [UInt8] = [0, 0, 0x80, 0x3f]

  private func whole(_ name: String) throws -> QuantizationFormat {
    try QuantizationFormat(named: "\(name):tensor:float32")
  }

  @Test(arguments: 2...8)
  func everyAsymmetricCodeWithEveryZeroPoint(bits: Int) throws {
    let format = try whole("uint\(bits)")
    for zero in 0..<256 {
      for code in 0..<(1 << bits) {
        let bytes = one + [UInt8(zero), UInt8(code)]
        guard zero < 1 << bits else {
          #expect(throws: QuantError.self, "zero point \(zero)") {
            try format.dequantize(bytes, count: 1)
          }
          continue
        }
        let decoded = try format.dequantize(bytes, count: 1)
        #expect(decoded[0].bitPattern == Float(code - zero).bitPattern, "\(zero), \(code)")
      }
      // Padding behind a code narrower than a byte.
      guard bits < 8, zero < 1 << bits else { continue }
      #expect(throws: QuantError.self) {
        try format.dequantize(one + [UInt8(zero), 1 << UInt8(bits)], count: 1)
      }
    }
  }

  /// Decoding is exact, and each value with the scale 1 goes to its own code again.
  @Test func everyCodeOfLM4() throws {
    let format = try whole("lm4")
    // Of derive_lloyd_max4.py, to six decimals.
    let expected = [
      -1, -0.780690, -0.615349, -0.486230, -0.374142, -0.272450, -0.177581, -0.087298, 0, 0.089773,
      0.181754, 0.279339, 0.385861, 0.505533, 0.647380, 0.831681,
    ]
    var values: [Float] = []
    for code in 0..<16 {
      let decoded = try format.dequantize(one + [UInt8(code)], count: 1)
      #expect((Double(decoded[0]) - expected[code]).magnitude < 1e-6, "code \(code)")
      values += decoded
    }
    #expect(values[8].bitPattern == 0)
    let absmax = try QuantizationFormat(named: "lm4:tensor:float32:absmax")
    for code in 0..<16 {
      // The lowest value fixes the scale to 1.
      #expect(try absmax.quantize([-1, values[code]])[4] == UInt8(code) << 4, "code \(code)")
    }
  }

  /// All 256 bytes of five codes: the sum of code i times 3^i.
  @Test func everyTernaryByte() throws {
    let format = try whole("ternary")
    for byte in 0..<256 {
      guard byte < 243 else {
        #expect(throws: QuantError.self, "byte \(byte)") {
          try format.dequantize(one + [UInt8(byte)], count: 5)
        }
        continue
      }
      var rest = byte
      let expected = (0..<5).map { _ in
        defer { rest /= 3 }
        return [Float(0), 1, -1][rest % 3]
      }
      #expect(try format.dequantize(one + [UInt8(byte)], count: 5) == expected, "byte \(byte)")
      // Fewer values: codes behind the last must be 0.
      for count in 1..<5 {
        let isPadded = expected[count...].allSatisfy { $0 == 0 }
        let decoded = try? format.dequantize(one + [UInt8(byte)], count: count)
        #expect(decoded == (isPadded ? Array(expected.prefix(count)) : nil), "\(byte), \(count)")
      }
    }
  }
}
