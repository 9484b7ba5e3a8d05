/// FP6 E3M2 of OCP Microscaling 1.0: steps of 0.0625 near 0, at most 28.
public struct Float6E3M2: ElementFormat {
  public var name: String { "fp6-e3m2" }
  public var identifier: UInt8 { 36 }
  public var summary: String { "FP6 E3M2 (OCP)" }
  public var coding: ElementCoding { .codebook(Self.codebook, .bits(6)) }

  static let format = MiniFloat(exponentBits: 3, significandBits: 2, special: .none)
  static let codebook = format.codebook
}
