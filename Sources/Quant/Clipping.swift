/// What fits the scale to the values of a group.
public enum Clipping: Sendable, Hashable {
  /// The largest magnitude: nothing is clipped (but by the rounding of the scale).
  case absmax
  /// The mean magnitude, for codes of one or two bits.
  case mean
  /// The magnitude that so many millionths of the values do not exceed: of n magnitudes in
  /// ascending order the one numbered ceil(n * millionths / 1000000), counted from 1.
  case percentile(millionths: Int)
  /// The scale with the smallest sum of squared errors among those for k/64 of the largest
  /// magnitude, k = 8...80; of equals the first. (Where scales have signs: of both signs.)
  case leastSquares

  /// The millionths that a percentile may have.
  public static let allowedMillionths = 1...1_000_000

  /// Numerators of the candidates of `leastSquares`, over 64.
  static let candidates = 8...80

  /// The name in names of formats.
  public var name: String {
    switch self {
    case .absmax: "absmax"
    case .mean: "mean"
    case .leastSquares: "mse"
    case .percentile(let millionths): "p\(Self.percentText(millionths))"
    }
  }

  /// What `name` says; nil if it is none. Percentiles are `p` and a number of percent with up to
  /// four decimals: `p99.9`.
  public init?(name: String) {
    switch name {
    case "absmax": self = .absmax
    case "mean": self = .mean
    case "mse": self = .leastSquares
    default:
      guard name.first == "p", let millionths = Self.millionths(name.dropFirst()) else {
        return nil
      }
      self = .percentile(millionths: millionths)
    }
  }

  private static func percentText(_ millionths: Int) -> String {
    let (whole, rest) = millionths.quotientAndRemainder(dividingBy: 10_000)
    guard rest > 0 else { return "\(whole)" }
    var decimals = String(String(10_000 + rest).dropFirst())
    while decimals.last == "0" { decimals.removeLast() }
    return "\(whole).\(decimals)"
  }

  private static func millionths(_ percent: Substring) -> Int? {
    let parts = percent.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = parts.first, (1...3).contains(whole.utf8.count),
      parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } })
    else { return nil }
    let decimals = parts.count == 2 ? String(parts[1]) : ""
    guard decimals.utf8.count <= 4,
      let value = Int(whole + decimals + String(repeating: "0", count: 4 - decimals.utf8.count)),
      allowedMillionths.contains(value)
    else { return nil }
    return value
  }

  /// The magnitude for which the scale is made; `leastSquares` begins with the largest.
  func magnitude(_ values: UnsafeBufferPointer<Float>, range: GroupRange) -> Float {
    switch self {
    case .absmax, .leastSquares: return range.largestMagnitude
    case .mean:
      var sum = 0.0
      for value in values { sum += Double(value.magnitude) }
      return Float(sum / Double(values.count))
    case .percentile(let millionths):
      // Positive floats order as their bits do.
      let magnitudes = values.map { $0.bitPattern & 0x7fff_ffff }.sorted()
      let place = (values.count * millionths + 999_999) / 1_000_000
      return Float(bitPattern: magnitudes[max(place, 1) - 1])
    }
  }
}
