/// One bit, as in signSGD with a scale (Karimireddy et al., arXiv 1901.09847): the sign, times the
/// mean magnitude of the group. Zeros count as positive.
public struct Sign: ElementFormat {
  public var name: String { "sign" }
  public var identifier: UInt8 { 48 }
  public var summary: String { "the sign, times the mean magnitude" }
  public var coding: ElementCoding { .codebook(Self.codebook, .bits(1)) }
  /// Not E8M0, which has no 0: a group of zeros would have no code.
  public var scales: [ScaleFormat] { [.float32, .float16, .double] }
  public var defaultClipping: Clipping { .mean }

  static let codebook = Codebook(bits: 1) { $0 == 0 ? 1 : -1 }
}
