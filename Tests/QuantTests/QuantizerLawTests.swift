import Quant
import Testing

/// The laws of `Quantizer`, for every format there is.
@Suite struct QuantizerLawTests {
  static let quantizers: [any Quantizer] = integerFormats

  @Test(arguments: quantizers.indices)
  func lawsHold(index: Int) throws {
    try checkLaws(Self.quantizers[index], seed: index)
  }

  private func checkLaws(_ quantizer: some Quantizer, seed: Int) throws {
    for (name, values) in sampleVectors(seed) {
      let bytes = try quantizer.quantize(values)
      #expect(try bytes == quantizer.quantize(values), "\(name)")
      #expect(bytes.count == quantizer.byteCount(values: values.count))
      let decoded = try quantizer.dequantize(bytes, count: values.count)
      #expect(decoded.allSatisfy { $0.isFinite }, "\(name)")

      let size = quantizer.groupSize
      let pairs = zip(groups(of: values, size: size), groups(of: decoded, size: size))
      for (number, (group, decodedGroup)) in pairs.enumerated() {
        let magnitude = largestMagnitude(group)
        let bound = quantizer.errorBound(largestMagnitude: magnitude)
        #expect(bound.isFinite && bound >= 0)
        let isWithin = zip(group, decodedGroup).allSatisfy {
          (Double($0) - Double($1)).magnitude <= bound
        }
        #expect(isWithin, "\(name), group \(number)")
        if magnitude == 0 { #expect(decodedGroup.allSatisfy { $0.bitPattern == 0 }) }
      }
      try checkRanges(quantizer, values, bytes, decoded)
    }
    try checkRefusals(quantizer)
  }

  /// Ranges of groups are encoded and decoded alone.
  private func checkRanges(
    _ quantizer: some Quantizer, _ values: [Float], _ bytes: [UInt8], _ decoded: [Float]
  ) throws {
    let count = quantizer.groupCount(values: values.count)
    for range in [0..<count, 0..<(count / 2), (count / 3)..<count, (count / 2)..<(count / 2)] {
      let lower = min(range.lowerBound * quantizer.groupSize, values.count)
      let upper = min(range.upperBound * quantizer.groupSize, values.count)
      let byteRange = quantizer.byteRange(groups: range, values: values.count)
      #expect(try quantizer.quantize(Array(values[lower..<upper])) == Array(bytes[byteRange]))
      var part = [Float](repeating: .nan, count: upper - lower)
      try part.withUnsafeMutableBufferPointer {
        try quantizer.dequantize(bytes[byteRange], into: $0)
      }
      #expect(part == Array(decoded[lower..<upper]))
    }
  }

  private func checkRefusals(_ quantizer: some Quantizer) throws {
    var values = [Float](repeating: 1, count: 77)
    for value in [Float.nan, -.nan, .infinity, -.infinity, .signalingNaN] {
      for index in [0, 1, 7, 8, 40, 63, 64, 75, 76] {
        values[index] = value
        #expect(throws: QuantError.notFinite(index: index)) { try quantizer.quantize(values) }
        values[index] = 1
      }
    }
    let bytes = try quantizer.quantize(values)
    #expect(throws: QuantError.valueCountOutOfRange(count: -1)) {
      try quantizer.dequantize(bytes, count: -1)
    }
    for count in [0, 1, 900, Int.max] {
      let expected = quantizer.byteCount(values: count)
      #expect(throws: QuantError.wrongByteCount(expected: expected, actual: bytes.count)) {
        try quantizer.dequantize(bytes, count: count)
      }
    }
    var room = [UInt8](repeating: 0, count: bytes.count + 1)
    #expect(
      throws: QuantError.wrongOutputCount(expected: bytes.count, actual: bytes.count + 1)
    ) {
      try values.withUnsafeBufferPointer { input in
        try room.withUnsafeMutableBufferPointer { try quantizer.quantize(input, into: $0) }
      }
    }
  }
}
