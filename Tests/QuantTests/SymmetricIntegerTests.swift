import Foundation
import Quant
import Testing

@Suite struct SymmetricIntegerTests {
  @Test func sizesAreThoseOfTheSpecification() throws {
    // bits, group size, values, bytes: from docs/quantization.md.
    let table = [
      (4, 64, 64, 36), (4, 64, 128, 72), (4, 64, 65, 41), (4, 64, 66, 41), (4, 64, 67, 42),
      (2, 16, 16, 8), (3, 16, 16, 10), (3, 7, 7, 7), (3, 7, 8, 12), (8, 65536, 65536, 65540),
      (5, 1, 3, 15), (8, 64, 0, 0), (4, 65536, 10, 9),
    ]
    for (bits, groupSize, values, bytes) in table {
      let format = try integer(bits, groupSize)
      #expect(format.byteCount(values: values) == bytes)
      #expect(try format.quantize([Float](repeating: 1, count: values)).count == bytes)
      if values == groupSize { #expect(format.byteCount(values: groupSize) == bytes) }
    }
    #expect(
      SymmetricInteger.all.map(\.largestCode)
        == [1, 3, 7, 15, 31, 63, 127])
    let format = try integer(4, 64)
    #expect(format.effectiveBitsPerValue(values: 6400) == 4.5)
    #expect(format.effectiveBitsPerValue(values: 0) == 0)
    #expect(format.byteCount(values: Int.max / 16) == Int.max / 1024 * 36 + 4 + 32)
    #expect(try integer(8, 1).byteCount(values: .max) == .max)
  }

  @Test func otherFormatsAreRefused() {
    for bits in [Int.min, -1, 0, 1, 9, 16, 32, Int.max] {
      #expect(throws: QuantError.bitsOutOfRange(bits: bits, allowed: 2...8)) {
        try integer(bits, 64)
      }
    }
    for size in [Int.min, -1, 0, 65537, Int.max - 1] {
      #expect(throws: QuantError.groupSizeOutOfRange(groupSize: size, allowed: 1...65536)) {
        try integer(4, size)
      }
    }
  }

  @Test(arguments: symmetricFormats)
  func bytesAreThoseOfTheReference(format: QuantizationFormat) throws {
    for (name, values) in sampleVectors(format.element.bits * 1000 + format.groupSize) {
      let expected = referenceEncoding(
        values, bits: format.element.bits, groupSize: format.groupSize)
      #expect(try format.quantize(values) == expected, "\(name)")
    }
  }

  private struct Vector: Decodable {
    let name: String
    let bits: Int
    let groupSize: Int
    let values: String
    let encoded: String
    let decoded: String
  }

  /// Written by Tests/Vectors/make_quant_vectors.py.
  @Test func goldenBytesAreMet() throws {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Vectors/quant_int.json")
    let vectors = try JSONDecoder().decode([Vector].self, from: Data(contentsOf: url))
    #expect(vectors.count == 7 * 3 * 10)
    #expect(Set(vectors.map(\.bits)) == Set(2...8))
    for vector in vectors {
      let format = try integer(vector.bits, vector.groupSize)
      let values = floats(hexBytes(vector.values))
      let bytes = try format.quantize(values)
      #expect(bytes == hexBytes(vector.encoded), "\(vector.name), \(format)")
      let decoded = try format.dequantize(bytes, count: values.count)
      // Bit patterns, so that -0 is not 0.
      let expected = floats(hexBytes(vector.decoded)).map(\.bitPattern)
      #expect(decoded.map(\.bitPattern) == expected, "\(vector.name), \(format)")
    }
  }

  @Test(arguments: 2...8)
  func everyCodeComesBack(bits: Int) throws {
    let largest = (1 << (bits - 1)) - 1
    let codes = Array(-largest...largest)
    // Scales that an encoder makes: not every float is the quotient of a float and the largest
    // code.
    for largestValue in [Float(largest), 1, 0.1, 3e30, Float(largest) * 0x1p-126, 1e-30] {
      let scale = largestValue / Float(largest)
      // Whatever the position of a code in its byte.
      for shift in 0..<9 {
        let values = (0..<(codes.count + shift)).map {
          Float(codes[($0 + shift) % codes.count]) * scale
        }
        let format = try integer(bits, values.count)
        let decoded = try format.dequantize(format.quantize(values), count: values.count)
        #expect(decoded == values)
      }
    }
  }

  @Test(arguments: 2...8)
  func encodingAgainGivesTheSameBytesUnlessAScaleIsSubnormal(bits: Int) throws {
    var random = TestRandom(bits)
    for round in 0..<2000 {
      let format = try integer(bits, 5)
      let values = (0..<5).map { _ in
        round % 2 == 0 ? random.uniform() : random.anyFinite() * Float(0x1p-20)
      }
      try checkIdempotence(format, values)
    }
    // Close below the largest float, where the scale is rounded down once for 6 and 8 bits.
    var value = Float.greatestFiniteMagnitude
    for _ in 0..<2000 {
      try checkIdempotence(integer(bits, 2), [value, 1])
      value = value.nextDown
    }
  }

  private func checkIdempotence(_ format: QuantizationFormat, _ values: [Float]) throws {
    let largest = values.map(\.magnitude).max() ?? 0
    // A tenth above what the scale needs, so that no subnormal scale slips through by rounding.
    guard largest > Float(largestCode(format)) * 0x1.2p-126 else { return }
    let bytes = try format.quantize(values)
    let decoded = try format.dequantize(bytes, count: values.count)
    #expect(try format.quantize(decoded) == bytes, "\(values)")
  }

  @Test func aSubnormalScaleMayChange() throws {
    // 25 units of 2^-149: the scale is 4 units, the code 6. 24 units: the scale is 3, the code 7.
    let format = try integer(4, 1)
    let unit = Float.leastNonzeroMagnitude
    let first = try format.quantize([25 * unit])
    #expect(first == [4, 0, 0, 0, 6])
    let again = try format.quantize(format.dequantize(first, count: 1))
    #expect(again == [3, 0, 0, 0, 7])
  }

  @Test(arguments: 2...8)
  func theLargestFloatStaysFinite(bits: Int) throws {
    let format = try integer(bits, 4)
    var largest = Float.greatestFiniteMagnitude
    for _ in 0..<10_000 {
      let values = [largest, -largest, largest / 3, 0]
      let decoded = try format.dequantize(format.quantize(values), count: 4)
      #expect(decoded.allSatisfy { $0.isFinite })
      #expect((decoded[0] / largest - 1).magnitude < 1e-6)
      largest = largest.nextDown
    }
  }

  @Test func tiesGoToTheEvenCode() throws {
    let format = try integer(4, 64)
    let values: [Float] = [
      7, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 6.5, -6.5, Float(0.5).nextUp, Float(2.5).nextUp,
    ]
    let decoded = try format.dequantize(format.quantize(values), count: values.count)
    #expect(decoded == [7, 0, 2, 2, 0, -2, -2, 6, -6, 1, 3])
  }

  @Test func anOutlierTakesTheWholeRange() throws {
    let format = try integer(4, 16)
    var values = [Float](repeating: 0.5, count: 32)
    values[3] = 1000
    let decoded = try format.dequantize(format.quantize(values), count: 32)
    #expect(decoded[3] == 1000 || (decoded[3] - 1000).magnitude < 1e-3)
    #expect(decoded[..<3].allSatisfy { $0 == 0 } && decoded[4..<16].allSatisfy { $0 == 0 })
    #expect(decoded[16...].allSatisfy { ($0 - 0.5).magnitude < 1e-6 })
  }
}
