import Costs

extension Spec {
  /// A number that somebody published or measured, with where it comes from.
  public struct Figure: Sendable, Equatable {
    /// The number (`value`).
    public var value: Double
    /// Who says so (`source`).
    public var source: String
    /// When (`date`).
    public var date: String
  }

  /// Machines of one party with all that their cost depends on (`miner`, `verifier`, `devices`).
  public struct Machines: Sendable, Equatable {
    /// What they are (`device`).
    public var device: String
    /// How many work together (`accelerators`).
    public var acceleratorCount: Int
    /// Dense peak of one in the format of training, 10^12 operations a second (`peak_tflops`).
    public var peakTeraFLOPS: Figure
    /// Share of the peak that a whole step reaches (`utilization`).
    public var utilization: Figure
    /// Memory bandwidth of one, 10^9 bytes a second (`memory_bandwidth`).
    public var memoryBandwidth: Figure
    /// What the host's share of one hashes, 10^9 bytes a second (`hash_rate`).
    public var hashRate: Figure
    /// What one draws, watts (`power`).
    public var power: Figure
    /// What cooling and hosts draw besides, as a factor (`power_overhead`).
    public var powerOverhead: Figure
    /// Price of one for an hour, US dollars (`price`).
    public var price: Figure

    /// The figures by the names of their keys, with the units that tables show.
    public var figures: [(name: String, unit: String, figure: Figure)] {
      [
        ("peak_tflops", "TFLOP/s", peakTeraFLOPS), ("utilization", "", utilization),
        ("memory_bandwidth", "GB/s", memoryBandwidth), ("hash_rate", "GB/s", hashRate),
        ("power", "W", power), ("power_overhead", "", powerOverhead), ("price", "$/h", price),
      ]
    }

    /// Rates, power and price as the cost model takes them.
    public var fleet: Fleet {
      Fleet(
        count: Double(acceleratorCount),
        flopsPerSecond: peakTeraFLOPS.value * 1e12 * utilization.value,
        hashedBytesPerSecond: hashRate.value * 1e9,
        movedBytesPerSecond: memoryBandwidth.value * 1e9,
        watts: power.value * powerOverhead.value, hourlyPrice: price.value)
    }
  }
}

extension Spec.Machines: SpecReadable {
  /// Reads machines; the defaults are those of `Experiments/Hardware/h100.yaml`.
  public init(reading section: inout SpecSection) throws(SpecError) {
    device = try section.text(
      "device", "one line of at most 100 characters", default: "H100 SXM", example: "H100 SXM",
      doc: "What the machines are."
    ) { Spec.isLine($0, limit: 100) ? $0 : nil }
    acceleratorCount = try section.integer(
      "accelerators", in: 1...10_000_000, default: 1024, doc: "How many work together.")
    peakTeraFLOPS = try Self.figure(
      &section, "peak_tflops", 989.4,
      "BF16 tensor, dense; glennklockwood.com/garden/processors/h100",
      "2026-05", unit: "TFLOP/s", "Dense peak of one in the number format of training.")
    utilization = try Self.figure(
      &section, "utilization", 0.42, "GPT-3 175B on 4608 H100; README of NVIDIA/Megatron-LM",
      "2026-05", limits: .positiveRate,
      "Share of the peak that a whole step reaches (model FLOPs utilization).")
    memoryBandwidth = try Self.figure(
      &section, "memory_bandwidth", 3350, "HBM3; acecloud.ai/blog/nvidia-b200-vs-h200-h100-a100",
      "2026-05", unit: "GB/s", "Memory bandwidth of one.")
    hashRate = try Self.figure(
      &section, "hash_rate", 3.6, "pogo bench proofs on two cores with SHA extensions", "2026-11",
      unit: "GB/s", "Bytes that the host's share of one runs through SHA-256.")
    power = try Self.figure(
      &section, "power", 700, "TDP; NVIDIA H100 SXM datasheet", "2026-05", unit: "W",
      "What one draws.")
    powerOverhead = try Self.figure(
      &section, "power_overhead", 1.3, "assumed: host, network and cooling", "2026-11",
      "Factor on it for hosts, network and cooling.")
    price = try Self.figure(
      &section, "price", 2.95, "on demand, median of 37 providers; aimultiple.com/gpu-index",
      "2026-05-20", unit: "$/h", "Price of one for an hour.")
  }

  private static func figure(
    _ section: inout SpecSection, _ key: String, _ value: Double, _ source: String, _ date: String,
    unit: String? = nil, limits: NumberLimits = .positive, _ doc: String
  ) throws(SpecError) -> Spec.Figure {
    try section.section(key, doc: doc) { part throws(SpecError) in
      let number = try part.number(
        "value", limits, default: value, unit: unit, doc: "The number.")
      let from = try part.text(
        "source", "one line of at most 300 characters", default: source, example: "a datasheet",
        doc: "Where it comes from; a value of its own needs one."
      ) { Spec.isLine($0, limit: 300) ? $0 : nil }
      let when = try part.text(
        "date", "a date such as 2026-05 or 2026-05-20", default: date, example: "2026-05",
        doc: "When it was so; a value of its own needs one.", accept: { isDate($0) ? $0 : nil })
      for needed in ["source", "date"] where part.has("value") {
        try part.require(part.has(needed), needed, "must stand beside a value of its own")
      }
      return Spec.Figure(value: number, source: from, date: when)
    }
  }

  private static func isDate(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard [2, 3].contains(parts.count), parts[0].count == 4 else { return false }
    return parts.allSatisfy { $0.allSatisfy { $0.isASCII && $0.isNumber } }
      && parts.dropFirst().allSatisfy { $0.count == 2 }
  }
}
