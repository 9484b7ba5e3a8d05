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

  /// So many significant digits: plain between 0.001 and 100,000, else with a power of ten.
  static func significant(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "-" : "\(value)" }
    let size = abs(value)
    if size == 0 { return "0" }
    guard size >= 0.001, size < 100_000 else { return String(format: "%.\(digits - 1)e", value) }
    var (whole, bound) = (1, 10.0)
    while size >= bound {
      whole += 1
      bound *= 10
    }
    var leading = 0
    bound = 1
    while size < bound {
      leading += 1
      bound /= 10
    }
    return decimal(value, leading > 0 ? digits - 1 + leading : max(0, digits - whole))
  }

  /// A whole number with its digits in groups of three; with a power of ten from 10^15 on.
  static func grouped(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return significant(value, 4) }
    let digits = String(Int64(value.rounded()).magnitude)
    var text = ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return value < 0 ? "-" + text : text
  }

  /// Seconds, minutes, hours or days, whichever is easiest to read.
  static func duration(_ seconds: Double) -> String {
    if !seconds.isFinite { return seconds.isNaN ? "-" : "never" }
    if seconds < 120 { return Self.seconds(seconds) }
    if seconds < 7200 { return decimal(seconds / 60, 1) + " min" }
    return seconds < 172_800
      ? decimal(seconds / 3600, 1) + " h" : decimal(seconds / 86_400, 1) + " d"
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
