/// Scale and zero point of one group.
struct GroupScale {
  /// As stored.
  var bits: UInt32
  /// What the stored bits stand for.
  var value: Float
  /// Of asymmetric codes; 0 if the scale is 0, and for other codes.
  var zeroPoint = 0
  /// Of the range that the codes cover, for asymmetric codes.
  var lowest: Float = 0
}

extension QuantizationFormat {
  /// The codes of a group with a zero point.
  func codes(zeroPoint: Int = 0) -> GroupCodes {
    switch element.format.coding {
    case .symmetric(let bits, let largest):
      .integers(.symmetric(bits: bits, largest: largest))
    case .asymmetric(let bits, let largest):
      .integers(.asymmetric(bits: bits, largest: largest, zeroPoint: zeroPoint))
    case .codebook(let book, let packing): .table(book, packing)
    case .binary: preconditionFailure("\(element) has no groups")
    }
  }

  /// Fits the scale to the values, all finite, and stores it in the scale format; with double
  /// quantization as float32, for the second step.
  ///
  /// - Parameter search: finds the best scale, where one is searched.
  func fit(
    _ values: UnsafeBufferPointer<Float>, range: GroupRange, search: inout ScaleSearch?
  ) -> GroupScale {
    guard scale != .none else { return GroupScale(bits: 0, value: 1) }
    guard clipping == .leastSquares else {
      let clipped = range.clipped(to: clipping.magnitude(values, range: range))
      guard element.format.hasSignedScale else { return groupScale(clipped) }
      // The lowest value of the table has the largest magnitude.
      return groupScale(clipped, negative: range.highest >= -range.lowest)
    }
    return search?.best(values, range: range) ?? leastSquares(values, range: range)
  }

  /// The definition of `Clipping.leastSquares`, one candidate after the other.
  func leastSquares(_ values: UnsafeBufferPointer<Float>, range: GroupRange) -> GroupScale {
    let fixed = element.hasZeroPoint ? nil : codes()
    let signs = element.format.hasSignedScale ? [false, true] : [false]
    var best = GroupScale(bits: 0, value: 0)
    var smallest = Double.infinity
    for k in Clipping.candidates {
      for negative in signs {
        let candidate = groupScale(range.scaled(by: k), negative: negative)
        let codes = fixed ?? codes(zeroPoint: candidate.zeroPoint)
        let error = codes.squaredError(values, scale: candidate.value)
        if error < smallest { (best, smallest) = (candidate, error) }
      }
    }
    return best
  }

  /// The second step of double quantization: the stored form of a scale that `fit` found.
  func share(_ fitted: GroupScale, shared: Float) -> GroupScale {
    let largest = codes(zeroPoint: fitted.zeroPoint).largestValue
    var code = ScaleFormat.sharedCode(fitted.value, shared: shared, largestValue: largest)
    guard case .asymmetric(_, let last) = element.format.coding else {
      return GroupScale(bits: UInt32(code), value: sharedValue(code, shared))
    }
    while true {
      let value = sharedValue(code, shared)
      guard value > 0 else { return GroupScale(bits: UInt32(code), value: 0) }
      let zero = zeroPoint(lowest: fitted.lowest, scale: value, largest: last)
      if (value * Float(max(zero, last - zero))).isFinite {
        return GroupScale(bits: UInt32(code), value: value, zeroPoint: zero)
      }
      code -= 1
    }
  }

  private func sharedValue(_ code: UInt8, _ shared: Float) -> Float {
    Float8E4M3.codebook.valueOfCode[Int(code)] * shared
  }

  /// The stored scale for a range.
  func groupScale(_ range: GroupRange, negative: Bool = false) -> GroupScale {
    if case .asymmetric(_, let largest) = element.format.coding {
      return asymmetricScale(range, largest: largest)
    }
    let largest = codes().largestValue
    var bits = scale.bits(magnitude: range.largestMagnitude, largestValue: largest)
    if negative, bits != 0 { bits |= scale == .float16 ? 0x8000 : 0x8000_0000 }
    return GroupScale(bits: bits, value: stored(bits, largest))
  }

  /// The scale is highest / L - lowest / L (two divisions and a subtraction), stored; for E8M0 the
  /// exponent floor(log2(highest - lowest)) - floor(log2(L)). The zero point is -lowest over the
  /// scale as it is stored, rounded to nearest, ties to even, at most L.
  ///
  /// Where the largest distance D from the zero point times the scale is infinite, the float32
  /// scale is the largest finite float over D, rounded down; an E8M0 scale is halved, and the zero
  /// point found again.
  private func asymmetricScale(_ range: GroupRange, largest: Int) -> GroupScale {
    let limit = Float(largest)
    var result = GroupScale(bits: 0, value: 0, lowest: range.lowest)
    if scale == .e8m0 {
      // Half of the range, because the whole may be infinite; exact but for subnormals.
      let span = range.highest / 2 - range.lowest / 2
      result.bits = scale.bits(magnitude: span, largestValue: limit / 2)
    } else {
      let step = range.highest / limit - range.lowest / limit
      result.bits = scale.bits(magnitude: step, largestValue: 1)
    }
    result.value = stored(result.bits, 1)
    guard result.value > 0 else { return result }
    var zero = zeroPoint(lowest: range.lowest, scale: result.value, largest: largest)
    while !(result.value * Float(max(zero, largest - zero))).isFinite {
      if scale == .e8m0 {
        result.bits -= 1
        result.value /= 2
        zero = zeroPoint(lowest: range.lowest, scale: result.value, largest: largest)
      } else {
        let distance = Float(max(zero, largest - zero))
        result.bits = ScaleFormat.float32.bits(magnitude: .infinity, largestValue: distance)
        result.value = Float(bitPattern: result.bits)
      }
    }
    result.zeroPoint = zero
    return result
  }

  private func zeroPoint(lowest: Float, scale: Float, largest: Int) -> Int {
    Int(min((-lowest / scale).rounded(.toNearestOrEven), Float(largest)))
  }

  /// What bits that were just made stand for.
  private func stored(_ bits: UInt32, _ largestValue: Float) -> Float {
    let format = scale == .double ? ScaleFormat.float32 : scale
    guard let value = format.scale(bits: bits, largestValue: largestValue, signed: true) else {
      preconditionFailure("\(self) does not read the scale that it made")
    }
    return value
  }
}
