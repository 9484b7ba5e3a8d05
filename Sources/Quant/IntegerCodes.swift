/// Packed whole multiples of a scale: `lowest`...`highest`, stored with `zeroPoint` added.
///
/// Eight codes take `bits` bytes whatever the width, so all loops work on eight values and one
/// 64-bit word at a time.
struct IntegerCodes {
  let bits: Int
  let lowest: Int
  let highest: Int
  let zeroPoint: Int
  /// Whether codes are in two's complement.
  let isSigned: Bool

  static func symmetric(bits: Int, largest: Int) -> IntegerCodes {
    IntegerCodes(bits: bits, lowest: -largest, highest: largest, zeroPoint: 0, isSigned: true)
  }

  static func asymmetric(bits: Int, largest: Int, zeroPoint: Int) -> IntegerCodes {
    IntegerCodes(
      bits: bits, lowest: -zeroPoint, highest: largest - zeroPoint, zeroPoint: zeroPoint,
      isSigned: false)
  }

  /// Adding 1.5 * 2^23 to a float below 2^22 rounds it to an integer, ties to even, and leaves that
  /// integer in the low bits of the sum. The same on every processor, and faster than calling
  /// `rint`.
  private static let roundingShift: Float = 12_582_912

  /// Rounds each value over `scale` to the nearest whole number, ties to even, and packs it. All
  /// codes are 0 if the scale is.
  func encode(
    _ values: UnsafeBufferPointer<Float>, scale: Float,
    into bytes: UnsafeMutableRawBufferPointer
  ) {
    // Dividing by a zero scale would make NaN out of zeros.
    guard scale > 0 else {
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      return
    }
    let lower = SIMD8<Float>(repeating: Float(lowest))
    let upper = SIMD8<Float>(repeating: Float(highest))
    let offset = Int32(zeroPoint) &- Int32(bitPattern: Self.roundingShift.bitPattern)
    let mask = SIMD8<UInt32>(repeating: UInt32(1) << UInt32(bits) - 1)
    let raw = UnsafeRawBufferPointer(values)
    var byteOffset = 0
    var index = 0
    while index < values.count {
      let count = min(8, values.count - index)
      var group = SIMD8<Float>(repeating: 0)
      if count == 8 {
        group = raw.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self)
      } else {
        for lane in 0..<count { group[lane] = values[index + lane] }
      }
      let quotient = (group / scale).clamped(lowerBound: lower, upperBound: upper)
      let rounded = quotient + Self.roundingShift
      let codes = unsafeBitCast(rounded, to: SIMD8<Int32>.self) &+ offset
      let fields = unsafeBitCast(codes, to: SIMD8<UInt32>.self) & mask
      var word: UInt64 = 0
      for lane in 0..<8 { word |= UInt64(fields[lane]) &<< UInt64(lane * bits) }
      // A zero in a lane behind the last value has the code of the zero point: padding is 0.
      if count < 8 { word &= (UInt64(1) << UInt64(count * bits)) - 1 }
      let byteCount = min(bits, bytes.count - byteOffset)
      if byteOffset + 8 <= bytes.count {
        // The bytes beyond this group's are overwritten by the next.
        bytes.storeBytes(of: word.littleEndian, toByteOffset: byteOffset, as: UInt64.self)
      } else {
        for byte in 0..<byteCount {
          bytes[byteOffset + byte] = UInt8(truncatingIfNeeded: word >> UInt64(8 * byte))
        }
      }
      byteOffset += byteCount
      index += count
    }
  }

  /// False if a code, or the padding, is not what an encoder writes.
  func decode(
    _ bytes: UnsafeRawBufferPointer, scale: Float,
    into values: UnsafeMutableBufferPointer<Float>
  ) -> Bool {
    let smallest = SIMD8<Int32>(repeating: Int32(lowest))
    let largest = SIMD8<Int32>(repeating: Int32(highest))
    let raw = UnsafeMutableRawBufferPointer(values)
    var isCanonical = true
    var byteOffset = 0
    var index = 0
    while index < values.count {
      let count = min(8, values.count - index)
      let byteCount = min(bits, bytes.count - byteOffset)
      let word = Self.word(bytes, byteOffset, byteCount, bits: bits)
      var fields = SIMD8<UInt32>(repeating: 0)
      for lane in 0..<8 {
        fields[lane] = UInt32(truncatingIfNeeded: word &>> UInt64(lane * bits))
      }
      fields &<<= UInt32(32 - bits)
      // Up to the sign bit and down again repeats the sign.
      var codes =
        isSigned
        ? unsafeBitCast(fields, to: SIMD8<Int32>.self) &>> Int32(32 - bits)
        : unsafeBitCast(fields &>> UInt32(32 - bits), to: SIMD8<Int32>.self)
      codes &-= Int32(zeroPoint)
      // Lanes behind the last value are padding, checked below.
      if any(codes .< smallest) || any(codes .> largest) || (scale == 0 && word != 0) {
        isCanonical = false
      }
      let decoded = SIMD8<Float>(codes) * scale
      if count == 8 {
        raw.storeBytes(of: decoded, toByteOffset: 4 * index, as: SIMD8<Float>.self)
      } else {
        if word >> UInt64(count * bits) != 0 { isCanonical = false }
        for lane in 0..<count { values[index + lane] = decoded[lane] }
      }
      byteOffset += byteCount
      index += count
    }
    return isCanonical
  }

  /// Up to eight bytes, the first lowest, cut to eight codes.
  @inline(__always)
  private static func word(
    _ bytes: UnsafeRawBufferPointer, _ offset: Int, _ count: Int, bits: Int
  ) -> UInt64 {
    if offset + 8 <= bytes.count {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      return bits == 8 ? word : word & (UInt64(1) << UInt64(8 * bits) - 1)
    }
    var word: UInt64 = 0
    for byte in 0..<count { word |= UInt64(bytes[offset + byte]) << UInt64(8 * byte) }
    return word
  }

  /// The first thing wrong with codes that `decode` refused, one value after the other.
  func explain(
    _ bytes: UnsafeRawBufferPointer, _ scale: Float, count: Int, group: Int, offset: Int
  ) -> QuantError {
    for index in 0..<count {
      var code = 0
      for bit in 0..<bits {
        let position = index * bits + bit
        code |= Int(bytes[position / 8] >> UInt8(position % 8) & 1) << bit
      }
      if isSigned && code > highest { code -= 1 << bits }
      if code - zeroPoint < lowest || code - zeroPoint > highest {
        return .invalidCode(group: group, index: offset + index, code: code)
      }
      if scale == 0 && code != 0 {
        return .nonzeroCodeInZeroGroup(group: group, index: offset + index, code: code)
      }
    }
    return .nonzeroPadding(group: group)
  }

  /// As `encode`, but up or down at random.
  func encode(
    _ values: UnsafeBufferPointer<Float>, scale: Float, draws: inout RoundingDraws,
    into bytes: UnsafeMutableRawBufferPointer
  ) {
    var codes = [UInt8](repeating: 0, count: values.count)
    let mask = 1 << bits - 1
    for (index, value) in values.enumerated() {
      let random = draws.next()
      guard scale > 0 else { continue }
      let quotient = Double(min(max(value / scale, Float(lowest)), Float(highest)))
      let below = quotient.rounded(.down)
      let code = Int(below) + (random < quotient - below ? 1 : 0) + zeroPoint
      codes[index] = UInt8(code & mask)
    }
    codes.withUnsafeBufferPointer { CodePacking.bits(bits).pack($0, into: bytes) }
  }

  /// The value that `encode` and `decode` make of one, to the nearest.
  @inline(__always)
  func rounded(_ value: Float, scale: Float) -> Float {
    min(max(value / scale, Float(lowest)), Float(highest)).rounded(.toNearestOrEven) * scale
  }
}
