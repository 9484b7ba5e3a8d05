/// The INT8 element of OCP Microscaling 1.0: whole multiples of 2^-6 from -127/64 to 127/64. The
/// most negative code is not written (section 5.3.4 allows that).
public struct MicroscalingInt8: ElementFormat {
  public var name: String { "int8-mx" }
  public var identifier: UInt8 { 39 }
  public var summary: String { "INT8 in steps of 1/64 (OCP), the element of mxint8" }
  public var coding: ElementCoding { .codebook(Self.codebook, .bits(8)) }
  public var defaultGroupSize: Int { 32 }
  public var defaultScale: ScaleFormat { .e8m0 }

  static let codebook = Codebook(bits: 8) { code in
    code == 0x80 ? nil : Float(Int8(bitPattern: code)) / 64
  }
}
