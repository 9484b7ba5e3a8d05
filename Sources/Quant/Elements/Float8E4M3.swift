/// FP8 E4M3 of OCP (`float8_e4m3fn`): at most 448, NaN but no infinity.
public struct Float8E4M3: ElementFormat {
  public var name: String { "fp8-e4m3" }
  public var identifier: UInt8 { 37 }
  public var summary: String { "FP8 E4M3 (OCP)" }
  public var coding: ElementCoding { .codebook(Self.codebook, .bits(8)) }
  public var scales: [ScaleFormat] { ScaleFormat.allCases }

  static let format = MiniFloat(exponentBits: 4, significandBits: 3, special: .oneNaN)
  static let codebook = format.codebook
}
