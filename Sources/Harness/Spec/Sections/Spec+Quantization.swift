import Quant

extension Spec {
  /// How gradients and the model's twin are quantized (`quantization`).
  public struct Quantization: Sendable, Equatable {
    /// One way to quantize a vector.
    public struct Format: Sendable, Equatable {
      /// All of it.
      public var value: QuantizationFormat

      /// Bits of a code (`bits`).
      public var bits: Int { value.element.bits }
      /// Values that share a scale (`group`); as good as infinitely many for a whole tensor.
      public var groupSize: Int { value.groupSize }
      /// Where a float between two codes goes (`rounding`).
      public var rounding: Rounding { value.rounding }
    }

    /// For the gradients that a miner publishes (`gradient`).
    public var gradient: Format
    /// For the quantized twin of the model (`model`).
    public var model: Format
    /// For what the optimizer remembers between steps (`optimizer`); nil for float32.
    public var optimizer: Format?
  }
}

extension Spec.Quantization: SpecReadable {
  /// Reads `quantization`.
  public init(reading section: inout SpecSection) throws(SpecError) {
    gradient = try section.section("gradient", doc: "The gradients that a miner publishes.")
    model = try section.section("model", doc: "The quantized twin of the model.")
    optimizer = try section.optionalSection(
      "optimizer",
      doc: "What the optimizer remembers between steps (`momentum`, `adamw`); by default float32.")
  }
}

extension Spec.Quantization.Format: SpecReadable {
  /// What a group's scale can be shared by.
  private enum Granularity: String, CaseIterable {
    case group, tensor
  }

  /// `int` and `uint`, whose widths are a key of their own, every other element, and short names.
  static let names: [String] =
    ["int", "uint"]
    + Element.all.map(\.name).filter { !$0.hasPrefix("int") && !$0.hasPrefix("uint") }
    + QuantizationFormat.aliases.map(\.name)

  /// Reads one format.
  public init(reading section: inout SpecSection) throws(SpecError) {
    let name = try section.choice(
      "format", among: Self.names, default: "int",
      doc: "The codes that floats become (`pogo list formats`); `int` and `uint`: symmetric and "
        + "asymmetric integers of `bits` bits.")
    let isInteger = name == "int" || name == "uint"
    // What a name means by itself; integers of any width have the same defaults.
    let base = Self.format(named: isInteger ? "\(name)4" : name)
    let own = base.element.bits
    let bits = try section.integer(
      "bits", in: isInteger ? 2...8 : own...own, default: own, unit: "bit",
      doc: "Bits of a code; formats other than `int` and `uint` have their own.")
    let format = isInteger ? Self.format(named: "\(name)\(bits)") : base
    let definition = format.element.format
    let group = try section.integer(
      "group", in: 16...4096, default: max(16, format.groupSize), unit: "value",
      doc: "Values that share a scale.")
    let granularity = try section.choice(
      "granularity", of: Granularity.self, default: .group,
      doc: "Whether a scale is that of a `group` or of the whole `tensor`.")
    let scale = try section.choice(
      "scale", among: definition.scales.map(\.rawValue), default: format.scale.rawValue,
      doc: "How scales are stored; `double` quantizes them again, 256 together, and FP8 can go "
        + "without any (`none`).")
    let rounding = try section.choice(
      "rounding", of: Rounding.self, default: .nearest,
      doc: "Where a float between two codes goes.")
    let clipping: Clipping = try section.text(
      "clipping", "absmax, mean, mse, or a percentile such as p99.9",
      default: definition.defaultClipping.name, example: "absmax",
      doc: "What fits a scale to its group: the largest magnitude (`absmax`), the mean magnitude "
        + "(`mean`, of one- and two-bit codes), a percentile of magnitudes (`p99.9`), or the scale "
        + "with the smallest squared error (`mse`).",
      accept: Clipping.init(name:))
    let rotation = try section.integer(
      "rotation", in: 0...Rotation.allowedSizes.upperBound, default: 0, unit: "value",
      doc: "Size of the blocks that a randomized Hadamard transform turns before quantizing: a "
        + "power of two, 0 for none.")
    do {
      value = try QuantizationFormat(
        format.element,
        groupSize: granularity == .tensor ? QuantizationFormat.wholeTensor : group,
        scale: ScaleFormat(rawValue: scale), rounding: rounding, clipping: clipping,
        rotation: rotation == 0 ? nil : Rotation(size: rotation))
    } catch {
      value = format
      let key =
        switch error {
        case .rotationSize, .rotationNotOffered, .optionNotOffered("rotation", _): "rotation"
        case .optionNotOffered, .percentileOutOfRange: "clipping"
        default: "granularity"
        }
      try section.require(false, key, "does not fit the rest: \(error)")
    }
  }

  private static func format(named name: String) -> QuantizationFormat {
    guard let format = try? QuantizationFormat(named: name) else {
      preconditionFailure("'\(name)' is offered, but is no format")
    }
    return format
  }
}
