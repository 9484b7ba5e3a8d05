/// FP8 E5M2 of OCP (`float8_e5m2`): at most 57344, infinity and NaN as in IEEE 754.
public struct Float8E5M2: ElementFormat {
  public var name: String { "fp8-e5m2" }
  public var identifier: UInt8 { 38 }
  public var summary: String { "FP8 E5M2 (OCP)" }
  public var coding: ElementCoding { .codebook(Self.codebook, .bits(8)) }
  public var scales: [ScaleFormat] { ScaleFormat.allCases }

  static let format = MiniFloat(exponentBits: 5, significandBits: 2, special: .infinityAndNaN)
  static let codebook = format.codebook
}
