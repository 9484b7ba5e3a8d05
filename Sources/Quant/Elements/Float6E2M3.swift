/// FP6 E2M3 of OCP Microscaling 1.0: steps of 0.125 near 0, at most 7.5.
public struct Float6E2M3: ElementFormat {
  public var name: String { "fp6-e2m3" }
  public var identifier: UInt8 { 35 }
  public var summary: String { "FP6 E2M3 (OCP)" }
  public var coding: ElementCoding { .codebook(Self.codebook, .bits(6)) }

  static let format = MiniFloat(exponentBits: 2, significandBits: 3, special: .none)
  static let codebook = format.codebook
}
