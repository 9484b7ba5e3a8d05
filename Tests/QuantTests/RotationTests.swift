import Quant
import Testing

@Suite struct RotationTests {
  /// An orthogonal transform: lengths and angles stay, and undoing it gives the values back.
  @Test(arguments: [2, 16, 64, 1024, 4096])
  func rotationsKeepWhatTheyRotate(size: Int) throws {
    // Eight bits are enough to tell a right transform from a wrong one.
    let format = try QuantizationFormat(
      .integer(bits: 8), groupSize: size, rotation: Rotation(size: size))
    var random = TestRandom(size)
    for count in [1, 2, 3, size - 1, size, size + 1, 3 * size + 7] {
      let values = (0..<count).map { _ in random.uniform() }
      let decoded = try format.dequantize(format.quantize(values), count: count)
      let measures = try ErrorMeasures(values: values, approximation: decoded)
      #expect(measures.signalToNoise > 30, "\(count) values: \(measures)")
    }
  }

  /// A spike is spread over its block: what it costs the other values falls.
  @Test func anOutlierIsSpread() throws {
    var random = TestRandom(5)
    var values = (0..<1024).map { _ in random.uniform() * 0.05 }
    for index in stride(from: 3, to: 1024, by: 64) { values[index] = 1 }
    func error(_ name: String) throws -> Double {
      let format = try QuantizationFormat(named: name)
      let decoded = try format.dequantize(format.quantize(values), count: 1024)
      // Of the small values alone.
      return zip(values, decoded).reduce(0) { sum, pair in
        pair.0 == 1 ? sum : sum + Double((pair.0 - pair.1) * (pair.0 - pair.1))
      }
    }
    // The step of four bits is a seventh of the spike, so the others are all lost; rotated, the spike
    // is an eighth in each of 64 places.
    #expect(try error("int4:g64:had64") < 0.3 * error("int4:g64"))
  }

  @Test func seedsGiveOtherBytes() throws {
    var random = TestRandom(6)
    let values = (0..<128).map { _ in random.uniform() }
    let names = ["int4", "int4:had64", "int4:had64-1", "int4:had32"]
    let bytes = try names.map { try QuantizationFormat(named: $0).quantize(values) }
    #expect(Set(bytes).count == 4)
  }

  @Test func recordsHoldWholeRotations() throws {
    #expect(try QuantizationFormat(named: "int4:g32:had128").recordValueCount == 128)
    #expect(try QuantizationFormat(named: "int4:g128:had32").recordValueCount == 128)
    #expect(try QuantizationFormat(named: "int4:g16:double:had4096").recordValueCount == 4096)
    #expect(try QuantizationFormat(named: "int4:g48:had16:double").recordValueCount == 48 * 256)
    #expect(throws: QuantError.rotationNotOffered(size: 32, groupSize: 48)) {
      try QuantizationFormat(named: "int4:g48:had32")
    }
    #expect(throws: QuantError.optionNotOffered("rotation", element: "float16")) {
      try QuantizationFormat(named: "float16:had32")
    }
    for size in [0, 1, 3, 96, 8192, -2] {
      #expect(throws: QuantError.rotationSize(size)) { try Rotation(size: size) }
    }
  }

  /// The sum of 64 largest floats over 8 is more than the largest float.
  @Test func overflowNamesThePlace() throws {
    let format = try QuantizationFormat(named: "int4:had64")
    var values = [Float](repeating: 0, count: 128)
    for index in 64..<128 { values[index] = .greatestFiniteMagnitude }
    let error = #expect(throws: QuantError.self) { try format.quantize(values) }
    guard case .rotationOverflow(let index) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect((64..<128).contains(index))
  }
}
