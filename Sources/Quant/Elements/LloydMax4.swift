/// 16 values that Lloyd's algorithm (Lloyd 1982, Max 1960) makes best for groups of 32 normal
/// numbers whose scale, of either sign and in binary16, is searched for; 4.5 bits a value. The code
/// is the rank of the value. Derived by `Tests/Vectors/derive_lloyd_max4.py`.
public struct LloydMax4: ElementFormat {
  public var name: String { "lm4" }
  public var identifier: UInt8 { 40 }
  public var summary: String { "16 values best for normal numbers with a searched, signed scale" }
  public var coding: ElementCoding { .codebook(Self.codebook, .bits(4)) }
  public var scales: [ScaleFormat] { [.float32, .float16] }
  public var defaultScale: ScaleFormat { .float16 }
  public var defaultGroupSize: Int { 32 }
  public var defaultClipping: Clipping { .leastSquares }
  public var hasSignedScale: Bool { true }

  static let codebook = Codebook(bits: 4) { values[Int($0)] }

  private static let values: [Float] = [
    -1, -0x1.8fb69ep-1, -0x1.3b0ef6p-1, -0x1.f1e62ep-2, -0x1.7f1f3p-2, -0x1.16fd22p-2,
    -0x1.6baf98p-3,
    -0x1.6592c8p-4, 0, 0x1.6fb642p-4, 0x1.743b4p-3, 0x1.1e0b02p-2, 0x1.8b1f26p-2,
    0x1.02d52ap-1, 0x1.4b7554p-1, 0x1.a9d222p-1,
  ]
}
