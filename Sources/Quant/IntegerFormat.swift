/// Symmetric integers of few bits with one float32 scale a group.
///
/// Bytes (consensus bytes, `docs/quantization.md`): the flat vector is cut into groups of
/// ``groupSize`` values, the last of which may be short. Each group is one record: its scale as
/// little-endian float32, then its codes, packed least significant bit first as two's complement
/// of ``bits`` bits without gaps; the last byte is padded with zero bits. So any range of whole
/// groups is a contiguous range of bytes.
///
/// - scale = absmax / largestCode, one IEEE 754 division
/// - code = roundToNearestEven(x / scale), clamped to ±largestCode; it divides by the scale as it
///   is stored, so that encoder and verifier cannot drift apart
/// - value = Float(code) * scale
public struct IntegerFormat: Quantizer {
  /// Bits of a code, 2...8.
  public let bits: Int
  /// Values that share a scale, 1...65536.
  public let groupSize: Int

  /// Bytes of a stored scale.
  static let scaleByteCount = 4

  /// Throws ``QuantError`` when bits or group size are out of range.
  public init(bits: Int, groupSize: Int) throws(QuantError) {
    guard (2...8).contains(bits) else { throw .bitsOutOfRange(bits) }
    guard (1...65_536).contains(groupSize) else { throw .groupSizeOutOfRange(groupSize) }
    self.bits = bits
    self.groupSize = groupSize
  }

  /// The codes are -largestCode ... largestCode.
  public var largestCode: Int { 1 << (bits - 1) - 1 }

  /// Bytes of a full group.
  public var recordByteCount: Int { recordByteCount(values: groupSize) }

  private func recordByteCount(values: Int) -> Int {
    Self.scaleByteCount + (values * bits + 7) / 8
  }

  public func byteCount(values: Int) -> Int {
    let (groups, rest) = values.quotientAndRemainder(dividingBy: groupSize)
    return groups * recordByteCount + (rest > 0 ? recordByteCount(values: rest) : 0)
  }

  public func quantize(
    _ values: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer
  ) throws(QuantError) {
    precondition(bytes.count == byteCount(values: values.count))
    var offset = 0
    for first in stride(from: 0, to: values.count, by: groupSize) {
      let group = UnsafeBufferPointer(
        rebasing: values[first..<min(first + groupSize, values.count)])
      let size = recordByteCount(values: group.count)
      try encode(
        group, firstIndex: first,
        into: UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + size]))
      offset += size
    }
  }

  public func dequantize(
    _ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
  ) throws(QuantError) {
    guard bytes.count == byteCount(values: values.count) else {
      throw .wrongByteCount(actual: bytes.count, expected: byteCount(values: values.count))
    }
    var offset = 0
    for first in stride(from: 0, to: values.count, by: groupSize) {
      let count = min(groupSize, values.count - first)
      let size = recordByteCount(values: count)
      try decode(
        UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + size]), group: first / groupSize,
        into: UnsafeMutableBufferPointer(rebasing: values[first..<first + count]))
      offset += size
    }
  }

  // MARK: one group

  private func encode(
    _ group: UnsafeBufferPointer<Float>, firstIndex: Int,
    into record: UnsafeMutableRawBufferPointer
  ) throws(QuantError) {
    // A NaN or an infinity leaves its mark in this sum of zeros and NaNs, without a branch a value.
    var absmax: Float = 0
    var mark: Float = 0
    for value in group {
      let magnitude = value.magnitude
      absmax = magnitude > absmax ? magnitude : absmax
      mark += value * 0
    }
    guard mark == 0 else {
      let index = group.firstIndex { !$0.isFinite } ?? 0
      throw .nonFiniteValue(index: firstIndex + index, value: group[index])
    }
    let limit = Float(largestCode)
    let scale = absmax / limit
    record.storeBytes(of: scale.bitPattern.littleEndian, as: UInt32.self)
    let codes = UnsafeMutableRawBufferPointer(rebasing: record[Self.scaleByteCount...])
    guard scale > 0 else {
      codes.initializeMemory(as: UInt8.self, repeating: 0)
      return
    }
    func code(_ value: Float) -> UInt32 {
      let rounded = (value / scale).rounded(.toNearestOrEven)
      return UInt32(bitPattern: Int32(Swift.max(-limit, Swift.min(limit, rounded))))
    }
    let mask = UInt32(1) << UInt32(bits) - 1
    var pending: UInt32 = 0
    var pendingBits = 0
    var next = 0
    for value in group {
      pending |= (code(value) & mask) << UInt32(pendingBits)
      pendingBits += bits
      while pendingBits >= 8 {
        codes[next] = UInt8(truncatingIfNeeded: pending)
        next += 1
        pending >>= 8
        pendingBits -= 8
      }
    }
    if pendingBits > 0 { codes[next] = UInt8(truncatingIfNeeded: pending) }
  }

  private func decode(
    _ record: UnsafeRawBufferPointer, group: Int, into values: UnsafeMutableBufferPointer<Float>
  ) throws(QuantError) {
    let pattern = UInt32(littleEndian: record.loadUnaligned(as: UInt32.self))
    let scale = Float(bitPattern: pattern)
    // The largest code must stay finite; zero has one form only.
    guard scale.isFinite, scale.sign == .plus, (Float(largestCode) * scale).isFinite else {
      throw .invalidScale(group: group, scale: scale)
    }
    let codes = UnsafeRawBufferPointer(rebasing: record[Self.scaleByteCount...])
    let unused = UInt32(32 - bits)
    var pending: UInt32 = 0
    var pendingBits = 0
    var next = 0
    for index in values.indices {
      while pendingBits < bits {
        pending |= UInt32(codes[next]) << UInt32(pendingBits)
        next += 1
        pendingBits += 8
      }
      let code = Int32(bitPattern: pending << unused) >> Int32(unused)
      guard Int(code) >= -largestCode, scale > 0 || code == 0 else {
        throw .invalidCode(group: group, index: index, code: Int(code))
      }
      values[index] = Float(code) * scale
      pending >>= UInt32(bits)
      pendingBits -= bits
    }
    guard pending == 0 else { throw .nonZeroPadding(group: group) }
  }
}
