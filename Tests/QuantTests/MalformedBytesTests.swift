import Quant
import Testing

@Suite struct MalformedBytesTests {
  private func decode(_ format: QuantizationFormat, _ bytes: [UInt8], _ count: Int) throws
    -> [Float]
  {
    try format.dequantize(bytes, count: count)
  }

  private func scaleBytes(_ scale: Float) -> [UInt8] {
    withUnsafeBytes(of: scale.bitPattern.littleEndian) { Array($0) }
  }

  @Test(arguments: 2...8)
  func badScalesAreRefused(bits: Int) throws {
    let format = try integer(bits, 8)
    let codes = [UInt8](repeating: 0, count: bits)
    let scales: [Float] = [-0.0, -1, .nan, -.nan, .infinity, -.infinity, -.leastNonzeroMagnitude]
    for scale in scales {
      let bytes = scaleBytes(1) + codes + scaleBytes(scale) + codes
      #expect(throws: QuantError.invalidScale(group: 1, bitPattern: scale.bitPattern)) {
        try decode(format, bytes, 16)
      }
    }
    // The largest scale that an encoder makes, and the next.
    let record = try format.quantize([.greatestFiniteMagnitude])
    let largest = Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(record[$1]) << UInt32(8 * $1) })
    #expect(try decode(format, scaleBytes(largest) + codes, 8).allSatisfy { $0 == 0 })
    var next = largest.nextUp
    while (next * Float(largestCode(format))).isFinite { next = next.nextUp }
    #expect(throws: QuantError.invalidScale(group: 0, bitPattern: next.bitPattern)) {
      try decode(format, scaleBytes(next) + codes, 8)
    }
  }

  @Test(arguments: 2...8)
  func badCodesAreRefused(bits: Int) throws {
    let format = try integer(bits, 21)
    let smallest = -(largestCode(format) + 1)
    for count in [1, 7, 8, 9, 20, 21, 24, 42] {
      for index in 0..<count {
        var bytes = try format.quantize((0..<count).map { $0 == index ? 0 : 1 })
        // The most negative number: its top bit alone.
        let (group, place) = index.quotientAndRemainder(dividingBy: 21)
        let position =
          group * format.byteCount(values: format.groupSize) * 8 + 32 + place * bits + bits - 1
        bytes[position / 8] ^= 1 << UInt8(position % 8)
        if count == 1 || (index == group * 21 && count - index == 1) {
          // A lone zero has the scale 0.
          bytes.replaceSubrange(
            (group * format.byteCount(values: format.groupSize))..<(group
              * format.byteCount(values: format.groupSize) + 4),
            with: scaleBytes(1))
        }
        #expect(throws: QuantError.invalidCode(group: group, index: index, code: smallest)) {
          try decode(format, bytes, count)
        }
      }
    }
  }

  @Test(arguments: 2...8)
  func aZeroGroupHasOnlyZeroCodes(bits: Int) throws {
    let format = try integer(bits, 10)
    for index in 0..<20 {
      var bytes = try format.quantize([Float](repeating: 0, count: 20))
      #expect(try decode(format, bytes, 20).allSatisfy { $0.bitPattern == 0 })
      let position =
        index / 10 * format.byteCount(values: format.groupSize) * 8 + 32 + index % 10 * bits
      bytes[position / 8] |= 1 << UInt8(position % 8)
      // One bit set: the code 1, which for a sign bit of its own cannot be, since bits > 1.
      let expected = QuantError.nonzeroCodeInZeroGroup(group: index / 10, index: index, code: 1)
      #expect(throws: expected) { try decode(format, bytes, 20) }
    }
  }

  @Test(arguments: 2...8)
  func paddingMustBeZero(bits: Int) throws {
    for count in 1...25 {
      let format = try integer(bits, count)
      for value in [Float(0), 1] {
        let good = try format.quantize([Float](repeating: value, count: count))
        for position in (count * bits)..<((count * bits + 7) / 8 * 8) {
          var bytes = good
          bytes[4 + position / 8] |= 1 << UInt8(position % 8)
          #expect(throws: QuantError.nonzeroPadding(group: 0)) { try decode(format, bytes, count) }
        }
      }
    }
  }

  @Test(arguments: 2...8)
  func zeroPointsBeyondTheCodesAreRefused(bits: Int) throws {
    let format = try QuantizationFormat(.unsignedInteger(bits: bits), groupSize: 8)
    let codes = [UInt8](repeating: 0, count: bits)
    let largest = 1 << bits - 1
    _ = try decode(format, scaleBytes(1) + [UInt8(largest)] + codes, 8)
    guard largest < 255 else { return }
    let expected = QuantError.invalidZeroPoint(
      group: 0, zeroPoint: largest + 1, largest: largest)
    #expect(throws: expected) {
      try decode(format, scaleBytes(1) + [UInt8(largest + 1)] + codes, 8)
    }
    // Without a scale no zero point means anything.
    #expect(throws: QuantError.invalidScale(group: 0, bitPattern: 0)) {
      try decode(format, scaleBytes(0) + [1] + codes, 8)
    }
  }

  @Test func binaryCodesThatAreNotFiniteAreRefused() throws {
    let codes: [(Element, [UInt8])] = [
      (.float16, [0x00, 0x7c]), (.float16, [0x01, 0xfc]), (.bfloat16, [0x80, 0x7f]),
      (.bfloat16, [0xff, 0xff]), (.float32, [0, 0, 0x80, 0x7f]), (.float32, [1, 0, 0x80, 0xff]),
    ]
    for (element, code) in codes {
      let format = try QuantizationFormat(element)
      let zero = [UInt8](repeating: 0, count: code.count)
      #expect(throws: QuantError.notFiniteCode(index: 1)) { try decode(format, zero + code, 2) }
    }
  }

  /// Whatever the bytes are, they decode to finite values or are refused; nothing else happens.
  @Test(arguments: allFormats)
  func anyBytesAreDecodedOrRefused(format: QuantizationFormat) throws {
    var random = TestRandom(format.name.utf8.reduce(7) { $0 &* 31 &+ Int($1) })
    for _ in 0..<200 {
      let count = Int(random.word() % 70)
      let byteCount = format.byteCount(values: count)
      let bytes = (0..<byteCount).map { _ in UInt8(truncatingIfNeeded: random.word() >> 24) }
      do {
        let values = try format.dequantize(bytes, count: count)
        #expect(values.allSatisfy { $0.isFinite })
      } catch {
        #expect(!error.description.isEmpty)
      }
      for wrong in [byteCount + 1, byteCount - 1] where wrong >= 0 {
        #expect(throws: QuantError.wrongByteCount(expected: byteCount, actual: wrong)) {
          try decode(format, [UInt8](repeating: 0, count: wrong), count)
        }
      }
    }
  }
}
