import Quant
import Testing

@Suite struct BinaryFormatTests {
  private func decoded(_ element: Element, _ values: [Float]) throws -> [Float] {
    let format = try QuantizationFormat(element)
    return try format.dequantize(format.quantize(values), count: values.count)
  }

  @Test func float32LosesNothing() throws {
    for (name, values) in sampleVectors(3) {
      let back = try decoded(.float32, values)
      #expect(back.map(\.bitPattern) == values.map(\.bitPattern), "\(name)")
    }
    #expect(QuantizationFormat.float32.byteCount(values: 10) == 40)
    #expect(QuantizationFormat.float32.effectiveBitsPerValue(values: 10) == 32)
  }

  /// Every finite code of 16 bits comes back as itself.
  @Test(arguments: [Element.float16, .bfloat16])
  func everyCodeComesBack(element: Element) throws {
    let format = try QuantizationFormat(element)
    let exponent: UInt16 = element == .float16 ? 0x7c00 : 0x7f80
    let codes = (UInt16.min...UInt16.max).filter { $0 & exponent != exponent }
    let bytes = codes.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    let values = try format.dequantize(bytes, count: codes.count)
    #expect(try format.quantize(values) == bytes)
    #expect(format.byteCount(values: 5) == 10)
  }

  @Test func halvesAreRoundedToEven() throws {
    // 1 + 2^-11 lies between 1 and 1 + 2^-10; 1 + 3 * 2^-11 between that and 1 + 2^-9.
    #expect(try decoded(.float16, [0x1.002p0, 0x1.006p0, -0x1.002p0]) == [1, 0x1.008p0, -1])
    #expect(try decoded(.bfloat16, [0x1.01p0, 0x1.03p0, -0x1.01p0]) == [1, 0x1.04p0, -1])
    #expect(try decoded(.bfloat16, [Float(0x1.01p0).nextUp]) == [0x1.02p0])
  }

  @Test func largeValuesSaturate() throws {
    let large = Float.greatestFiniteMagnitude
    #expect(
      try decoded(.float16, [65504, 65519, 65520, 1e9, -large]) == [
        65504, 65504, 65504, 65504, -65504,
      ])
    let largest = Float(bitPattern: 0x7f7f_0000)
    #expect(try decoded(.bfloat16, [large, -large, largest]) == [largest, -largest, largest])
    let tiny = Float.leastNonzeroMagnitude
    #expect(try decoded(.float16, [tiny, -tiny]).map(\.bitPattern) == [0, 1 << 31])
  }
}
