extension Spec {
  /// Machines that compute together, and their line to the others (`miner`, `verifier`).
  public struct Cluster: Sendable, Equatable {
    /// Accelerators (`accelerators`).
    public var acceleratorCount: Int
    /// Operations a second that one reaches at most, dense (`peak_tflops`), in 10^12.
    public var peakTeraFLOPS: Double
    /// Share of the peak that training reaches (`utilization`).
    public var utilization: Double
    /// Where the figures come from (`source`).
    public var source: String

    /// Operations a second in training.
    public var flopsPerSecond: Double {
      Double(acceleratorCount) * peakTeraFLOPS * 1e12 * utilization
    }
  }

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

extension Spec.Cluster: SpecReadable {
  /// Reads a cluster.
  public init(reading section: inout SpecSection) throws(SpecError) {
    acceleratorCount = try section.integer(
      "accelerators", in: 1...10_000_000, default: 1024, doc: "Accelerators that work together.")
    peakTeraFLOPS = try section.number(
      "peak_tflops", .positive, default: 989.4, unit: "TFLOP/s",
      doc: "Dense peak of one accelerator in the number format of training.")
    utilization = try section.number(
      "utilization", .positiveRate, default: 0.4,
      doc: "Share of the peak that training reaches (model FLOPs utilization).")
    source = try section.text(
      "source", "one line of at most 500 characters", default: "H100 SXM, BF16, dense",
      example: "a datasheet",
      doc: "Where the figures come from."
    ) { Spec.isLine($0, limit: 500) ? $0 : nil }
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
