/// What a check lets pass (`check` of a spec): exact variables must be equal, measured ones may be
/// slower within limits.
public struct CheckLimits: Sendable, Equatable {
  /// Slowdown of the median that is still accepted (`factor`).
  public var factor: Double
  /// Slowdown of the sum, in seconds, that is still accepted (`minimum`).
  public var minimumSeconds: Double
  /// Factors of single variables (`variables`).
  public var factors: [String: Double]

  /// A slowdown must pass both limits, and be beyond the noise, to fail.
  public init(factor: Double = 2, minimumSeconds: Double = 0.1, factors: [String: Double] = [:]) {
    self.factor = factor
    self.minimumSeconds = minimumSeconds
    self.factors = factors
  }
}

extension CheckLimits: SpecReadable {
  /// Reads `check`.
  public init(reading section: inout SpecSection) throws(SpecError) {
    factor = try section.number(
      "factor", .range(1...1000), default: 2,
      doc: "Slowdown of the median of measured values that `pogo check` accepts.")
    minimumSeconds =
      Double(
        try section.duration(
          "minimum", default: "100ms",
          doc: "Slowdown of their sum that it accepts; both limits must be passed to fail.")) / 1000
    let entries = try section.list(
      "variables", limit: 100, doc: "Factors of single variables."
    ) { entry throws(SpecError) in
      (
        try entry.text(
          "name", "the name of a variable", example: "mining_seconds", doc: "The variable."
        ) { Spec.isLine($0, limit: 200) ? $0 : nil },
        try entry.number("factor", .range(1...1000), default: 2, doc: "Its own factor.")
      )
    }
    factors = Dictionary(entries ?? [], uniquingKeysWith: { _, last in last })
  }
}
