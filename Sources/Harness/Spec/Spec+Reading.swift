extension Spec {
  /// Reads and validates the YAML `text` of a spec.
  ///
  /// - Parameters:
  ///   - text: YAML, at most 1 MiB.
  ///   - fileName: how messages call the file; nothing is opened.
  ///   - presets: the names that `model.preset` accepts.
  /// - Throws: `SpecError` for the first thing that is wrong, with its line.
  public static func read(
    text: String, fileName: String, presets: [String]
  ) throws(SpecError) -> Spec {
    var file = try SpecSection(text: text, fileName: fileName)
    return try Spec(reading: &file, presets: presets)
  }

  private init(reading file: inout SpecSection, presets: [String]) throws(SpecError) {
    name = try file.text("name", Self.nameRule) { Self.isName($0) ? $0 : nil }
    title = try file.text("title", "one line of 1...200 characters", default: name) {
      Self.isLine($0, limit: 200) ? $0 : nil
    }
    kind = try file.choice("kind", of: Kind.self)
    seed = try file.integer("seed", in: 0...UInt64.max, default: 1)
    var part = try file.section("model", required: "a mapping with \(Model.rule)")
    model = try Model(reading: &part, presets: presets)
    part = try file.section("data", required: "a mapping with corpus")
    data = try Data(reading: &part, model: model)
    part = try file.section(
      "training", required: "a mapping with learning_rate, batch and steps_per_block")
    training = try Training(reading: &part)
    part = try file.section("quantization")
    quantization = try Quantization(reading: &part)
    part = try file.section("commitment")
    commitment = try Commitment(reading: &part)
    part = try file.section("chain", required: "a mapping with blocks")
    chain = try Chain(reading: &part)
    part = try file.section("verification")
    verification = try Verification(reading: &part)
    try file.refuseOtherKeys()
  }

  /// What `isName` accepts, in words.
  static let nameRule = "1...64 characters of a-z, 0-9 and '-'"

  /// Whether `text` can name an experiment or a participant.
  static func isName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.unicodeScalars.allSatisfy { scalar in
        ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "-"
      }
  }

  /// Whether `text` is one line of 1...`limit` characters that can all be seen.
  static func isLine(_ text: String, limit: Int) -> Bool {
    (1...limit).contains(text.count) && text.allSatisfy(isPrintable)
      && !text.allSatisfy(\.isWhitespace)
  }

  /// Whether a character neither ends the line nor controls the terminal.
  static func isPrintable(_ character: Character) -> Bool {
    !character.isNewline
      && character.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
  }
}

extension Spec.Model {
  fileprivate static let rule =
    "either preset or all of n_layers, d_model, n_heads, context and vocab_size"

  fileprivate init(reading section: inout SpecSection, presets: [String]) throws(SpecError) {
    let shapeKeys = ["n_layers", "d_model", "n_heads", "context", "vocab_size"]
    let givenShapeKey = shapeKeys.first(where: section.has)
    if section.has("preset") || givenShapeKey == nil {
      if let givenShapeKey {
        throw section.conflict(
          givenShapeKey, "cannot stand beside model.preset; give \(Self.rule)")
      }
      self = .preset(try section.choice("preset", among: presets))
    } else {
      self = .custom(try Shape(reading: &section))
    }
    try section.refuseOtherKeys()
  }
}

extension Spec.Model.Shape {
  fileprivate init(reading section: inout SpecSection) throws(SpecError) {
    layerCount = try section.integer("n_layers", in: 1...1024)
    dModel = try section.integer("d_model", in: 1...65536)
    headCount = try section.integer("n_heads", in: 1...1024)
    contextLength = try section.integer("context", in: 1...131_072)
    vocabularySize = try section.integer("vocab_size", in: 256...1_048_576)
    guard dModel % headCount == 0 else {
      throw section.conflict(
        "d_model", "must be a multiple of n_heads (\(headCount)), but is '\(dModel)'")
    }
  }
}

extension Spec.Data {
  fileprivate init(reading section: inout SpecSection, model: Spec.Model) throws(SpecError) {
    corpus = try section.text("corpus", "the path of a text file") {
      Spec.isLine($0, limit: 4096) ? $0 : nil
    }
    tokenizer = try section.choice("tokenizer", of: Tokenizer.self, default: .bytes)
    contextLength = try section.integer("context", in: 1...131_072, default: 64)
    if case .custom(let shape) = model, contextLength > shape.contextLength {
      throw section.conflict(
        "context",
        "must be at most model.context (\(shape.contextLength)), but is '\(contextLength)'")
    }
    try section.refuseOtherKeys()
  }
}

extension Spec.Training {
  fileprivate init(reading section: inout SpecSection) throws(SpecError) {
    optimizer = try section.choice("optimizer", of: Optimizer.self, default: .sgd)
    learningRate = try section.number("learning_rate", .positive)
    batchSize = try section.integer("batch", in: 1...65536)
    stepsPerBlock = try section.integer("steps_per_block", in: 1...100_000)
    try section.refuseOtherKeys()
  }
}

extension Spec.Quantization {
  fileprivate init(reading section: inout SpecSection) throws(SpecError) {
    var part = try section.section("gradient")
    gradient = try Format(reading: &part)
    part = try section.section("model")
    model = try Format(reading: &part)
    try section.refuseOtherKeys()
  }
}

extension Spec.Quantization.Format {
  fileprivate init(reading section: inout SpecSection) throws(SpecError) {
    codes = try section.choice("format", of: Spec.Quantization.Codes.self, default: .int)
    bits = try section.integer("bits", in: 2...8, default: 4)
    groupSize = try section.integer("group", in: 16...4096, default: 64)
    rounding = try section.choice(
      "rounding", of: Spec.Quantization.Rounding.self, default: .nearest)
    try section.refuseOtherKeys()
  }
}

extension Spec.Commitment {
  fileprivate init(reading section: inout SpecSection) throws(SpecError) {
    leafByteCount = try section.size("leaf_size", default: 4096)
    try section.refuseOtherKeys()
  }
}

extension Spec.Verification {
  fileprivate init(reading section: inout SpecSection) throws(SpecError) {
    leafRate = try section.number("leaf_rate", .rate, default: 0.02)
    replayRate = try section.number("replay_rate", .rate, default: 0.125)
    progressTokens = try section.integer(
      "progress_tokens", in: 0...1_000_000_000, default: 4096)
    progressMargin = try section.number("progress_margin", .notNegative, default: 0.05)
    try section.refuseOtherKeys()
  }
}
