extension Spec {
  /// The text that a model is trained on (`data`).
  public struct Data: Sendable, Equatable {
    /// How text becomes tokens (`tokenizer`).
    public enum Tokenizer: String, CaseIterable, Sendable {
      /// Each byte of the file is one token.
      case bytes
    }

    /// Path of the text file (`corpus`), relative to the folder of the spec file.
    public var corpus: String
    /// How text becomes tokens (`tokenizer`).
    public var tokenizer: Tokenizer
    /// Tokens of one training sequence (`context`); at most the model's context.
    public var contextLength: Int
  }
}

extension Spec.Data {
  /// Reads `data` for a model.
  public init(reading section: inout SpecSection, model: Spec.Model) throws(SpecError) {
    corpus = try section.text(
      "corpus", "the path of a text file", example: "Data/kjv.txt",
      doc: "The text that is trained on; the path is relative to this spec's folder."
    ) { Spec.isLine($0, limit: 4096) ? $0 : nil }
    tokenizer = try section.choice(
      "tokenizer", of: Tokenizer.self, default: .bytes,
      doc: "How text becomes tokens; `bytes`: each byte is one.")
    contextLength = try section.integer(
      "context", in: 1...131_072, default: 64, unit: "token",
      doc: "Length of a training sequence; at most the model's context.")
    let longest = model.shape.contextLength
    try section.require(
      section.isDescribing || contextLength <= longest, "context",
      "must be at most the model's context (\(longest)), but is '\(contextLength)'")
  }
}
