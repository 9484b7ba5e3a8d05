/// A small table of values, in units of the scale, with the code of each.
///
/// Its values need not be equally far from each other. A number x in a group of the scale s > 0
/// goes to value i + 1 or a larger one if it is above m[i] * s, rounded once, where m[i] is the
/// middle between the values i and i + 1, rounded to float32; and also if it is equal to that and
/// value i + 1 has an even code. (With a negative scale: -x and -s.)
///
/// A reference to what never changes, as each group of values looks at it.
public final class Codebook: Sendable {
  /// The width of a code; codes of ternary values are packed closer (``CodePacking``).
  public let bits: Int
  /// The values, ascending, none twice.
  public let values: [Float]
  /// The code of each value, in the order of the values.
  public let codes: [UInt8]
  /// Between each value and the next.
  let middles: [Float]
  /// Whether a number in the middle goes to the upper value, whose code is even.
  let tieGoesUp: [Bool]
  /// The value of each code of `bits` bits; NaN where no encoder writes it.
  let valueOfCode: [Float]
  /// The largest magnitude.
  let largestValue: Float
  /// What kernels search codes with.
  let search: SearchTables

  /// Made once for each table, as finding the cells takes longer than packing a group.
  final class SearchTables: Sendable {
    /// Nil if kernels cannot search this table.
    let tree: ThresholdTree?
    /// For numbers up to the largest value times the scale, and a little more.
    let cells: ThresholdCells?
    /// For numbers up to twice the power of two below the largest value, as E8M0 scales leave them.
    let cellsOfPowers: ThresholdCells?

    fileprivate init(_ thresholds: Thresholds, largest: Float) {
      tree = ThresholdTree(thresholds)
      let isPackable = tree != nil && thresholds.codes.count >= 15
      cells = isPackable ? ThresholdCells(thresholds, limit: largest * (1 + 0x1p-10)) : nil
      cellsOfPowers =
        isPackable
        ? ThresholdCells(
          thresholds,
          limit: Float(sign: .plus, exponent: Int(largest.exponent) + 1, significand: 1)) : nil
    }
  }

  /// A table of what `value` says of each code of `bits` bits; nil for a code that is not written.
  init(bits: Int, value: (UInt8) -> Float?) {
    let all = (0..<(1 << bits)).map { value(UInt8($0)) }
    let sorted = all.enumerated().compactMap { code, value in value.map { (UInt8(code), $0) } }
      .sorted { $0.1 < $1.1 }
    self.bits = bits
    values = sorted.map(\.1)
    codes = sorted.map(\.0)
    valueOfCode = all.map { $0 ?? .nan }
    largestValue = values.map(\.magnitude).max() ?? 0
    middles = zip(values, values.dropFirst()).map { Float((Double($0) + Double($1)) / 2) }
    tieGoesUp = codes.dropFirst().map { $0 % 2 == 0 }
    search = SearchTables(
      Thresholds(bits: bits, codes: codes, middles: middles, tieGoesUp: tieGoesUp),
      largest: largestValue)
    precondition(zip(values, values.dropFirst()).allSatisfy { $0 < $1 }, "a value comes twice")
  }

  /// The place of the value to which `number` goes in a group of the scale `scale`, not 0.
  @inline(__always)
  func nearest(_ number: Float, scale: Float) -> Int {
    let (number, scale) = scale > 0 ? (number, scale) : (-number, -scale)
    return middles.withUnsafeBufferPointer { middles in
      tieGoesUp.withUnsafeBufferPointer { ties in
        Self.place(of: number, scale: scale, middles, ties)
      }
    }
  }

  /// The codes of the values to which some numbers go in a group of the scale `scale`, not 0.
  func encodeNearest(
    _ numbers: UnsafeBufferPointer<Float>, scale: Float,
    into target: UnsafeMutableBufferPointer<UInt8>
  ) {
    precondition(target.count == numbers.count)
    middles.withUnsafeBufferPointer { middles in
      tieGoesUp.withUnsafeBufferPointer { ties in
        codes.withUnsafeBufferPointer { codes in
          for index in numbers.indices {
            let number = scale > 0 ? numbers[index] : -numbers[index]
            target[index] = codes[Self.place(of: number, scale: abs(scale), middles, ties)]
          }
        }
      }
    }
  }

  @inline(__always)
  private static func place(
    of number: Float, scale: Float, _ middles: UnsafeBufferPointer<Float>,
    _ ties: UnsafeBufferPointer<Bool>
  ) -> Int {
    // 1 where the number lies above a middle, without a branch that nobody can predict.
    func above(_ index: Int) -> Int {
      let middle = middles[index] * scale
      return (number > middle ? 1 : 0) | ((number == middle ? 1 : 0) & (ties[index] ? 1 : 0))
    }
    var low = 0
    var count = middles.count
    guard count > 0 else { return 0 }
    while count > 1 {
      let half = count / 2
      low += above(low + half - 1) * half
      count -= half
    }
    return low + above(low)
  }

  /// The place of the value below or above `number` over `scale` (not 0): the upper one with the
  /// probability that makes the mean equal to the number, where `random` is uniform in 0..<1.
  func stochastic(_ number: Float, scale: Float, random: Double) -> Int {
    let quotient = Double(number) / Double(scale)
    // The last value that is not above it.
    var low = 0
    var count = values.count
    while count > 1 {
      let half = count / 2
      if quotient >= Double(values[low + half]) { low += half }
      count -= half
    }
    guard low + 1 < values.count, quotient > Double(values[low]) else { return low }
    let (lower, upper) = (Double(values[low]), Double(values[low + 1]))
    return random < (quotient - lower) / (upper - lower) ? low + 1 : low
  }
}

/// The codes of a table and what lies between them, ascending.
struct Thresholds {
  let bits: Int
  let codes: [UInt8]
  let middles: [Float]
  let tieGoesUp: [Bool]
}
