/// bfloat16: the upper 16 bits of binary32, rounded to nearest and saturating.
public struct BrainFloat16: ElementFormat {
  public var name: String { "bfloat16" }
  public var identifier: UInt8 { 66 }
  public var summary: String { "bfloat16, the upper half of binary32, saturating" }
  public var coding: ElementCoding { .binary(.brain16) }
  public var scales: [ScaleFormat] { [.none] }
  public var defaultScale: ScaleFormat { .none }
}
