/// Smallest and largest value of a group, with 0 taken in.
struct GroupRange {
  /// At most 0.
  var lowest: Float
  /// At least 0.
  var highest: Float
  /// Whether no value is NaN or infinite.
  let isFinite: Bool

  var largestMagnitude: Float { max(-lowest, highest) }

  init(_ values: UnsafeBufferPointer<Float>) {
    var low = SIMD8<Float>(repeating: 0)
    var high = SIMD8<Float>(repeating: 0)
    var magnitude = SIMD8<UInt32>(repeating: 0)
    let raw = UnsafeRawBufferPointer(values)
    var index = 0
    while index < values.count {
      var group = SIMD8<Float>(repeating: 0)
      if index + 8 <= values.count {
        group = raw.loadUnaligned(fromByteOffset: 4 * index, as: SIMD8<Float>.self)
      } else {
        for lane in 0..<(values.count - index) { group[lane] = values[index + lane] }
      }
      // Infinity and NaN have the largest bit patterns, the sign left out.
      let bits = unsafeBitCast(group, to: SIMD8<UInt32>.self) & 0x7fff_ffff
      magnitude.replace(with: bits, where: bits .> magnitude)
      low.replace(with: group, where: group .< low)
      high.replace(with: group, where: group .> high)
      index += 8
    }
    isFinite = magnitude.max() < Float.infinity.bitPattern
    lowest = low.min()
    highest = high.max()
  }

  /// The part of the range whose magnitudes are at most `magnitude`.
  func clipped(to magnitude: Float) -> GroupRange {
    var range = self
    range.lowest = max(lowest, -magnitude)
    range.highest = min(highest, magnitude)
    return range
  }

  /// The range times k/64, within the finite floats.
  func scaled(by k: Int) -> GroupRange {
    func scale(_ value: Float) -> Float {
      let product = value * (Float(k) / 64)
      return min(max(product, -.greatestFiniteMagnitude), .greatestFiniteMagnitude)
    }
    var range = self
    range.lowest = scale(lowest)
    range.highest = scale(highest)
    return range
  }
}
