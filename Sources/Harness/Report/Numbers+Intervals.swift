import Foundation

extension Numbers {
  /// A mean with as many digits as its interval leaves sense to, and the interval.
  static func interval(_ interval: Interval, units: String) -> String {
    guard !interval.halfWidth.isNaN else { return value(interval.mean, units: units) }
    guard interval.halfWidth > 0 else { return "\(value(interval.mean, units: units)) ± 0" }
    // Two digits of the half width.
    let exponent = Int(log10(interval.halfWidth).rounded(.down))
    let digits = min(max(1 - exponent, 0), 12)
    switch units {
    case "byte", "s":
      return "\(value(interval.mean, units: units)) ± \(value(interval.halfWidth, units: units))"
    default:
      return "\(decimal(interval.mean, digits)) ± \(decimal(interval.halfWidth, digits))"
    }
  }

  /// A value with its unit where that changes how it is written.
  static func value(_ value: Double, units: String) -> String {
    switch units {
    case "byte": bytes(Int64(clamping: value))
    case "s": seconds(value)
    default:
      value == value.rounded() && abs(value) < 1e15
        ? decimal(value, 0) : decimal(value, abs(value) >= 100 ? 1 : 4)
    }
  }
}
