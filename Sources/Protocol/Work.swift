import Proofs

/// Work that was done, counted where it happens; exact and the same on every machine.
public struct Work: Sendable, Hashable, CanonicalCodable {
  /// Floating-point operations of matrix products.
  public var flops: UInt64 = 0
  /// Bytes that went through SHA-256.
  public var hashedBytes: UInt64 = 0
  /// Values quantized or dequantized.
  public var quantizedValues: UInt64 = 0
  /// Bytes fetched from others.
  public var receivedBytes: UInt64 = 0

  /// No work.
  public init() {}

  public static func += (a: inout Work, b: Work) {
    a.flops += b.flops
    a.hashedBytes += b.hashedBytes
    a.quantizedValues += b.quantizedValues
    a.receivedBytes += b.receivedBytes
  }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(flops)
    writer.append(hashedBytes)
    writer.append(quantizedValues)
    writer.append(receivedBytes)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    flops = try reader.readUInt64()
    hashedBytes = try reader.readUInt64()
    quantizedValues = try reader.readUInt64()
    receivedBytes = try reader.readUInt64()
  }
}

/// A part of mining or verifying that is metered by itself.
public enum Phase: String, Sendable, CaseIterable {
  case training, quantization, commitment
  case structure, leaf, update, replay, progress

  /// What a miner does.
  public static let mining: [Phase] = [.training, .quantization, .commitment]
  /// What a verifier does, cheapest first.
  public static let verifying: [Phase] = [.structure, .leaf, .update, .replay, .progress]
}

/// Work and seconds by phase.
public struct PhaseMeter: Sendable {
  /// Exact work of each phase that ran.
  public private(set) var work: [Phase: Work] = [:]
  /// Wall-clock seconds of each phase that ran: measured, different on every run.
  public private(set) var seconds: [Phase: Double] = [:]
  private let clock: any Stopwatch

  /// An empty meter that reads `clock`.
  public init(clock: any Stopwatch) { self.clock = clock }

  /// All exact work together.
  public var totalWork: Work {
    var total = Work()
    for phase in Phase.allCases { total += work[phase] ?? Work() }
    return total
  }
  /// All seconds together.
  public var totalSeconds: Double { Phase.allCases.reduce(0) { $0 + (seconds[$1] ?? 0) } }

  /// Runs `body`, adds the work it reports and the time it took to `phase`.
  public mutating func measure<Result, Failure: Error>(
    _ phase: Phase, _ body: (inout Work) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = clock.seconds()
    var done = Work()
    defer {
      work[phase, default: Work()] += done
      seconds[phase, default: 0] += clock.seconds() - start
    }
    return try body(&done)
  }
}

/// A source of elapsed time; passed in, so that this module itself reads no clock.
public protocol Stopwatch: Sendable {
  /// Seconds since some fixed moment, never decreasing.
  func seconds() -> Double
}
