import Kernels

/// What `pogo bench kernels --all` measured, with the figures that this package means to reach
/// (docs/arithmetic.md, "Speed").
public struct KernelGoals: Sendable, Codable {
  /// Products in the widest instruction set, against each OpenBLAS core type.
  public let products: [ProductBench.Row]
  /// Products with 256-bit vectors, against OpenBLAS *Haswell*; empty where the processor lacks AVX2.
  public let productsAVX2: [ProductBench.Row]
  /// Operations that memory bounds.
  public let elementwise: [ElementwiseBench.Row]
  /// Each goal with what was reached.
  public let goals: [Goal]

  /// One figure to reach.
  public struct Goal: Sendable, Codable, Equatable {
    /// What is compared.
    public let name: String
    /// The least ratio that is good enough.
    public let wanted: Double
    /// The least of the measured ratios, and where it was measured.
    public let lowest: Double
    /// Name of the product or operation with the least ratio.
    public let place: String
    /// The middle of the ratios.
    public let median: Double
    /// Ratios that were measured, and those among them that are good enough.
    public let measured: Int
    /// How many of the ratios are good enough.
    public let reached: Int

    init?(_ name: String, wanted: Double, _ ratios: [(place: String, value: Double)]) {
      guard let least = ratios.min(by: { $0.value < $1.value }) else { return nil }
      self.name = name
      self.wanted = wanted
      lowest = least.value
      place = least.place
      median = Harness.median(ratios.map(\.value))
      measured = ratios.count
      reached = ratios.count { $0.value >= wanted }
    }
  }

  /// The goals that these measurements speak about.
  public init(
    products: [ProductBench.Row], productsAVX2: [ProductBench.Row],
    elementwise: [ElementwiseBench.Row]
  ) {
    self.products = products
    self.productsAVX2 = productsAVX2
    self.elementwise = elementwise
    func ratios(_ rows: [ProductBench.Row], _ value: (ProductBench.Row) -> Double?)
      -> [(place: String, value: Double)]
    { rows.compactMap { row in value(row).map { (row.shape.name, $0) } } }
    func best(_ row: ProductBench.Row) -> Double? {
      row.rivals.values.max().map { row.fixed / $0 }
    }
    goals = [
      Goal(
        "fixed / OpenBLAS's best core type, squares of 768 and more", wanted: 0.95,
        ratios(products.filter { $0.shape.isLargeSquare }, best)),
      Goal(
        "fixed / OpenBLAS's best core type, transformer products with 256 rows", wanted: 0.95,
        ratios(products.filter { $0.shape.isTransformerOf256Rows }, best)),
      Goal(
        "fixed with AVX2 / OpenBLAS Haswell", wanted: 1,
        ratios(productsAVX2, best)),
      Goal(
        "fixed / peak of the processor, squares of 768 and more", wanted: 0.85,
        ratios(products.filter { $0.shape.isLargeSquare }) { $0.fixed / $0.peak }),
      Goal(
        "share of copy bandwidth, what memory bounds", wanted: 0.6,
        elementwise.map { ($0.name, $0.shareOfCopy) }),
    ].compactMap(\.self)
  }

  /// The goals as a table.
  public var text: String {
    var table = TextTable(header: ["goal", "at least", "median", "lowest", "where", "reached"])
    table.rightAligned = [1, 2, 3, 5]
    for goal in goals {
      table.rows.append([
        goal.name, Numbers.decimal(goal.wanted, 2), Numbers.decimal(goal.median, 2),
        Numbers.decimal(goal.lowest, 2), goal.place, "\(goal.reached) of \(goal.measured)",
      ])
    }
    return table.text
  }
}

extension ProductShape {
  /// A square of 768 or more.
  public var isLargeSquare: Bool { m == n && n == k && m >= 768 }
  /// A product of a training step with 256 rows of tokens.
  public var isTransformerOf256Rows: Bool {
    !(m == n && n == k) && (isFirstTransposed ? k : m) == 256
  }
}
