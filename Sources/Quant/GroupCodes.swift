/// How the codes of one group are made of values over its scale, and values of codes.
enum GroupCodes {
  case integers(IntegerCodes)
  case table(Codebook, CodePacking)

  /// The largest distance from 0 of what a code stands for, in units of the scale.
  var largestValue: Float {
    switch self {
    case .integers(let integers): Float(max(-integers.lowest, integers.highest))
    case .table(let book, _): book.largestValue
    }
  }

  /// Rounds and packs. All codes are 0 if the scale is.
  func encode(
    _ values: UnsafeBufferPointer<Float>, scale: Float, draws: inout RoundingDraws?,
    into bytes: UnsafeMutableRawBufferPointer
  ) {
    switch self {
    case .integers(let integers):
      guard draws != nil else { return integers.encode(values, scale: scale, into: bytes) }
      integers.encode(values, scale: scale, draws: &draws!, into: bytes)
    case .table(let book, let packing):
      var codes = [UInt8](repeating: 0, count: values.count)
      if draws != nil {
        for (index, value) in values.enumerated() {
          let random = draws!.next()
          guard scale != 0 else { continue }
          codes[index] = book.codes[book.stochastic(value, scale: scale, random: random)]
        }
      } else if scale != 0 {
        for (index, value) in values.enumerated() {
          codes[index] = book.codes[book.nearest(value, scale: scale)]
        }
      }
      packing.pack(codes, into: bytes)
    }
  }

  /// Unpacks and multiplies; throws what is wrong with the bytes.
  ///
  /// - Parameters:
  ///   - group: number of the group, for messages.
  ///   - offset: number of its first value.
  func decode(
    _ bytes: UnsafeRawBufferPointer, scale: Float, into values: UnsafeMutableBufferPointer<Float>,
    group: Int, offset: Int
  ) throws(QuantError) {
    switch self {
    case .integers(let integers):
      guard integers.decode(bytes, scale: scale, into: values) else {
        throw integers.explain(bytes, scale, count: values.count, group: group, offset: offset)
      }
    case .table(let book, let packing):
      guard let codes = packing.unpack(bytes, count: values.count) else {
        throw .nonzeroPadding(group: group)
      }
      for (index, code) in codes.enumerated() {
        let value = book.valueOfCode[Int(code)]
        guard !value.isNaN else {
          throw .invalidCode(group: group, index: offset + index, code: Int(code))
        }
        guard scale != 0 || code == 0 else {
          throw .nonzeroCodeInZeroGroup(group: group, index: offset + index, code: Int(code))
        }
        // A code may stand for less than 0 in a group of zeros.
        values[index] = scale == 0 ? 0 : value * scale
      }
    }
  }

  /// The sum of the squared errors of rounding to nearest, in ascending order.
  func squaredError(_ values: UnsafeBufferPointer<Float>, scale: Float) -> Double {
    var sum = 0.0
    for value in values {
      let rounded: Float
      if scale == 0 {
        rounded = 0
      } else {
        switch self {
        case .integers(let integers): rounded = integers.rounded(value, scale: scale)
        case .table(let book, _): rounded = book.values[book.nearest(value, scale: scale)] * scale
        }
      }
      let error = Double(value) - Double(rounded)
      sum += error * error
    }
    return sum
  }
}
