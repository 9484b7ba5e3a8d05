import Kernels
import Quant
import Testing

@Suite struct StochasticRoundingTests {
  static let formats: [QuantizationFormat] = [
    "int2", "int3", "int4", "int8", "uint2", "uint4:float16", "sign:absmax", "ternary:absmax",
    "nf4",
    "fp4", "mxfp4", "fp6-e2m3", "fp8-e5m2", "fp8-e4m3:none", "float16", "bfloat16",
    "int4:double", "lm4:absmax",
  ].map { try! QuantizationFormat(named: $0 + ":stochastic") }

  /// The mean over many streams is the value: within five standard deviations of the mean for each
  /// of 64 values, so that a right quantizer fails once in about 25 000 such tests, and this one,
  /// whose streams are fixed, never.
  @Test(arguments: formats)
  func theMeanIsTheValue(format: QuantizationFormat) throws {
    var random = TestRandom(11)
    // Between half of the smallest and the largest number of the group, so that no scale clips.
    var values = (0..<64).map { _ in random.uniform() * 0.7 }
    values[5] = 1
    values[40] = -1
    let rounds = 4000
    var sums = [Double](repeating: 0, count: 64)
    var squares = sums
    for round in 0..<rounds {
      let stream = RandomStream(seed: 3, stream: UInt64(round))
      let decoded = try format.dequantize(format.quantize(values, random: stream), count: 64)
      for (index, value) in decoded.enumerated() {
        let error = Double(value) - Double(values[index])
        sums[index] += error
        squares[index] += error * error
      }
    }
    for index in 0..<64 {
      // The zero point of asymmetric codes is rounded, so the ends of the range can be clipped.
      if format.name.hasPrefix("uint"), values[index].magnitude > 0.6 { continue }
      let mean = sums[index] / Double(rounds)
      let deviation = (squares[index] / Double(rounds) - mean * mean).squareRoot()
      // Float32 rounding of the quotient and the product is no part of the draw.
      let limit = 5 * deviation / Double(rounds).squareRoot() + 1e-6
      #expect(mean.magnitude <= limit, "value \(values[index]): \(mean), \(limit)")
    }
  }

  /// A value goes to one of its two neighbours only.
  @Test(arguments: formats)
  func noValueGoesFurtherThanItsNeighbours(format: QuantizationFormat) throws {
    var random = TestRandom(12)
    let values = (0..<256).map { _ in random.uniform() }
    let nearest = try QuantizationFormat(
      format.element, groupSize: format.groupSize, scale: format.scale, clipping: format.clipping)
    let middle = try nearest.dequantize(nearest.quantize(values), count: 256)
    var seen = middle.map { Set([$0]) }
    for round in 0..<200 {
      let stream = RandomStream(seed: 4, stream: UInt64(round))
      let decoded = try format.dequantize(format.quantize(values, random: stream), count: 256)
      for (index, value) in decoded.enumerated() { seen[index].insert(value) }
    }
    #expect(seen.allSatisfy { $0.count <= 2 })
    #expect(seen.contains { $0.count == 2 })
  }

  /// The place in the whole vector decides, not the part that is encoded.
  @Test(arguments: formats)
  func partsAreThoseOfTheWhole(format: QuantizationFormat) throws {
    var random = TestRandom(13)
    let size = format.recordValueCount
    let values = (0..<(2 * size + 45)).map { _ in random.uniform() }
    let stream = RandomStream(seed: 9, stream: 8)
    let whole = try format.quantize(values, random: stream)
    let range = format.byteRange(values: size..<values.count)
    #expect(
      try format.quantize(Array(values[size...]), random: stream, at: size) == Array(whole[range]))
    #expect(
      try format.quantize(values, random: RandomStream(seed: 9, stream: 9)) != whole)
  }
}
