import Models

extension Spec {
  /// A published value that ours stands beside (`reference`).
  public struct Reference: Sendable, Equatable {
    /// What can be published.
    public enum Quantity: String, CaseIterable, Sendable {
      case parameters
      case embeddingParameters = "embedding_parameters"
      case nonEmbeddingParameters = "non_embedding_parameters"
      case trainingFLOPs = "training_flops"
      case petaflopDays = "petaflop_days"
      case acceleratorHours = "accelerator_hours"
      case energy = "training_megawatt_hours"
      case verificationRatio = "verification_ratio"
      /// Making a proof of one optimizer step, beside training it.
      case stepProofSeconds = "step_proof_seconds"
      /// What its verifier is sent.
      case stepProofBytes = "step_proof_bytes"
      /// Checking it.
      case stepCheckSeconds = "step_check_seconds"
    }

    /// What it is (`quantity`).
    public var quantity: Quantity
    /// Of which shape (`preset`).
    public var preset: String
    /// The number (`value`).
    public var value: Double
    /// Significant digits that were printed (`digits`).
    public var digits: Int
    /// Parameters that its author counted with (`counted_parameters`); nil for the exact ones.
    public var countedParameters: Double?
    /// Tokens that it is about (`tokens`); nil where it is about none.
    public var tokens: Double?
    /// Where it stands (`source`).
    public var source: String
  }
}

extension Spec.Reference: SpecReadable {
  /// Reads one published value.
  public init(reading section: inout SpecSection) throws(SpecError) {
    quantity = try section.choice("quantity", of: Quantity.self, doc: "What was published.")
    preset = try section.choice(
      "preset", among: ModelShape.presets.map(\.name), doc: "The shape that it is about.")
    value = try section.number("value", .positive, doc: "The published number.")
    digits = try section.integer(
      "digits", in: 1...15, default: 3, doc: "Significant digits that were printed.")
    countedParameters = try section.optionalNumber(
      "counted_parameters", .positive,
      doc: "Parameters that its author multiplied with, as printed; by default the exact ones.")
    tokens = try section.optionalNumber(
      "tokens", .positive, unit: "token", doc: "Tokens of the training that it is about.")
    source = try section.text(
      "source", "one line of at most 300 characters", example: "arXiv 2005.14165, table D.1",
      doc: "Where it stands."
    ) { Spec.isLine($0, limit: 300) ? $0 : nil }
    let isAboutTokens =
      switch quantity {
      case .trainingFLOPs, .petaflopDays, .acceleratorHours, .energy: true
      default: false
      }
    try section.require(
      !isAboutTokens || tokens != nil, "tokens",
      "must stand beside a published \(quantity.rawValue)")
  }
}
