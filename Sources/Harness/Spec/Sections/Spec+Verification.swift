import Protocol

extension Spec {
  /// How much verifiers check (`verification`).
  public struct Verification: Sendable, Equatable {
    /// Part of the leaves that a verifier opens (`leaf_rate`).
    public var leafRate: Double
    /// Part of the steps that a verifier computes again (`replay_rate`).
    public var replayRate: Double
    /// Tokens on which the loss must fall (`progress_tokens`).
    public var progressTokens: Int
    /// Rise of the loss that is still accepted (`progress_margin`).
    public var progressMargin: Double
    /// What verifiers check (`checks`), by the names of ``Checks/named``.
    public var checks: [String]
    /// Whether accusations of a segment are settled by a dispute besides (`disputes`).
    public var settlesDisputes = false
  }
}

extension Spec.Verification: SpecReadable {
  /// Reads `verification`.
  public init(reading section: inout SpecSection) throws(SpecError) {
    leafRate = try section.number(
      "leaf_rate", .rate, default: 0.02, doc: "Share of the leaves that each verifier opens.")
    replayRate = try section.number(
      "replay_rate", .rate, default: 0.125, doc: "Share of the steps that it computes again.")
    progressTokens = try section.integer(
      "progress_tokens", in: 0...1_000_000_000, default: 4096, unit: "token",
      doc: "Tokens on which it measures the quantized model; 0: not at all.")
    progressMargin = try section.number(
      "progress_margin", .notNegative, default: 0.05, unit: "nat a token",
      doc: "Rise of the loss that is still accepted.")
    let names = Checks.named.map(\.name)
    checks =
      section.has("checks") || section.isDescribing
      ? try section.choices(
        "checks", among: names, default: names, doc: "What verifiers check, besides structure.")
      : names
    settlesDisputes = try section.flag(
      "disputes", default: false,
      doc: "Whether the first accusation of a segment is settled between miner and verifier besides, "
        + "down to one operator, and what that costs is recorded.")
  }
}
