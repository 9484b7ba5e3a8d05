import Quant
import Testing

@Suite struct ErrorMeasuresTests {
  @Test func measuresOfAKnownPair() throws {
    let measures = try ErrorMeasures(values: [3, 4, 0, 0], approximation: [3, 3, 0, 2])
    #expect(measures.meanSquaredError == 1.25)
    #expect(measures.largestError == 2)
    // 10 log10(25 / 5)
    #expect((measures.signalToNoise - 6.989_700_043_360_188).magnitude < 1e-12)
    // 21 / (5 sqrt(22))
    #expect((measures.cosineSimilarity - 0.8954430086935637).magnitude < 1e-12)
  }

  @Test func measuresAtTheEdges() throws {
    let none = try ErrorMeasures(values: [], approximation: [])
    #expect(none.meanSquaredError == 0 && none.largestError == 0)
    let same = try ErrorMeasures(values: [1, -2], approximation: [1, -2])
    #expect(same.signalToNoise == .infinity && (same.cosineSimilarity - 1).magnitude < 1e-15)
    let zeros = try ErrorMeasures(values: [0, -0.0], approximation: [0, 0])
    #expect(zeros.cosineSimilarity == 1 && zeros.signalToNoise == .infinity)
    let lost = try ErrorMeasures(values: [1, 2], approximation: [0, 0])
    #expect(lost.cosineSimilarity == 0 && lost.signalToNoise == 0)
    let invented = try ErrorMeasures(values: [0, 0], approximation: [1, 2])
    #expect(invented.cosineSimilarity == 0 && invented.signalToNoise == -.infinity)
    let opposite = try ErrorMeasures(values: [1, 2], approximation: [-1, -2])
    #expect((opposite.cosineSimilarity + 1).magnitude < 1e-15)
    let largest = Float.greatestFiniteMagnitude
    let wide = try ErrorMeasures(values: [largest, 1], approximation: [-largest, 1])
    #expect(wide.meanSquaredError.isFinite && wide.largestError == 2 * Double(largest))
    let broken = try ErrorMeasures(values: [1, .nan, 5], approximation: [1, 1, 1])
    #expect(broken.largestError.isNaN && broken.meanSquaredError.isNaN)
    #expect(throws: QuantError.differentCounts(2, 1)) {
      try ErrorMeasures(values: [1, 2], approximation: [1])
    }
  }

  /// A value spread evenly over a code's width is off by width^2 / 12 in the mean square.
  @Test(arguments: 3...8)
  func eachBitIsWorthSixDecibels(bits: Int) throws {
    var random = TestRandom(bits)
    let values = (0..<200_000).map { _ in random.uniform() }
    let format = try integer(bits, 65536)
    let decoded = try format.dequantize(format.quantize(values), count: values.count)
    let measures = try ErrorMeasures(values: values, approximation: decoded)
    let step = 1 / Double(largestCode(format))
    // The mean of 200 000 squares scatters by about 0.2 %; the edges of the range add little.
    let ratio = measures.meanSquaredError / (step * step / 12)
    #expect((ratio - 1).magnitude < 0.02)
    #expect(measures.largestError <= symmetricErrorBound(bits: bits, largestMagnitude: 1))
  }
}
