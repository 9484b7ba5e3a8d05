import Models

extension Spec {
  /// What of the model is trained (`fine_tuning`).
  public struct FineTuning: Sendable, Equatable {
    /// The variants (`variant`).
    public enum Variant: String, CaseIterable, Sendable {
      /// Every parameter.
      case full
      /// Low-rank adapters beside some matrices (LoRA, arXiv 2106.09685).
      case lora
      /// Some tensors.
      case layers
      /// Every parameter, with updates of low rank.
      case lowRank = "low-rank"
    }

    /// Which variant, with its settings.
    public var value: Models.FineTuning

    /// In a few words, for tables.
    public var label: String {
      switch value {
      case .full: "full"
      case .lora(let rank, _, let matrices): "lora \(rank): \(matrices.joined(separator: ", "))"
      case .layers(let patterns): "layers: \(patterns.joined(separator: ", "))"
      case .lowRank(let rank): "low rank \(rank)"
      }
    }
  }

  /// The model that training starts from (`start`).
  public enum Start: Sendable, Equatable {
    /// A folder as `save_pretrained` writes it (`checkpoint`).
    case checkpoint(String)
    /// The final model of a point of a result of kind `chain` (`result`, `point`), counted from 1.
    case result(String, point: Int)
    /// What an earlier stage of the same experiment ended with; no spec says it.
    case pretrained

    /// What a run reads.
    var input: InputFile? {
      switch self {
      case .pretrained: nil
      case .checkpoint(let path): InputFile("start", path: path, form: .checkpoint)
      case .result(let path, let point):
        InputFile("start", path: path, form: .result(point: point))
      }
    }
  }
}

extension Spec.FineTuning: SpecReadable {
  /// Rank and alpha where a spec has none: those of Hugging Face's PEFT.
  static let defaultRank = 8
  /// What gets adapters where a spec does not say it.
  static let defaultMatrices = ["attention"]

  /// Reads `fine_tuning`.
  public init(reading section: inout SpecSection) throws(SpecError) {
    let variant = try section.choice(
      "variant", of: Variant.self,
      doc: "What is trained, committed and published: everything (`full`), adapters of low rank "
        + "beside matrices (`lora`), some tensors (`layers`), or everything, but with each block's "
        + "update published as factors of low rank (`low-rank`; needs `training.quantize: block`).")
    let rank = try section.optionalInteger(
      "rank", in: Models.FineTuning.rankLimits,
      doc: "Rank of the adapters of `lora` (PEFT: `r`) or of the updates of `low-rank`; by default "
        + "\(Self.defaultRank).")
    let alpha = try section.optionalNumber(
      "alpha", .positive,
      doc: "Adapters count alpha / rank times (PEFT: `lora_alpha`); by default \(Self.defaultRank)."
    )
    let targets = try section.optionalTexts(
      "target_modules", "a part or some words of a tensor's name", example: "attention",
      doc:
        "The matrices that get adapters (`lora`, by default `attention`) or the tensors that are "
        + "trained (`layers`): `attention`, `feed_forward`, `norm`, `embedding`, or words of names "
        + "such as `q_proj`, `mlp.c_fc`, `h.3`."
    ) { Spec.isLine($0, limit: 200) ? $0 : nil }
    try section.require(
      rank == nil || variant == .lora || variant == .lowRank, "rank",
      "is for the variants 'lora' and 'low-rank', but the variant is '\(variant.rawValue)'")
    try section.require(
      alpha == nil || variant == .lora, "alpha",
      "is for the variant 'lora', but the variant is '\(variant.rawValue)'")
    try section.require(
      targets == nil || variant == .lora || variant == .layers, "target_modules",
      "is for the variants 'lora' and 'layers', but the variant is '\(variant.rawValue)'")
    try section.require(
      variant != .layers || targets != nil, "target_modules",
      "is missing: the variant 'layers' needs to know which tensors are trained")
    switch variant {
    case .full: value = .full
    case .layers: value = .layers(targets ?? ["norm"])
    case .lowRank:
      value = .lowRank(rank: rank ?? Self.defaultRank)
      if rank == nil { section.resolve("rank", text: "\(Self.defaultRank)") }
    case .lora:
      value = .lora(
        rank: rank ?? Self.defaultRank, alpha: Float(alpha ?? Double(Self.defaultRank)),
        matrices: targets ?? Self.defaultMatrices)
      guard !section.isDescribing else { return }
      if rank == nil { section.resolve("rank", text: "\(Self.defaultRank)") }
      if alpha == nil { section.resolve("alpha", text: "\(Double(Self.defaultRank))") }
      if targets == nil { section.resolve("target_modules", text: "[\"attention\"]") }
    }
  }

  /// Refuses what does not fit the model, at `key` of `section`.
  func require(
    fits shape: ModelShape, at key: String, in section: SpecSection
  ) throws(SpecError) {
    guard !section.isDescribing else { return }
    do { _ = try TrainableParameters(shape, value) } catch {
      throw section.conflict(key, "does not fit the model: \(error)")
    }
  }
}

/// As a section of a spec, before it is known which of its keys stand there.
struct StartSection: SpecReadable {
  let start: Spec.Start

  /// Reads `start`.
  init(reading section: inout SpecSection) throws(SpecError) {
    let path: (String) -> String? = { Spec.isLine($0, limit: 4096) ? $0 : nil }
    let checkpoint = try section.optionalText(
      "checkpoint", "the path of a folder", example: "Checkpoints/gpt2",
      doc: "A folder as `save_pretrained` or `pogo export` writes it; relative to this spec's "
        + "folder, like `result`.", accept: path)
    let result = try section.optionalText(
      "result", "the path of a result", example: "../Results/quickstart.h5",
      doc: "A result of kind `chain`, whose final model is taken.", accept: path)
    let point = try section.optionalInteger(
      "point", in: 1...SpecFile.pointLimit,
      doc: "Which point of the result, from 1; by default 1.")
    try section.require(
      checkpoint == nil || result == nil, "result", "cannot stand beside start.checkpoint")
    try section.require(
      checkpoint != nil || result != nil, "checkpoint",
      "is missing: start needs either checkpoint or result")
    try section.require(
      point == nil || result != nil, "point", "is for start.result, but there is a checkpoint")
    start =
      if let result {
        .result(result, point: point ?? 1)
      } else {
        .checkpoint(checkpoint ?? "")
      }
  }
}
