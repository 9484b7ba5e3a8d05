/// IEEE 754 binary32: nothing is lost. The control that the other formats are compared with.
public struct Binary32: ElementFormat {
  public var name: String { "float32" }
  public var identifier: UInt8 { 64 }
  public var summary: String { "IEEE 754 binary32, the control" }
  public var coding: ElementCoding { .binary(.binary32) }
  public var scales: [ScaleFormat] { [.none] }
  public var defaultScale: ScaleFormat { .none }
}
