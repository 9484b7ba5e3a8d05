internal import CKernels
import Kernels

/// The search of ``Clipping/leastSquares`` by a kernel, with the choice of
/// ``QuantizationFormat/leastSquares(_:range:)``, which is its definition.
struct ScaleSearch {
  private let format: QuantizationFormat
  private let instructionSet: InstructionSet
  private var description = CKScaleSearch()
  /// 1, or 2 where scales have signs.
  private let signs: Int
  /// Of the largest value of a code; 0 with a zero point.
  private let largestValue: Float
  private var scales, lowest, highest: [Float]

  /// Candidates of one sign.
  private static let count = Clipping.candidates.count

  /// Nil if the format searches no scale, or rounds to a table that no kernel takes.
  init?(_ format: QuantizationFormat, instructionSet: InstructionSet) {
    guard format.clipping == .leastSquares, format.scale != .none else { return nil }
    let element = format.element.format
    switch element.coding {
    case .symmetric(_, let largest): largestValue = Float(largest)
    case .asymmetric: largestValue = 0
    case .codebook(let book, _):
      guard let tree = book.search.tree else { return nil }
      largestValue = book.largestValue
      let missing = [Float](repeating: book.values[0], count: 16 - book.values.count)
      description.isTable = 1
      withUnsafeMutableBytes(of: &description.tree) { $0.copyBytes(from: tree.thresholds.bytes) }
      withUnsafeMutableBytes(of: &description.values) {
        $0.copyBytes(from: (missing + book.values).bytes)
      }
    case .binary: return nil
    }
    self.format = format
    self.instructionSet = instructionSet
    signs = element.hasSignedScale ? 2 : 1
    description.count = (signs * Self.count + 15) / 16 * 16
    scales = [Float](repeating: 0, count: description.count)
    lowest = [Float](repeating: -largestValue, count: description.count)
    highest = [Float](repeating: largestValue, count: description.count)
  }

  /// The best scale of a group. Nil if the kernel cannot tell: a candidate is 0, or the numbers are
  /// close to the largest finite ones.
  mutating func best(
    _ values: UnsafeBufferPointer<Float>, range: GroupRange
  ) -> GroupScale? {
    // Candidates of up to 5/4 of the magnitude, and what is made of them, stay finite.
    guard range.largestMagnitude <= 0x1p125, fillScales(range), let start = values.baseAddress
    else { return nil }
    for place in signs * Self.count..<scales.count {
      // Copies of the last candidate, before which it wins.
      scales[place] = scales[signs * Self.count - 1]
      lowest[place] = lowest[signs * Self.count - 1]
      highest[place] = highest[signs * Self.count - 1]
    }
    let place = scales.withUnsafeBufferPointer { scales in
      lowest.withUnsafeBufferPointer { lowest in
        highest.withUnsafeBufferPointer { highest in
          var search = description
          search.scales = scales.baseAddress
          search.lowest = lowest.baseAddress
          search.highest = highest.baseAddress
          return instructionSet.kernels.pointee.bestScale(&search, values.count, start)
        }
      }
    }
    guard place < signs * Self.count else { return nil }
    return candidate(place, range)
  }

  /// The candidate number `place` as the definition makes it.
  private func candidate(_ place: Int, _ range: GroupRange) -> GroupScale {
    format.groupScale(
      range.scaled(by: Clipping.candidates.lowerBound + place / signs),
      negative: place % signs == 1)
  }

  /// False if a scale is 0.
  private mutating func fillScales(_ range: GroupRange) -> Bool {
    if largestValue == 0 || format.scale == .e8m0 {
      for place in 0..<signs * Self.count {
        let candidate = candidate(place, range)
        scales[place] = candidate.value
        if case .integers(let codes) = format.codes(zeroPoint: candidate.zeroPoint) {
          (lowest[place], highest[place]) = (Float(codes.lowest), Float(codes.highest))
        }
        if candidate.value == 0 { return false }
      }
      return true
    }
    let steps = SIMD8<Float>(0, 1, 2, 3, 4, 5, 6, 7)
    for first in stride(from: 0, to: Self.count, by: 8) {
      let k = steps + Float(Clipping.candidates.lowerBound + first)
      var stored = range.largestMagnitude * (k / 64) / largestValue
      if format.scale == .float16 { stored = Self.binary16(stored) }
      if any(stored .== 0) { return false }
      for lane in 0..<min(8, Self.count - first) {
        scales[signs * (first + lane)] = stored[lane]
        if signs == 2 { scales[signs * (first + lane) + 1] = -stored[lane] }
      }
    }
    return true
  }

  /// Positive numbers rounded to binary16, at most 65504.
  private static func binary16(_ x: SIMD8<Float>) -> SIMD8<Float> {
    let limited = x.clamped(
      lowerBound: SIMD8(repeating: 0), upperBound: SIMD8(repeating: 65504))
    let bits = unsafeBitCast(limited, to: SIMD8<UInt32>.self)
    let odd = (bits &>> 13) & 1
    let normal = unsafeBitCast((bits &+ 0xfff &+ odd) & ~0x1fff, to: SIMD8<Float>.self)
    // Numbers from 0.5 to 1 are multiples of the smallest binary16 number.
    let subnormal = (limited + 0.75) - 0.75
    return normal.replacing(with: subnormal, where: limited .< 0x1p-14)
  }
}
