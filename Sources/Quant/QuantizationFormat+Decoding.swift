import Kernels

/// Unsafe pointers are bounded by the counts that are checked at the beginning.
extension QuantizationFormat {
  /// Decodes as many values as `values` has room for, which must be what the bytes hold. The bytes
  /// are not trusted. If it throws, `values` holds nothing of use.
  ///
  /// - Parameter arithmetic: its threads share the records, its instruction set unpacks them;
  ///   neither changes a bit. By default the calling thread and the best set.
  /// - Throws: `wrongByteCount`, and what the format finds wrong.
  public func dequantize(
    _ bytes: UnsafeBufferPointer<UInt8>, into values: UnsafeMutableBufferPointer<Float>,
    arithmetic: Arithmetic? = nil
  ) throws(QuantError) {
    let expected = byteCount(values: values.count)
    guard bytes.count == expected else {
      throw .wrongByteCount(expected: expected, actual: bytes.count)
    }
    let kernels = PackedGroups(self)
    try inParts(values.count, arithmetic) { part throws(QuantError) in
      try dequantizePart(
        UnsafeRawBufferPointer(
          rebasing: UnsafeRawBufferPointer(bytes)[byteRange(values: part)]),
        into: UnsafeMutableBufferPointer(rebasing: values[part]), kernels: kernels,
        instructionSet: arithmetic?.instructionSet ?? .best)
    }
  }

  /// Decodes whole records; `kernels` are the format's, nil if it has none.
  func dequantizePart(
    _ input: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>,
    kernels: PackedGroups?, instructionSet: InstructionSet
  ) throws(QuantError) {
    if case .binary(let kind) = element.format.coding {
      return try kind.decode(input, into: values)
    }
    // Kernels take whole groups and stop before one that no encoder makes.
    var valueOffset =
      kernels?.dequantize(input, into: values, instructionSet: instructionSet) ?? 0
    var byteOffset = byteCount(values: valueOffset)
    while valueOffset < values.count {
      let count = min(layoutValueCount, values.count - valueOffset)
      let size = byteCount(record: count)
      try decodeRecord(
        UnsafeRawBufferPointer(rebasing: input[byteOffset..<(byteOffset + size)]),
        into: UnsafeMutableBufferPointer(rebasing: values[valueOffset..<(valueOffset + count)]),
        offset: valueOffset)
      valueOffset += count
      byteOffset += size
    }
    guard let rotation else { return }
    rotation.undo(values)
    if let index = values.firstIndex(where: { !$0.isFinite }) { throw .notFiniteCode(index: index) }
  }

  /// Decodes `count` values. The bytes and `count` are not trusted; their number is checked
  /// before memory for the values is taken.
  ///
  /// Throws `wrongByteCount`, `valueCountOutOfRange`, and what the format finds wrong.
  public func dequantize(_ bytes: [UInt8], count: Int) throws(QuantError) -> [Float] {
    guard count >= 0 else { throw .valueCountOutOfRange(count: count) }
    let expected = byteCount(values: count)
    guard bytes.count == expected else {
      throw .wrongByteCount(expected: expected, actual: bytes.count)
    }
    var values = [Float](repeating: 0, count: count)
    try values.withUnsafeMutableBufferPointer { (output) throws(QuantError) in
      try dequantize(bytes[...], into: output)
    }
    return values
  }

  /// Decodes a part of the bytes, which must be whole records, into as many values as `values` has
  /// room for. Groups and values in errors count from the beginning of the part.
  public func dequantize(
    _ bytes: ArraySlice<UInt8>, into values: UnsafeMutableBufferPointer<Float>
  ) throws(QuantError) {
    var failure: QuantError?
    bytes.withUnsafeBufferPointer { input in
      do throws(QuantError) { try dequantize(input, into: values) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  private func decodeRecord(
    _ record: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>, offset: Int
  ) throws(QuantError) {
    let (whole, rest) = values.count.quotientAndRemainder(dividingBy: codedGroupSize)
    let count = whole + (rest == 0 ? 0 : 1)
    // The first group, counted from the beginning of the bytes.
    let first = offset / codedGroupSize
    var shared: Float = 1
    if scale == .double {
      let bits = UInt32(littleEndian: record.loadUnaligned(as: UInt32.self))
      guard bits < Float.infinity.bitPattern else {
        throw .invalidScale(group: first, bitPattern: bits)
      }
      shared = Float(bitPattern: bits)
    }
    let scales = scale.sharedByteCount
    let zeroPoints = scales + count * scale.byteCount
    var codeOffset = zeroPoints + (element.hasZeroPoint ? count : 0)
    for group in 0..<count {
      let codes = try codes(
        group: first + group, zeroPoint: element.hasZeroPoint ? record[zeroPoints + group] : 0)
      let value = try scaleValue(
        record, at: scales + group * scale.byteCount, shared: shared, codes: codes,
        group: first + group)
      let start = group == 0 ? 0 : group * codedGroupSize
      let end = start + min(codedGroupSize, values.count - start)
      let size = element.packing.byteCount(end - start)
      try codes.decode(
        UnsafeRawBufferPointer(rebasing: record[codeOffset..<(codeOffset + size)]), scale: value,
        into: UnsafeMutableBufferPointer(rebasing: values[start..<end]), group: first + group,
        offset: offset + start)
      codeOffset += size
    }
  }

  private func codes(group: Int, zeroPoint: UInt8) throws(QuantError) -> GroupCodes {
    if case .asymmetric(_, let largest) = element.format.coding, zeroPoint > largest {
      throw .invalidZeroPoint(group: group, zeroPoint: Int(zeroPoint), largest: largest)
    }
    return codes(zeroPoint: Int(zeroPoint))
  }

  private func scaleValue(
    _ record: UnsafeRawBufferPointer, at offset: Int, shared: Float, codes: GroupCodes, group: Int
  ) throws(QuantError) -> Float {
    var bits: UInt32 = 0
    for byte in 0..<scale.byteCount { bits |= UInt32(record[offset + byte]) << UInt32(8 * byte) }
    guard
      let value = scale.scale(
        bits: bits, largestValue: codes.largestValue, shared: shared,
        signed: element.format.hasSignedScale)
    else { throw .invalidScale(group: group, bitPattern: bits) }
    if case .integers(let integers) = codes, value == 0, integers.zeroPoint != 0 {
      throw .invalidScale(group: group, bitPattern: bits)
    }
    return value
  }
}
