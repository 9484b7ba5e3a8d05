extension Spec {
  /// How gradients and the model's twin are quantized (`quantization`).
  public struct Quantization: Sendable, Equatable {
    /// The codes that floats become.
    public enum Codes: String, CaseIterable, Sendable {
      /// Signed whole numbers with one scale for each group.
      case int
    }

    /// How a float between two codes is rounded.
    public enum Rounding: String, CaseIterable, Sendable {
      /// To the nearest code.
      case nearest
    }

    /// One way to quantize a vector.
    public struct Format: Sendable, Equatable {
      /// The codes that floats become (`format`).
      public var codes: Codes
      /// Bits of a code (`bits`).
      public var bits: Int
      /// Elements that share a scale (`group`).
      public var groupSize: Int
      /// How a float between two codes is rounded (`rounding`).
      public var rounding: Rounding
    }

    /// For the gradients that a miner publishes (`gradient`).
    public var gradient: Format
    /// For the quantized twin of the model (`model`).
    public var model: Format
  }
}

extension Spec.Quantization: SpecReadable {
  /// Reads `quantization`.
  public init(reading section: inout SpecSection) throws(SpecError) {
    gradient = try section.section("gradient", doc: "The gradients that a miner publishes.")
    model = try section.section("model", doc: "The quantized twin of the model.")
  }
}

extension Spec.Quantization.Format: SpecReadable {
  /// Reads one format.
  public init(reading section: inout SpecSection) throws(SpecError) {
    codes = try section.choice(
      "format", of: Spec.Quantization.Codes.self, default: .int,
      doc: "The codes that floats become; `int`: signed whole numbers, one scale a group.")
    bits = try section.integer("bits", in: 2...8, default: 4, unit: "bit", doc: "Bits of a code.")
    groupSize = try section.integer(
      "group", in: 16...4096, default: 64, unit: "value", doc: "Values that share a scale.")
    rounding = try section.choice(
      "rounding", of: Spec.Quantization.Rounding.self, default: .nearest,
      doc: "How a float between two codes is rounded.")
  }
}
