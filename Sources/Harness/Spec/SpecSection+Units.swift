internal import Yams

/// Values that can be written in more than one way.
extension SpecSection {
  /// A duration of 1ms...8760h (a year), in milliseconds.
  mutating func duration(_ key: String, default fallback: Int) throws(SpecError) -> Int {
    try text(
      key, "a duration such as 2h, 30m, 90s or 500ms, in 1ms...8760h", default: fallback
    ) { text in
      Units.milliseconds(of: text).flatMap { (1...31_536_000_000).contains($0) ? $0 : nil }
    }
  }

  /// Bytes of whole float32 values: a size with a unit, or a plain number of bytes.
  mutating func size(_ key: String, default fallback: Int) throws(SpecError) -> Int {
    try value(
      key, "a multiple of 4 bytes in 64B...64MiB, such as 4KiB or 4096", default: fallback
    ) { node in
      let bytes =
        Self.text(node).flatMap(Units.byteCount)
        ?? Self.plainText(node).flatMap { Units.integer(of: $0, as: Int.self) }
      return bytes.flatMap { $0 % 4 == 0 && (64...(64 << 20)).contains($0) ? $0 : nil }
    }
  }

  /// A number of verifiers, where a list could stand too.
  mutating func verifierCount(
    _ key: String, in limits: ClosedRange<Int>, default fallback: Int
  ) throws(SpecError) -> Int {
    try value(
      key, "an integer in \(limits.lowerBound)...\(limits.upperBound) or a list of verifiers",
      default: fallback
    ) { node in
      Self.plainText(node).flatMap { Units.integer(of: $0, as: Int.self) }
        .flatMap { limits.contains($0) ? $0 : nil }
    }
  }
}
