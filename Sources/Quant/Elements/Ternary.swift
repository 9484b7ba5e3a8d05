/// -1, 0 and 1 times the scale, five in a byte; the scale is the mean magnitude as in BitNet b1.58
/// (arXiv 2402.17764) if not told otherwise, and the largest one in TernGrad (arXiv 1705.07878).
public struct Ternary: ElementFormat {
  public var name: String { "ternary" }
  public var identifier: UInt8 { 49 }
  public var summary: String { "-1, 0 and 1, five in a byte" }
  public var coding: ElementCoding { .codebook(Self.codebook, .ternary) }
  public var defaultClipping: Clipping { .mean }

  static let codebook = Codebook(bits: 2) { [0, 1, -1, nil][Int($0)] }
}
