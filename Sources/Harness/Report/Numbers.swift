import Foundation

/// Numbers as people read them, with units and sensible digits.
enum Numbers {
  /// 1536 -> "1.5 KiB"
  static func bytes(_ count: Int64) -> String {
    scaled(Double(count), step: 1024, units: ["B", "KiB", "MiB", "GiB", "TiB", "PiB"])
  }

  /// 1.2e9 -> "1.2 GFLOP"
  static func flops(_ count: Int64) -> String {
    scaled(
      Double(count), step: 1000, units: ["", "k", "M", "G", "T", "P", "E"].map { $0 + "FLOP" })
  }

  /// Milliseconds below one second; "-" for NaN.
  static func seconds(_ value: Double) -> String {
    if value.isNaN { return "-" }
    if value < 1 { return decimal(value * 1000, 1) + " ms" }
    return decimal(value, value >= 100 ? 0 : 2) + " s"
  }

  /// Four decimals; "-" for NaN.
  static func loss(_ value: Double) -> String { value.isNaN ? "-" : decimal(value, 4) }

  /// A share as a percentage with one decimal; "-" if it is not a number.
  static func percent(_ share: Double) -> String {
    share.isFinite ? decimal(100 * share, 1) + " %" : "-"
  }

  static func decimal(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }

  private static func scaled(_ value: Double, step: Double, units: [String]) -> String {
    var value = value
    var unit = 0
    while value >= step, unit + 1 < units.count {
      value /= step
      unit += 1
    }
    return decimal(value, unit == 0 || value >= 100 ? 0 : 1) + " " + units[unit]
  }
}
