/// FP4 E2M1 of OCP Microscaling 1.0: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives.
public struct Float4E2M1: ElementFormat {
  public var name: String { "fp4-e2m1" }
  public var identifier: UInt8 { 34 }
  public var summary: String { "FP4 E2M1 (OCP), the element of mxfp4" }
  public var coding: ElementCoding { .codebook(Self.codebook, .bits(4)) }

  static let format = MiniFloat(exponentBits: 2, significandBits: 1, special: .none)
  static let codebook = format.codebook
}
