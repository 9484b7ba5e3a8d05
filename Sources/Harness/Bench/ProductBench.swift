import Foundation
import Kernels

/// One matrix product to be measured: (m, k) times (k, n).
public struct ProductShape: Sendable, Codable, Equatable {
  /// Where it occurs.
  public let name: String
  /// Rows of the first operand and of the result.
  public let m: Int
  /// Columns of the second operand and of the result.
  public let n: Int
  /// Length of each sum.
  public let k: Int
  /// Whether the first operand is stored transposed.
  public let isFirstTransposed: Bool
  /// Whether the second operand is stored transposed.
  public let isSecondTransposed: Bool

  init(_ name: String, _ m: Int, _ n: Int, _ k: Int, first: Bool = false, second: Bool = false) {
    self.name = name
    self.m = m
    self.n = n
    self.k = k
    isFirstTransposed = first
    isSecondTransposed = second
  }

  /// Floating-point operations of one product.
  public var flops: Double { 2 * Double(m) * Double(n) * Double(k) }

  /// Squares, and the products of training steps with 256 and 1024 rows.
  public static let all: [ProductShape] =
    [256, 512, 768, 1024, 1536, 2048, 3072].map { ProductShape("square \($0)", $0, $0, $0) }
    + [(256, 256), (1024, 64), (512, 768)].flatMap { rows, d in
      [
        ProductShape("d \(d): expand", rows, 4 * d, d),
        ProductShape("d \(d): contract", rows, d, 4 * d),
        ProductShape("d \(d): gradient of x", rows, d, 4 * d, second: true),
        ProductShape("d \(d): gradient of w", d, 4 * d, rows, first: true),
      ]
    }
}

/// The operands of one shape, filled once; runs the product in either arithmetic.
struct ProductTrial {
  let shape: ProductShape
  private let a: Operand
  private let b: Operand
  private let c: Matrix
  /// Products in one measurement, so that short ones last long enough for the clock.
  private let repetitions: Int

  init(_ shape: ProductShape) {
    self.shape = shape
    let serial = Arithmetic(workers: Workers(threads: 1, pinned: false))
    func operand(_ rows: Int, _ columns: Int, _ isTransposed: Bool, _ stream: UInt64) -> Operand {
      let buffer = FloatBuffer(count: rows * columns)
      serial.fillNormal(Vector(buffer), seed: 1, stream: stream, standardDeviation: 1)
      return isTransposed
        ? Matrix(buffer, rows: columns, columns: rows).transposed
        : Operand(Matrix(buffer, rows: rows, columns: columns))
    }
    a = operand(shape.m, shape.k, shape.isFirstTransposed, 0)
    b = operand(shape.k, shape.n, shape.isSecondTransposed, 1)
    c = Matrix(FloatBuffer(count: shape.m * shape.n), rows: shape.m, columns: shape.n)
    repetitions = max(1, Int(2e9 / shape.flops))
  }

  /// GFLOP/s of one measurement of `product`.
  func measure(_ clock: SystemStopwatch, _ product: (Operand, Operand, Matrix) -> Void) -> Double {
    let start = clock.seconds()
    for _ in 0..<repetitions { product(a, b, c) }
    return Double(repetitions) * shape.flops / (clock.seconds() - start) / 1e9
  }
}

/// Measures the `fixed` product against OpenBLAS, whose core type is fixed when it loads: each
/// core type is a child process, and all of them take turns so that a machine that changes its
/// speed changes it for all.
public struct ProductBench {
  /// The medians of one shape.
  public struct Row: Sendable, Codable {
    /// What was measured.
    public let shape: ProductShape
    /// GFLOP/s of the `fixed` product.
    public let fixed: Double
    /// GFLOP/s of each OpenBLAS core type, by the label of its rival.
    public let rivals: [String: Double]
    /// GFLOP/s of multiply-adds on registers alone, measured beside them.
    public let peak: Double
  }

  let arithmetic: Arithmetic
  let rounds: Int

  /// `rounds` measurements of each; the median counts.
  public init(arithmetic: Arithmetic, rounds: Int) {
    self.arithmetic = arithmetic
    self.rounds = rounds
  }

  /// Measures one shape.
  ///
  /// Throws ``BenchError`` when a rival's process ends early.
  public func measure(_ shape: ProductShape, against rivals: [Rival]) throws -> Row {
    let clock = SystemStopwatch()
    let trial = ProductTrial(shape)
    var fixed: [Double] = []
    var peak: [Double] = []
    var others = rivals.map { _ in [Double]() }
    // OpenBLAS's threads go on spinning for some 30 ms after a product and would take the cores
    // from whoever is measured next.
    func pause() { if arithmetic.workers.threads > 1 { Thread.sleep(forTimeInterval: 0.1) } }
    for round in 0...rounds {
      pause()
      let own = trial.measure(clock) { arithmetic.product($0, $1, into: $2) }
      let start = clock.seconds()
      let flops = arithmetic.runPeak(rounds: 200_000)
      let reached = Double(flops) / (clock.seconds() - start) / 1e9
      let theirs = try rivals.map { rival in
        pause()
        return try rival.measure(shape)
      }
      // The first round warms caches, clocks and packing memory.
      guard round > 0 else { continue }
      fixed.append(own)
      peak.append(reached)
      for (index, value) in theirs.enumerated() { others[index].append(value) }
    }
    return Row(
      shape: shape, fixed: median(fixed),
      rivals: Dictionary(
        zip(rivals.map(\.label), others.map(median)), uniquingKeysWith: { first, _ in first }),
      peak: median(peak))
  }

  /// The table of rows that were measured.
  public static func text(_ rows: [Row], rivals: [String]) -> String {
    var table = TextTable(
      header: ["product", "m", "n", "k", "fixed", "of peak"]
        + rivals.flatMap { [$0, "fixed/it"] })
    table.rightAligned = Set(1..<table.header.count)
    for row in rows {
      table.rows.append(
        [
          row.shape.name, "\(row.shape.m)", "\(row.shape.n)", "\(row.shape.k)",
          Numbers.decimal(row.fixed, 1), Numbers.decimal(row.fixed / row.peak, 2),
        ]
          + rivals.flatMap { label in
            let rival = row.rivals[label] ?? .nan
            return [Numbers.decimal(rival, 1), Numbers.decimal(row.fixed / rival, 2)]
          })
    }
    return table.text
  }
}

/// The middle of the values, the mean of both middles of an even number; NaN of none.
func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  guard !sorted.isEmpty else { return .nan }
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
