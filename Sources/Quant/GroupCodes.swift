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
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: values.count) { codes in
        codes.initialize(repeating: 0)
        if draws != nil {
          for (index, value) in values.enumerated() {
            let random = draws!.next()
            guard scale != 0 else { continue }
            codes[index] = book.codes[book.stochastic(value, scale: scale, random: random)]
          }
        } else if scale != 0 {
          book.encodeNearest(values, scale: scale, into: codes)
        }
        packing.pack(UnsafeBufferPointer(codes), into: bytes)
      }
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
      let bad = book.valueOfCode.withUnsafeBufferPointer { valueOfCode in
        codes.withUnsafeBufferPointer { codes -> Int? in
          for index in codes.indices {
            let value = valueOfCode[Int(codes[index])]
            guard !value.isNaN, scale != 0 || codes[index] == 0 else { return index }
            // A code may stand for less than 0 in a group of zeros.
            values[index] = scale == 0 ? 0 : value * scale
          }
          return nil
        }
      }
      guard let bad else { return }
      let code = Int(codes[bad])
      throw book.valueOfCode[code].isNaN
        ? .invalidCode(group: group, index: offset + bad, code: code)
        : .nonzeroCodeInZeroGroup(group: group, index: offset + bad, code: code)
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
