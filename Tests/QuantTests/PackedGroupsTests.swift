import Kernels
import Quant
import Testing

/// The kernels and the general code, which a rotation by no one and a search of one scale cannot
/// tell apart: every instruction set and any number of threads give the same bytes.
@Suite struct PackedGroupsTests {
  static let sets = InstructionSet.allCases.filter(\.isSupported)
  static let formats = [
    "int4", "int4:g32", "int4:float16:g96", "int4:e8m0", "int8", "int8:g32:float16",
    "int8:e8m0:g4096",
    "nf4", "nf4:g32:float16", "nf4:g128:e8m0", "fp4", "fp4:float16", "fp4-e2m1", "mxfp4",
    "mxfp4:g64",
  ].map { try! QuantizationFormat(named: $0) }

  /// The same vector in groups whose size the kernels do not take gives the same codes if each
  /// group is encoded alone: a whole tensor goes the general way.
  private func generalBytes(_ format: QuantizationFormat, _ values: [Float]) throws -> [UInt8] {
    let alone = try QuantizationFormat(
      format.element, groupSize: QuantizationFormat.wholeTensor, scale: format.scale)
    return try groups(of: values, size: format.groupSize).flatMap { try alone.quantize(Array($0)) }
  }

  private func encode(
    _ format: QuantizationFormat, _ values: [Float], _ set: InstructionSet, threads: Int = 1
  ) throws -> [UInt8] {
    let arithmetic = Arithmetic(
      instructionSet: set, workers: Workers(threads: threads, pinned: false))
    var bytes = [UInt8](repeating: 0xaa, count: format.byteCount(values: values.count))
    try values.withUnsafeBufferPointer { input in
      try bytes.withUnsafeMutableBufferPointer {
        try format.quantize(input, into: $0, arithmetic: arithmetic)
      }
    }
    return bytes
  }

  private func decode(
    _ format: QuantizationFormat, _ bytes: [UInt8], _ count: Int, _ set: InstructionSet,
    threads: Int = 1
  ) throws -> [Float] {
    let arithmetic = Arithmetic(
      instructionSet: set, workers: Workers(threads: threads, pinned: false))
    var values = [Float](repeating: .nan, count: count)
    try bytes.withUnsafeBufferPointer { input in
      try values.withUnsafeMutableBufferPointer {
        try format.dequantize(input, into: $0, arithmetic: arithmetic)
      }
    }
    return values
  }

  @Test(arguments: formats)
  func everySetGivesTheBytesOfTheGeneralCode(format: QuantizationFormat) throws {
    var random = TestRandom(format.groupSize)
    // Long enough for whole groups, with all exponents and with the middles between codes.
    let scaled = (0..<(3 * format.groupSize + 77)).map { _ in random.uniform() }
    let wild = (0..<(5 * format.groupSize)).map { _ in random.anyFinite() }
    let steps = (0..<(4 * format.groupSize)).map { Float($0 % 57) / 8 - 3.5 }
    let zeros = [Float](repeating: -0.0, count: 2 * format.groupSize)
    let tiny = (0..<(2 * format.groupSize)).map {
      Float($0 % 40) * Float.leastNonzeroMagnitude
    }
    let middles = middles(of: format, groups: 40, random: &random)
    for values in [scaled, wild, steps, zeros, tiny, middles, scaled + zeros + wild] {
      let expected = try generalBytes(format, values)
      let back = try format.dequantize(expected, count: values.count)
      for set in Self.sets {
        #expect(try encode(format, values, set) == expected, "\(set)")
        let decoded = try decode(format, expected, values.count, set)
        #expect(decoded.map(\.bitPattern) == back.map(\.bitPattern), "\(set)")
      }
    }
  }

  /// Groups of scales of many exponents whose values lie within a few floats of the middle between two
  /// whole multiples of the scale, where the last bit of a quotient decides.
  private func middles(
    of format: QuantizationFormat, groups: Int, random: inout TestRandom
  ) -> [Float] {
    let largest: Float = format.element.bits == 8 ? 127 : 7
    return (0..<groups).flatMap { group -> [Float] in
      let scale =
        (1 + random.uniform().magnitude)
        * Float(sign: .plus, exponent: 9 * group - 126, significand: 1)
      guard (scale * largest).isFinite else { return [] }
      return (0..<format.groupSize).map { place in
        if place == group % format.groupSize { return scale * largest }
        let middle =
          scale * (Float(Int(random.uniform() * largest)) + (place % 2 == 0 ? 0.5 : -0.5))
        let near = Int32(bitPattern: middle.bitPattern) + Int32(place % 7 - 3)
        let value = Float(bitPattern: UInt32(bitPattern: near))
        return value.magnitude <= scale * largest ? value : 0
      }
    }
  }

  @Test func threadsGiveTheSameBytes() throws {
    var random = TestRandom(8)
    let values = (0..<400_001).map { _ in random.uniform() }
    for name in ["int4", "nf4", "mxfp4", "uint3", "int4:double", "int3:stochastic", "bfloat16"] {
      let format = try QuantizationFormat(named: name)
      let bytes = try format.quantize(values)
      let decoded = try format.dequantize(bytes, count: values.count)
      for threads in [2, 3, 5] {
        #expect(try encode(format, values, .best, threads: threads) == bytes, "\(name)")
        #expect(
          try decode(format, bytes, values.count, .best, threads: threads) == decoded, "\(name)")
      }
    }
  }

  @Test(arguments: sets)
  func badValuesAndBytesAreNamed(set: InstructionSet) throws {
    for format in Self.formats {
      var values = [Float](repeating: 1, count: 300_000)
      values[271_828] = .infinity
      for threads in [1, 3] {
        #expect(throws: QuantError.notFinite(index: 271_828)) {
          try encode(format, values, set, threads: threads)
        }
      }
      values[271_828] = 1
      var bytes = try encode(format, values, set)
      let group = 200_000 / format.groupSize
      let start = format.byteCount(values: group * format.groupSize)
      // A scale that is not finite, or NaN.
      for byte in 0..<format.scale.byteCount { bytes[start + byte] = 0xff }
      for threads in [1, 3] {
        let error = #expect(throws: QuantError.self) {
          try decode(format, bytes, values.count, set, threads: threads)
        }
        guard case .invalidScale(group, _) = error else {
          Issue.record("\(format), \(threads) threads: \(String(describing: error))")
          continue
        }
      }
    }
    // A code that is never written, in one of many groups.
    let format = try QuantizationFormat(named: "int4")
    var bytes = try format.quantize([Float](repeating: 1, count: 6400))
    bytes[36 * 50 + 4 + 3] = 0x18
    #expect(throws: QuantError.invalidCode(group: 50, index: 3206, code: -8)) {
      try decode(format, bytes, 6400, set)
    }
  }
}
