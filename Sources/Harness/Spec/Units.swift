/// The notations of a spec for durations and byte sizes: a whole number and a unit, without a
/// space.
enum Units {
  /// One unit: its suffix and how many base units it holds.
  private typealias Unit = (suffix: String, factor: Int)

  // Largest first, so that writing takes the largest unit that divides.
  private static let durationUnits: [Unit] = [
    ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]
  private static let sizeUnits: [Unit] = [
    ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
  ]

  /// Milliseconds of a duration such as `2h`, `30m`, `90s` or `500ms`; nil if `text` is no duration
  /// or does not fit.
  static func milliseconds(of text: String) -> Int? { read(text, units: durationUnits) }

  /// Bytes of a size such as `4KiB`, `2MiB` or `100B`; nil if `text` is no size or does not fit.
  static func byteCount(of text: String) -> Int? { read(text, units: sizeUnits) }

  /// The shortest notation of a duration with one unit; `milliseconds(of:)` gives the number back.
  static func duration(milliseconds: Int) -> String { write(milliseconds, units: durationUnits) }

  /// The shortest notation of a size with one unit; `byteCount(of:)` gives the number back.
  static func size(byteCount: Int) -> String { write(byteCount, units: sizeUnits) }

  /// The value of a whole number in plain decimal notation: an optional minus sign and digits
  /// without leading zeros; nil for other text and for what does not fit.
  static func integer<Value: FixedWidthInteger>(of text: String, as type: Value.Type) -> Value? {
    var digits = text.utf8[...]
    if digits.first == UInt8(ascii: "-") { digits = digits.dropFirst() }
    guard isDigits(digits), digits.count == 1 || digits.first != UInt8(ascii: "0") else {
      return nil
    }
    return Value(text)
  }

  /// The value of a decimal number such as `3`, `-0.5`, `.5` or `1e-3`; nil for other text
  /// (hexadecimal, `nan`, `inf`) and for what is too large to be finite. Minus zero becomes zero.
  static func number(of text: String) -> Double? {
    let allowed = Set("0123456789.eE+-".utf8)
    guard let first = text.utf8.first, first != UInt8(ascii: "+"),
      text.utf8.allSatisfy(allowed.contains), text.utf8.contains(where: isDigit),
      let value = Double(text), value.isFinite
    else { return nil }
    return value + 0  // -0 + 0 is +0, so equal specs have equal bits
  }

  private static func read(_ text: String, units: [Unit]) -> Int? {
    let digits = text.utf8.prefix(while: isDigit)
    let suffix = String(text.dropFirst(digits.count))
    guard let unit = units.first(where: { $0.suffix == suffix }),
      let count = integer(of: String(text.prefix(digits.count)), as: Int.self)
    else { return nil }
    let (value, overflow) = count.multipliedReportingOverflow(by: unit.factor)
    return overflow ? nil : value
  }

  private static func write(_ value: Int, units: [Unit]) -> String {
    let unit = units.first { value != 0 && value % $0.factor == 0 } ?? units[units.count - 1]
    return "\(value / unit.factor)\(unit.suffix)"
  }

  private static func isDigits(_ bytes: Substring.UTF8View) -> Bool {
    !bytes.isEmpty && bytes.allSatisfy(isDigit)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0") <= byte && byte <= UInt8(ascii: "9")
  }
}
