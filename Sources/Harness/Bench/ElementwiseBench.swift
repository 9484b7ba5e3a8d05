import Kernels

/// Measures the kernels that are bound by memory: activations, norms, softmax, rotary embedding and
/// optimizer steps, each as a share of what copying the same amount of memory reaches beside it.
public struct ElementwiseBench {
  /// The medians of one operation.
  public struct Row: Sendable, Codable {
    /// What was measured.
    public let name: String
    /// Milliseconds of one call.
    public let milliseconds: Double
    /// Bytes that the operation must read and write at least.
    public let bytes: Int
    /// 10^9 bytes a second, of these bytes.
    public let gigabytesPerSecond: Double
    /// The same for a copy of a large buffer, measured in the same rounds.
    public let copyGigabytesPerSecond: Double

    /// Share of the bandwidth of copying.
    public var shareOfCopy: Double { gigabytesPerSecond / copyGigabytesPerSecond }
  }

  /// Rows of the activations that are measured: 8 sequences of 256 tokens.
  static let rows = 2048
  /// Columns of the activations.
  static let columns = 1024
  /// Parameters of the optimizer steps: vectors of 64 MiB.
  static let parameters = 1 << 24

  let arithmetic: Arithmetic
  let rounds: Int

  /// `rounds` measurements of each; the median counts.
  public init(arithmetic: Arithmetic, rounds: Int) {
    self.arithmetic = arithmetic
    self.rounds = rounds
  }

  /// Measures every operation, taking turns.
  ///
  /// - Parameter progress: called with the number of each round as it begins.
  public func measure(progress: (Int) -> Void = { _ in }) -> [Row] {
    let operations = operations()
    let copy = Self.copy(arithmetic)
    let clock = SystemStopwatch()
    func seconds(_ operation: Operation) -> Double {
      let start = clock.seconds()
      for _ in 0..<operation.repetitions { operation.run() }
      return (clock.seconds() - start) / Double(operation.repetitions)
    }
    var times = operations.map { _ in [Double]() }
    var copies: [Double] = []
    for round in 0...rounds {
      progress(round)
      for (index, operation) in operations.enumerated() {
        let time = seconds(operation)
        // The first round warms caches and touches pages.
        if round > 0 { times[index].append(time) }
      }
      let time = seconds(copy)
      if round > 0 { copies.append(time) }
    }
    let bandwidth = Double(copy.bytes) / median(copies) / 1e9
    return zip(operations, times).map { operation, times in
      let time = median(times)
      return Row(
        name: operation.name, milliseconds: time * 1e3, bytes: operation.bytes,
        gigabytesPerSecond: Double(operation.bytes) / time / 1e9,
        copyGigabytesPerSecond: bandwidth)
    }
  }

  /// The table of rows that were measured.
  public static func text(_ rows: [Row]) -> String {
    var table = TextTable(header: ["operation", "ms", "GB/s", "of copy"])
    table.rightAligned = [1, 2, 3]
    for row in rows {
      table.rows.append([
        row.name, Numbers.decimal(row.milliseconds, 3), Numbers.decimal(row.gigabytesPerSecond, 1),
        Numbers.decimal(row.shareOfCopy, 2),
      ])
    }
    return table.text
  }

  struct Operation {
    let name: String
    let bytes: Int
    let repetitions: Int
    let run: () -> Void
  }

  /// A copy of a buffer that no cache holds, shared out like the kernels.
  private static func copy(_ arithmetic: Arithmetic) -> Operation {
    let (x, y) = (FloatBuffer(count: parameters), FloatBuffer(count: parameters))
    return Operation(name: "copy", bytes: 8 * parameters, repetitions: 2) {
      arithmetic.copy(Vector(x), into: Vector(y))
    }
  }
}
