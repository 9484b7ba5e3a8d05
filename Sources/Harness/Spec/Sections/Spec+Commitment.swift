extension Spec {
  /// How byte strings are cut into Merkle leaves (`commitment`).
  public struct Commitment: Sendable, Equatable {
    /// Bytes of float32 parameters in a leaf (`leaf_size`).
    public var leafByteCount: Int
  }
}

extension Spec.Commitment: SpecReadable {
  /// Reads `commitment`.
  public init(reading section: inout SpecSection) throws(SpecError) {
    leafByteCount = try section.size(
      "leaf_size", in: 64...(64 << 20), multipleOf: 4, default: "4KiB",
      doc: "float32 bytes of a Merkle leaf: a multiple of 4 times each quantization group.")
  }
}
