/// Eight codes take `bits` bytes whatever the width, so all kernels work on eight values and one
/// 64-bit word at a time. Unsafe pointers are bounded by the two counts that are checked at the
/// beginning.
extension IntegerFormat: Quantizer {
  /// Packs group by group; the layout is that of ``IntegerFormat``.
  public func quantize(
    _ values: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableBufferPointer<UInt8>
  ) throws(QuantError) {
    let expected = byteCount(values: values.count)
    guard bytes.count == expected else {
      throw .wrongOutputCount(expected: expected, actual: bytes.count)
    }
    var valueOffset = 0
    var byteOffset = 0
    while valueOffset < values.count {
      let count = min(groupSize, values.count - valueOffset)
      let group = UnsafeBufferPointer(rebasing: values[valueOffset..<(valueOffset + count)])
      let record = UnsafeMutableRawBufferPointer(
        rebasing: UnsafeMutableRawBufferPointer(bytes)[
          byteOffset..<(byteOffset + byteCount(record: count))])
      let magnitude = Self.largestMagnitudeBits(group)
      guard magnitude < Float.infinity.bitPattern else {
        let index = group.firstIndex { !$0.isFinite } ?? 0
        throw .notFinite(index: valueOffset + index)
      }
      let scale = scale(largestMagnitude: Float(bitPattern: magnitude))
      record.storeBytes(of: scale.bitPattern.littleEndian, as: UInt32.self)
      let codes = UnsafeMutableRawBufferPointer(rebasing: record[Self.scaleByteCount...])
      // Dividing by a zero scale would make NaN out of zeros.
      if scale == 0 {
        codes.initializeMemory(as: UInt8.self, repeating: 0)
      } else {
        encode(group, scale, into: codes)
      }
      valueOffset += count
      byteOffset += record.count
    }
  }

  /// Unpacks group by group, refusing what no encoder writes.
  public func dequantize(
    _ bytes: UnsafeBufferPointer<UInt8>, into values: UnsafeMutableBufferPointer<Float>
  ) throws(QuantError) {
    let expected = byteCount(values: values.count)
    guard bytes.count == expected else {
      throw .wrongByteCount(expected: expected, actual: bytes.count)
    }
    var valueOffset = 0
    var byteOffset = 0
    var index = 0
    while valueOffset < values.count {
      let count = min(groupSize, values.count - valueOffset)
      let group = UnsafeMutableBufferPointer(
        rebasing: values[valueOffset..<(valueOffset + count)])
      let record = UnsafeRawBufferPointer(
        rebasing: UnsafeRawBufferPointer(bytes)[
          byteOffset..<(byteOffset + byteCount(record: count))])
      let scaleBits = UInt32(littleEndian: record.loadUnaligned(as: UInt32.self))
      let scale = Float(bitPattern: scaleBits)
      // Negative numbers, -0 and NaN with a sign have bit patterns above that of infinity.
      guard scaleBits < Float.infinity.bitPattern, (scale * Float(largestCode)).isFinite else {
        throw .invalidScale(group: index, bitPattern: scaleBits)
      }
      let codes = UnsafeRawBufferPointer(rebasing: record[Self.scaleByteCount...])
      guard decode(codes, scale, into: group) else {
        throw explain(codes, scale, count: count, group: index, offset: valueOffset)
      }
      valueOffset += count
      byteOffset += record.count
      index += 1
    }
  }

  /// The bits of the largest absolute value. Finite floats without a sign order as their bits do,
  /// and infinity and NaN lie above them.
  private static func largestMagnitudeBits(_ values: UnsafeBufferPointer<Float>) -> UInt32 {
    var largest = SIMD8<UInt32>(repeating: 0)
    var index = 0
    let raw = UnsafeRawBufferPointer(values)
    while index + 8 <= values.count {
      let word = raw.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<UInt32>.self) & 0x7fff_ffff
      largest.replace(with: word, where: word .> largest)
      index += 8
    }
    var result = largest.max()
    while index < values.count {
      result = max(result, values[index].bitPattern & 0x7fff_ffff)
      index += 1
    }
    return result
  }

  /// Adding 1.5 * 2^23 to a float below 2^22 rounds it to an integer, ties to even, and leaves that
  /// integer in the low bits of the sum. The same on every processor, and faster than calling
  /// `rint`.
  private static let roundingShift: Float = 12_582_912

  private func encode(
    _ values: UnsafeBufferPointer<Float>, _ scale: Float,
    into bytes: UnsafeMutableRawBufferPointer
  ) {
    let largest = SIMD8<Int32>(repeating: Int32(largestCode))
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
      let rounded = group / scale + Self.roundingShift
      var codes = unsafeBitCast(rounded, to: SIMD8<Int32>.self)
      codes &-= SIMD8(repeating: Int32(bitPattern: Self.roundingShift.bitPattern))
      codes.clamp(lowerBound: 0 &- largest, upperBound: largest)
      let fields = unsafeBitCast(codes, to: SIMD8<UInt32>.self) & mask
      var word: UInt64 = 0
      for lane in 0..<8 { word |= UInt64(fields[lane]) &<< UInt64(lane * bits) }
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
  private func decode(
    _ bytes: UnsafeRawBufferPointer, _ scale: Float,
    into values: UnsafeMutableBufferPointer<Float>
  ) -> Bool {
    let smallest = SIMD8<Int32>(repeating: Int32(-largestCode))
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
      // Up to the sign bit and down again repeats the sign.
      let codes =
        unsafeBitCast(fields &<< UInt32(32 - bits), to: SIMD8<Int32>.self)
        &>> Int32(32 - bits)
      // Lanes behind the last value are padding: any bit there makes a code that is not zero.
      if any(codes .< smallest) || (scale == 0 && word != 0) { isCanonical = false }
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
  private func explain(
    _ bytes: UnsafeRawBufferPointer, _ scale: Float, count: Int, group: Int, offset: Int
  ) -> QuantError {
    for index in 0..<count {
      var code = 0
      for bit in 0..<bits {
        let position = index * bits + bit
        code |= Int(bytes[position / 8] >> UInt8(position % 8) & 1) << bit
      }
      if code > largestCode { code -= 1 << bits }
      if code < -largestCode {
        return .invalidCode(group: group, index: offset + index, code: code)
      }
      if scale == 0 && code != 0 {
        return .nonzeroCodeInZeroGroup(group: group, index: offset + index, code: code)
      }
    }
    return .nonzeroPadding(group: group)
  }
}
