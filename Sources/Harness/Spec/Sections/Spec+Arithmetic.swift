import Kernels
import Protocol

extension Spec {
  /// Who computes matrix products, and how equal the results must be (`arithmetic`).
  public struct ArithmeticChoice: Sendable, Equatable {
    /// Who computes the miners' products (`products`).
    public var products: Arithmetic.Kind
    /// Who computes the verifiers' products (`verifiers`).
    public var verifiers: Arithmetic.Kind
    /// Relative distance at which a replayed gradient still passes (`tolerance`).
    public var tolerance: Double

    /// Everyone computes in the same order, and bits are compared.
    public static let fixed = ArithmeticChoice(products: .fixed, verifiers: .fixed, tolerance: 0)

    /// Whether results depend on the machine.
    public var usesOpenBLAS: Bool { products == .openblas || verifiers == .openblas }
  }
}

extension Spec.ArithmeticChoice: SpecReadable {
  /// Reads `arithmetic`.
  public init(reading section: inout SpecSection) throws(SpecError) {
    products = try section.choice(
      "products", of: Arithmetic.Kind.self, default: .fixed,
      doc: "Who computes the miners' matrix products: this program in the order of its contract "
        + "(`fixed`), OpenBLAS, whose bits depend on the machine (`openblas`), or this program with "
        + "every sum cut into four parts (`split`), as if on another machine.")
    verifiers = try section.choice(
      "verifiers", of: Arithmetic.Kind.self, default: products,
      doc: "Who computes the verifiers'; by default the same.")
    tolerance = try section.number(
      "tolerance", .rate, default: 0,
      doc: "Relative distance at which a replayed gradient passes; 0: equal bits.")
  }
}
