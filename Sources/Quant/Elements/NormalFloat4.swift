/// NF4 of QLoRA (Dettmers et al., arXiv 2305.14314): 16 values that a normal distribution takes
/// equally often, as bitsandbytes tables them. The code is the rank of the value.
public struct NormalFloat4: ElementFormat {
  public var name: String { "nf4" }
  public var identifier: UInt8 { 32 }
  public var summary: String { "NormalFloat4 of QLoRA and bitsandbytes" }
  public var coding: ElementCoding { .codebook(Self.codebook, .bits(4)) }

  static let codebook = Codebook(bits: 4) { values[Int($0)] }

  private static let values: [Float] = [
    -1, -0x1.647362p-1, -0x1.0cd66p-1, -0x1.94654p-2, -0x1.23449ap-2, -0x1.7a6a7ep-3,
    -0x1.74f0e2p-4, 0, 0x1.45f5fep-4, 0x1.4995c6p-3, 0x1.f809bap-3, 0x1.5a0674p-2,
    0x1.c3497p-2, 0x1.200f56p-1, 0x1.722766p-1, 1,
  ]
}
