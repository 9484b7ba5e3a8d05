import Protocol

/// Work in the quantities that `Protocol.Work` meters, in numbers that also hold a model which no
/// machine trains: exact, and the same on every machine.
public struct Workload: Sendable, Hashable {
  /// Floating-point operations of matrix products and norms.
  public var flops: UInt128
  /// Bytes that go through SHA-256.
  public var hashedBytes: UInt128
  /// Values that are quantized or dequantized.
  public var quantizedValues: UInt128
  /// Bytes that are fetched from others.
  public var receivedBytes: UInt128

  /// Work of these amounts; what is left out is nothing.
  public init(
    flops: UInt128 = 0, hashedBytes: UInt128 = 0, quantizedValues: UInt128 = 0,
    receivedBytes: UInt128 = 0
  ) {
    self.flops = flops
    self.hashedBytes = hashedBytes
    self.quantizedValues = quantizedValues
    self.receivedBytes = receivedBytes
  }

  /// What a meter counted.
  public init(_ work: Work) {
    self.init(
      flops: UInt128(work.flops), hashedBytes: UInt128(work.hashedBytes),
      quantizedValues: UInt128(work.quantizedValues),
      receivedBytes: UInt128(work.receivedBytes))
  }

  /// Both together.
  public static func + (a: Workload, b: Workload) -> Workload {
    Workload(
      flops: a.flops + b.flops, hashedBytes: a.hashedBytes + b.hashedBytes,
      quantizedValues: a.quantizedValues + b.quantizedValues,
      receivedBytes: a.receivedBytes + b.receivedBytes)
  }

  /// Adds other work.
  public static func += (a: inout Workload, b: Workload) { a = a + b }

  /// The same work so many times.
  public static func * (count: Int, work: Workload) -> Workload {
    precondition(count >= 0)
    let count = UInt128(count)
    return Workload(
      flops: count * work.flops, hashedBytes: count * work.hashedBytes,
      quantizedValues: count * work.quantizedValues, receivedBytes: count * work.receivedBytes)
  }
}

/// Work by phase.
public typealias PhaseWorkloads = [Phase: Workload]

extension PhaseWorkloads {
  /// All phases together.
  public var total: Workload { Phase.allCases.reduce(Workload()) { $0 + (self[$1] ?? Workload()) } }
}
