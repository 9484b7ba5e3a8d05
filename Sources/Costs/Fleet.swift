/// The machines of one party, as far as cost goes: rates, power and price of one accelerator with its
/// share of the host, and how many there are.
public struct Fleet: Sendable, Hashable {
  /// Accelerators that work together.
  public var count: Double
  /// Operations a second that one reaches in a whole step: peak times utilization.
  public var flopsPerSecond: Double
  /// Bytes a second that the host's share of one runs through SHA-256.
  public var hashedBytesPerSecond: Double
  /// Bytes a second that one reads and writes in its memory.
  public var movedBytesPerSecond: Double
  /// Watts that one draws, with what cooling and hosts add.
  public var watts: Double
  /// Price of one for an hour.
  public var hourlyPrice: Double

  /// From its parts, each above 0.
  public init(
    count: Double, flopsPerSecond: Double, hashedBytesPerSecond: Double,
    movedBytesPerSecond: Double, watts: Double, hourlyPrice: Double
  ) {
    self.count = count
    self.flopsPerSecond = flopsPerSecond
    self.hashedBytesPerSecond = hashedBytesPerSecond
    self.movedBytesPerSecond = movedBytesPerSecond
    self.watts = watts
    self.hourlyPrice = hourlyPrice
  }

  /// Operations a second of all together.
  public var totalFLOPsPerSecond: Double { count * flopsPerSecond }

  /// Bytes that quantizing or dequantizing one value moves: a float32 on one side, and at most as much
  /// on the other.
  public static let bytesPerQuantizedValue = 8.0

  /// Seconds that all machines together take for `work`: one kind of it after the other, so an upper
  /// bound where a machine does them at once. Fetching is the link's affair, see ``transferSeconds``.
  public func seconds(_ work: Workload) -> Double {
    Double(work.flops) / totalFLOPsPerSecond
      + Double(work.hashedBytes) / (count * hashedBytesPerSecond)
      + Double(work.quantizedValues) * Self.bytesPerQuantizedValue / (count * movedBytesPerSecond)
  }

  /// Accelerator-hours of `work`; the same for any number of machines.
  public func hours(_ work: Workload) -> Double { seconds(work) * count / 3600 }

  /// Price of `work`.
  public func price(_ work: Workload) -> Double { hours(work) * hourlyPrice }

  /// Kilowatt-hours of `work`.
  public func energy(_ work: Workload) -> Double { hours(work) * watts / 1000 }
}

/// Seconds that `bytes` occupy a line of `bitsPerSecond`.
public func transferSeconds(_ bytes: UInt128, bitsPerSecond: Double) -> Double {
  Double(bytes) * 8 / bitsPerSecond
}
