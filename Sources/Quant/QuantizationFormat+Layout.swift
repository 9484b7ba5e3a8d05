/// Sizes: every byte that is stored is counted here.
extension QuantizationFormat {
  /// The number of values of the smallest part that can be encoded and decoded alone;
  /// ``wholeTensor`` if that is only the whole.
  public var recordValueCount: Int {
    guard groupSize != Self.wholeTensor, scale != .none else { return groupSize }
    let layout = layoutValueCount
    guard let rotation, layout % rotation.size != 0 else { return layout }
    // Of group and rotation one divides the other, so this is a multiple of both.
    return rotation.size % layout == 0 ? rotation.size : layout * rotation.size
  }

  /// Values that are coded together: a group, or any number of values without a scale.
  var codedGroupSize: Int { scale == .none ? 4096 : groupSize }

  /// Values that are coded in one record.
  var layoutValueCount: Int {
    groupSize == Self.wholeTensor ? groupSize : codedGroupSize * scale.groupsPerRecord
  }

  /// The size in bytes of the record of `count` values: what its groups share, scales, zero points,
  /// codes.
  func byteCount(record count: Int) -> Int {
    let (whole, rest) = count.quotientAndRemainder(dividingBy: codedGroupSize)
    let groups = whole + (rest == 0 ? 0 : 1)
    let header = scale.byteCount + (element.hasZeroPoint ? 1 : 0)
    // A group of the whole tensor is never whole: it would be that of `Int.max` values.
    let codes = whole == 0 ? 0 : whole * element.packing.byteCount(codedGroupSize)
    return scale.sharedByteCount + groups * header + codes + element.packing.byteCount(rest)
  }

  /// The size in bytes of `values` encoded values; `Int.max` if that is more than an `Int` counts.
  /// A negative number of values is a programming error.
  public func byteCount(values: Int) -> Int {
    precondition(values >= 0)
    guard values < Int.max / 8 else { return Int.max }
    let (whole, rest) = values.quotientAndRemainder(dividingBy: layoutValueCount)
    let wholeBytes =
      whole == 0
      ? (0, false) : whole.multipliedReportingOverflow(by: byteCount(record: layoutValueCount))
    let (sum, overflow) = wholeBytes.0.addingReportingOverflow(
      rest == 0 ? 0 : byteCount(record: rest))
    return wholeBytes.1 || overflow ? Int.max : sum
  }

  /// The number of groups of `values` values, the last of which may be short.
  public func groupCount(values: Int) -> Int {
    values / groupSize + (values % groupSize == 0 ? 0 : 1)
  }

  /// Whether a part of `count` values, at every multiple of it, can be encoded alone in a vector of
  /// `total` values: it holds whole records or the whole vector.
  public func isWholeRecords(_ count: Int, of total: Int) -> Bool {
    count > 0 && (count >= total || (recordValueCount <= count && count % recordValueCount == 0))
  }

  /// Where the records of some values lie in the encoding. `values` must begin at a multiple of
  /// `recordValueCount`, and end at one or at the end of the vector.
  public func byteRange(values: Range<Int>) -> Range<Int> {
    precondition(values.lowerBound == 0 || values.lowerBound % recordValueCount == 0)
    return byteCount(values: values.lowerBound)..<byteCount(values: values.upperBound)
  }

  /// Bits stored for each value, scales, zero points and padding included; 0 for no values.
  public func effectiveBitsPerValue(values: Int) -> Double {
    values == 0 ? 0 : Double(byteCount(values: values)) * 8 / Double(values)
  }
}
