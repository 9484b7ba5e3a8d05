extension Spec {
  /// A line between the participants (`network`).
  public struct Network: Sendable, Equatable {
    /// One way, to the middle of the network (`latency`).
    public var latencyMilliseconds: Int
    /// Nodes that each node passes pieces on to (`fan_out`); 0 for one copy after the other.
    public var fanOut: Int
    /// Share of the questions whose answer is lost (`loss_rate`).
    public var lossRate: Double
    /// How far durations vary (`jitter`), as a share.
    public var jitter: Double
  }
}

extension Spec.Network: SpecReadable {
  /// Reads a network.
  public init(reading section: inout SpecSection) throws(SpecError) {
    latencyMilliseconds = try section.duration(
      "latency", in: 1...3_600_000, default: "50ms",
      doc: "From a node to the middle of the network.")
    fanOut = try section.integer(
      "fan_out", in: 0...64, default: 4,
      doc: "Nodes that each node passes pieces of a diff on to; 0: the miner sends every copy.")
    lossRate = try section.number(
      "loss_rate", .rate, default: 0, doc: "Share of the questions whose answer is lost.")
    jitter = try section.number(
      "jitter", .rate, default: 0, doc: "How far every duration may vary, as a share of it.")
  }
}
