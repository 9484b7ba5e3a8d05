import Kernels
import Quant
import Testing

@Suite struct PackedVectorTests {
  /// With and without kernels, double scales, rotations, and elements without a scale.
  private static let formats = [
    "int4", "int8:g32", "nf4:g64", "mxfp4", "int2:g16", "int3:g100", "uint5:g64", "nf4:g64:double",
    "int4:had256", "bfloat16", "float32", "ternary", "lm4",
  ].map { try! QuantizationFormat(named: $0) }

  private func unpack(
    _ vector: PackedVector, _ range: Range<Int>, _ set: InstructionSet = .best
  ) -> [Float] {
    [Float](unsafeUninitializedCapacity: range.count) { memory, count in
      vector.unpack(
        range, into: UnsafeMutableBufferPointer(rebasing: memory[..<range.count]),
        instructionSet: set)
      count = range.count
    }
  }

  @Test(arguments: formats)
  func anyStretchIsThatOfTheWhole(format: QuantizationFormat) throws {
    var random = TestRandom(format.groupSize)
    let count = 40_003
    let bytes = try format.quantize((0..<count).map { _ in random.uniform() })
    let whole = try format.dequantize(bytes, count: count)
    let vector = try PackedVector(format, bytes: bytes, count: count)
    let ranges =
      [
        0..<count, 0..<0, count..<count, 1..<2, 64..<128, 63..<1025, 16_384..<40_003,
        39_990..<40_003,
      ]
      + (0..<20).map { _ in
        let start = Int(random.word() % 40_003)
        return start..<min(count, start + Int(random.word() % 3000))
      }
    for range in ranges {
      for set in InstructionSet.allCases where set.isSupported {
        #expect(
          unpack(vector, range, set).map(\.bitPattern) == whole[range].map(\.bitPattern),
          "\(range), \(set)")
      }
    }
  }

  /// The errors are those of decoding the whole.
  @Test func badBytesAreRefusedWhenTheVectorIsMade() throws {
    let format = try QuantizationFormat(named: "int4")
    let count = 200_000
    var bytes = try format.quantize([Float](repeating: 1, count: count))
    bytes[36 * 2000 + 4 + 3] = 0x18
    let expected = QuantError.invalidCode(group: 2000, index: 128_006, code: -8)
    #expect(throws: expected) { try format.dequantize(bytes, count: count) }
    for threads in [1, 3] {
      let arithmetic = Arithmetic(workers: Workers(threads: threads, pinned: false))
      #expect(throws: expected) {
        try PackedVector(format, bytes: bytes, count: count, arithmetic: arithmetic)
      }
    }
    #expect(throws: QuantError.wrongByteCount(expected: 36, actual: 35)) {
      try PackedVector(format, bytes: [UInt8](repeating: 0, count: 35), count: 64)
    }
    #expect(throws: QuantError.valueCountOutOfRange(count: -1)) {
      try PackedVector(format, bytes: [], count: -1)
    }
  }

  @Test func onlyShortRecordsAreOffered() throws {
    for (name, isOffered) in [("int4", true), ("int4:tensor", false), ("int4:g65536", false)] {
      #expect(PackedVector.offers(try QuantizationFormat(named: name)) == isOffered, "\(name)")
    }
  }
}
