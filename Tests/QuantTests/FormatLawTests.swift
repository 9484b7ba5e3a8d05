import Quant
import Testing

/// The laws of `QuantizationFormat`, for every element format with every scale format.
@Suite struct FormatLawTests {
  @Test(arguments: allFormats)
  func lawsHold(format: QuantizationFormat) throws {
    for (name, values) in vectors(for: format) {
      let bytes = try format.quantize(values)
      #expect(try bytes == format.quantize(values), "\(name)")
      #expect(bytes.count == format.byteCount(values: values.count))
      let decoded = try format.dequantize(bytes, count: values.count)
      #expect(decoded.allSatisfy { $0.isFinite }, "\(name)")
      if format.scale != .none, largestMagnitude(values[...]) == 0 {
        #expect(decoded.allSatisfy { $0.bitPattern == 0 }, "\(name)")
      }
      try checkRanges(format, values, bytes, decoded)
    }
    try checkRefusals(format)
  }

  /// A rotation can make infinity of the largest floats; `RotationTests` has those.
  private func vectors(for format: QuantizationFormat) -> [(name: String, values: [Float])] {
    sampleVectors(format.groupSize & 0xffff + format.element.bits).filter {
      format.rotation == nil || ($0.name != "largest" && $0.name != "any finite")
    }
  }

  /// The nearest of all values that the codes can express with the stored scale and zero point.
  @Test(arguments: allFormats.filter { $0.rounding == .nearest && $0.rotation == nil })
  func everyValueGoesToTheNearest(format: QuantizationFormat) throws {
    guard format.scale != .none, format.groupSize >= 64, format.element.bits <= 8 else { return }
    var random = TestRandom(format.element.bits)
    for round in 0..<4 {
      // What binary16 has numbers for.
      let power: Float = [1, 0.01, 1e3, 300][round]
      let values = (0..<64).map { _ in random.uniform() * power }
      let bytes = try format.quantize(values)
      // Everything before the codes serves for any of them.
      let oneCode = format.element.name == "ternary" ? 1 : (format.element.bits + 7) / 8
      let header = bytes.prefix(format.byteCount(values: 1) - oneCode)
      let expressible = (0..<(1 << format.element.bits)).compactMap {
        try? format.dequantize(header + [UInt8($0)], count: 1)[0]
      }
      #expect(expressible.count >= 2)
      let decoded = try format.dequantize(bytes, count: 64)
      for (value, result) in zip(values, decoded) {
        let best = expressible.map { ($0 - value).magnitude }.min() ?? 0
        #expect(expressible.contains(result))
        #expect((result - value).magnitude <= best + power * 1e-6, "\(value) became \(result)")
      }
    }
  }

  /// Ranges of records are encoded and decoded alone.
  private func checkRanges(
    _ format: QuantizationFormat, _ values: [Float], _ bytes: [UInt8], _ decoded: [Float]
  ) throws {
    let size = format.recordValueCount
    let count = values.count / size + (values.count % size == 0 ? 0 : 1)
    for range in [0..<count, 0..<(count / 2), (count / 3)..<count, (count / 2)..<(count / 2)] {
      // A whole tensor is one record.
      let ends = [range.lowerBound, range.upperBound].map {
        $0 == 0 ? 0 : $0 >= count ? values.count : $0 * size
      }
      let byteRange = format.byteRange(values: ends[0]..<ends[1])
      let encoded = try format.quantize(Array(values[ends[0]..<ends[1]]), at: ends[0])
      #expect(encoded == Array(bytes[byteRange]))
      var part = [Float](repeating: .nan, count: ends[1] - ends[0])
      try part.withUnsafeMutableBufferPointer { try format.dequantize(bytes[byteRange], into: $0) }
      #expect(part == Array(decoded[ends[0]..<ends[1]]))
    }
  }

  private func checkRefusals(_ format: QuantizationFormat) throws {
    var values = [Float](repeating: 1, count: 77)
    for value in [Float.nan, -.nan, .infinity, -.infinity, .signalingNaN] {
      for index in [0, 1, 7, 8, 40, 63, 64, 75, 76] {
        values[index] = value
        #expect(throws: QuantError.notFinite(index: index)) { try format.quantize(values) }
        values[index] = 1
      }
    }
    #expect(try format.quantize(values, at: 0).count == format.byteCount(values: 77))
    let bytes = try format.quantize(values)
    #expect(throws: QuantError.valueCountOutOfRange(count: -1)) {
      try format.dequantize(bytes, count: -1)
    }
    for count in [0, 1, 900, Int.max] {
      let expected = format.byteCount(values: count)
      #expect(throws: QuantError.wrongByteCount(expected: expected, actual: bytes.count)) {
        try format.dequantize(bytes, count: count)
      }
    }
    var room = [UInt8](repeating: 0, count: bytes.count + 1)
    #expect(
      throws: QuantError.wrongOutputCount(expected: bytes.count, actual: bytes.count + 1)
    ) {
      try values.withUnsafeBufferPointer { input in
        try room.withUnsafeMutableBufferPointer { try format.quantize(input, into: $0) }
      }
    }
  }
}
