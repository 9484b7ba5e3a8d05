/// FP4 of bitsandbytes: a sign and eight magnitudes in the order of its bit pattern, over the
/// largest of them.
public struct BitsAndBytesFloat4: ElementFormat {
  public var name: String { "fp4" }
  public var identifier: UInt8 { 33 }
  public var summary: String { "FP4 of bitsandbytes" }
  public var coding: ElementCoding { .codebook(Self.codebook, .bits(4)) }

  /// Code 8, the negative zero, is not written.
  static let codebook = Codebook(bits: 4) { code in
    code == 8 ? nil : (code < 8 ? 1 : -1) * magnitudes[Int(code % 8)] / 12
  }

  private static let magnitudes: [Float] = [0, 0.0625, 8, 12, 4, 6, 2, 3]
}
