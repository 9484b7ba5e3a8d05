import Kernels

/// Unsafe pointers are bounded by the counts that are checked at the beginning.
extension QuantizationFormat {
  /// Encodes all values. `bytes` must have room for exactly `byteCount(values: values.count)`; the
  /// two must not overlap. If it throws, `bytes` holds nothing of use.
  ///
  /// - Parameters:
  ///   - random: decides where stochastic rounding goes; else it is not used.
  ///   - offset: the place of the first value in the whole vector, a multiple of
  ///     `recordValueCount`: value i of the vector takes word i of the stream.
  ///   - arithmetic: its threads share the records, its instruction set packs them; neither changes
  ///     a byte. By default the calling thread and the best set.
  /// - Throws: `notFinite`, with the index counted from the first of `values`; `wrongOutputCount`;
  ///   `rotationOverflow`.
  public func quantize(
    _ values: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableBufferPointer<UInt8>,
    random: RandomStream = RandomStream(seed: 0, stream: 0), at offset: Int = 0,
    arithmetic: Arithmetic? = nil
  ) throws(QuantError) {
    let expected = byteCount(values: values.count)
    guard bytes.count == expected else {
      throw .wrongOutputCount(expected: expected, actual: bytes.count)
    }
    try inParts(values.count, arithmetic) { part throws(QuantError) in
      try quantizePart(
        UnsafeBufferPointer(rebasing: values[part]),
        into: UnsafeMutableRawBufferPointer(
          rebasing: UnsafeMutableRawBufferPointer(bytes)[byteRange(values: part)]),
        random: random, at: offset + part.lowerBound,
        instructionSet: arithmetic?.instructionSet ?? .best)
    }
  }

  private func quantizePart(
    _ values: UnsafeBufferPointer<Float>, into output: UnsafeMutableRawBufferPointer,
    random: RandomStream, at offset: Int, instructionSet: InstructionSet
  ) throws(QuantError) {
    // Kernels take whole groups and stop before one with a value that is not finite.
    let packed =
      PackedGroups(self)?.quantize(values, into: output, instructionSet: instructionSet) ?? 0
    let values = UnsafeBufferPointer(rebasing: values[packed...])
    let output = UnsafeMutableRawBufferPointer(rebasing: output[byteCount(values: packed)...])
    guard GroupRange(values).isFinite else {
      throw .notFinite(index: packed + (values.firstIndex { !$0.isFinite } ?? 0))
    }
    var draws = rounding == .stochastic ? RoundingDraws(random, at: offset + packed) : nil
    if case .binary(let kind) = element.format.coding {
      return kind.encode(values, draws: &draws, into: output)
    }
    var search = ScaleSearch(self, instructionSet: instructionSet)
    guard let rotation else {
      return encodeRecords(values, draws: &draws, search: &search, into: output)
    }
    var rotated = Array(values)
    let failure = rotated.withUnsafeMutableBufferPointer { buffer -> QuantError? in
      rotation.apply(buffer)
      let input = UnsafeBufferPointer(buffer)
      guard GroupRange(input).isFinite else {
        return .rotationOverflow(index: input.firstIndex { !$0.isFinite } ?? 0)
      }
      encodeRecords(input, draws: &draws, search: &search, into: output)
      return nil
    }
    if let failure { throw failure }
  }

  /// Encodes all values. Throws as the other `quantize`, and `valueCountOutOfRange` if the bytes
  /// cannot be counted.
  public func quantize(
    _ values: [Float], random: RandomStream = RandomStream(seed: 0, stream: 0), at offset: Int = 0
  ) throws(QuantError) -> [UInt8] {
    let count = byteCount(values: values.count)
    guard count < Int.max else { throw .valueCountOutOfRange(count: values.count) }
    var bytes = [UInt8](repeating: 0, count: count)
    var failure: QuantError?
    values.withUnsafeBufferPointer { input in
      bytes.withUnsafeMutableBufferPointer { output in
        do throws(QuantError) {
          try quantize(input, into: output, random: random, at: offset)
        } catch { failure = error }
      }
    }
    if let failure { throw failure }
    return bytes
  }

  private func encodeRecords(
    _ values: UnsafeBufferPointer<Float>, draws: inout RoundingDraws?,
    search: inout ScaleSearch?, into bytes: UnsafeMutableRawBufferPointer
  ) {
    var valueOffset = 0
    var byteOffset = 0
    while valueOffset < values.count {
      let count = min(layoutValueCount, values.count - valueOffset)
      let size = byteCount(record: count)
      encodeRecord(
        UnsafeBufferPointer(rebasing: values[valueOffset..<(valueOffset + count)]), draws: &draws,
        search: &search,
        into: UnsafeMutableRawBufferPointer(rebasing: bytes[byteOffset..<(byteOffset + size)]))
      valueOffset += count
      byteOffset += size
    }
  }

  private func encodeRecord(
    _ values: UnsafeBufferPointer<Float>, draws: inout RoundingDraws?,
    search: inout ScaleSearch?, into record: UnsafeMutableRawBufferPointer
  ) {
    let groups = stride(from: 0, to: values.count, by: codedGroupSize).map {
      UnsafeBufferPointer(rebasing: values[$0..<($0 + min(codedGroupSize, values.count - $0))])
    }
    var scales = groups.map { fit($0, range: GroupRange($0), search: &search) }
    if scale == .double {
      let shared = (scales.map(\.value).max() ?? 0) / ScaleFormat.largestSharedValue
      scales = scales.map { share($0, shared: shared) }
      record.storeBytes(of: shared.bitPattern.littleEndian, as: UInt32.self)
    }
    var offset = scale.sharedByteCount
    for group in scales {
      for byte in 0..<scale.byteCount {
        record[offset + byte] = UInt8(truncatingIfNeeded: group.bits >> UInt32(8 * byte))
      }
      offset += scale.byteCount
    }
    if element.hasZeroPoint {
      for group in scales {
        record[offset] = UInt8(group.zeroPoint)
        offset += 1
      }
    }
    for (group, fitted) in zip(groups, scales) {
      let size = element.packing.byteCount(group.count)
      codes(zeroPoint: fitted.zeroPoint).encode(
        group, scale: fitted.value, draws: &draws,
        into: UnsafeMutableRawBufferPointer(rebasing: record[offset..<(offset + size)]))
      offset += size
    }
  }
}
