/// IEEE 754 binary16, saturating at 65504.
public struct Binary16: ElementFormat {
  public var name: String { "float16" }
  public var identifier: UInt8 { 65 }
  public var summary: String { "IEEE 754 binary16, saturating" }
  public var coding: ElementCoding { .binary(.binary16) }
  public var scales: [ScaleFormat] { [.none] }
  public var defaultScale: ScaleFormat { .none }
}
