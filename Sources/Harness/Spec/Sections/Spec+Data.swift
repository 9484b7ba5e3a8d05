import Models
import Protocol

extension Spec {
  /// What a model is trained on (`data`).
  public struct Data: Sendable, Equatable {
    /// How files become tokens (`tokenizer`).
    public enum Tokenizer: String, CaseIterable, Sendable {
      /// Each byte of the file is one token.
      case bytes
      /// The file holds tokens already, in the format of llm.c.
      case llmc = "llm.c"
    }

    /// How sequences are chosen (`sampling`).
    public enum Sampling: String, CaseIterable, Sendable {
      /// All windows of all texts are equally likely.
      case uniform
      /// One stretch of a sequence's length after the other.
      case sequential
      /// First a text by its weight, then one of its windows.
      case weighted

      /// The rule of the protocol.
      var rule: DataRule.Sampling {
        switch self {
        case .uniform: .uniform
        case .sequential: .sequential
        case .weighted: .weighted
        }
      }
    }

    /// One file (`corpora`).
    public struct Text: Sendable, Equatable {
      /// Its path (`corpus`), relative to the folder of the spec file.
      public var path: String
      /// How often it is drawn with weighted sampling (`weight`).
      public var weight: Int
    }

    /// The files (`corpus`, or `corpora`), at least one.
    public var texts: [Text]
    /// How files become tokens (`tokenizer`).
    public var tokenizer: Tokenizer
    /// Tokens of one training sequence (`context`); at most the model's context.
    public var contextLength: Int
    /// How sequences are chosen (`sampling`).
    public var sampling: Sampling
    /// Share at the end of each text that is only measured on (`validation`).
    public var validation: Double
  }
}

extension Spec.Data {
  /// Reads `data` for a model.
  public init(reading section: inout SpecSection, model: Spec.Model) throws(SpecError) {
    let path: String? = try section.textOrNil(
      "corpus", "the path of a text file", isRequired: !section.has("corpora"),
      example: "Data/kjv.txt",
      doc: "The text that is trained on; the path is relative to this spec's folder."
    ) { Spec.isLine($0, limit: 4096) ? $0 : nil }
    let list = try section.list(
      "corpora", limit: DataRule.mostParts,
      doc: "Several texts instead of `corpus`: no sequence goes from one to the next."
    ) { entry throws(SpecError) in try Text(reading: &entry) }
    if !section.isDescribing {
      try section.require(
        path == nil || list == nil, "corpora", "must not stand beside corpus; put all texts here")
      try section.require(list?.isEmpty != true, "corpora", "must hold at least one text")
    }
    texts = list ?? path.map { [Text(path: $0, weight: 1)] } ?? []
    tokenizer = try section.choice(
      "tokenizer", of: Tokenizer.self, default: .bytes,
      doc:
        "How files become tokens; `bytes`: each byte is one; `llm.c`: token files of llm.c (16 bits)."
    )
    contextLength = try section.integer(
      "context", in: 1...131_072, default: 64, unit: "token",
      doc: "Length of a training sequence; at most the model's context.")
    sampling = try section.choice(
      "sampling", of: Sampling.self, default: .uniform,
      doc:
        "How sequences are chosen: `uniform` over all windows; `sequential`, one stretch after the "
        + "other from a drawn place; `weighted`, first a text by its weight, then a window.")
    validation = try section.number(
      "validation", .rateBelowOne, default: 0,
      doc:
        "Share at the end of each text that is never trained on: progress is measured there. 0: "
        + "measured on everything.")
    let longest = model.shape.contextLength
    try section.require(
      section.isDescribing || contextLength <= longest, "context",
      "must be at most the model's context (\(longest)), but is '\(contextLength)'")
  }

  /// The files, by the names `corpus`, `corpus_2` and so on, behind a prefix.
  func inputs(prefix: String = "") -> [InputFile] {
    texts.enumerated().map { InputFile(Self.inputName(prefix, $0.offset), path: $0.element.path) }
  }

  static func inputName(_ prefix: String, _ index: Int) -> String {
    prefix + (index == 0 ? "corpus" : "corpus_\(index + 1)")
  }

  /// The names of the files without their folders, for tables.
  var fileNames: String {
    texts.map { String($0.path.split(separator: "/").last ?? "") }.joined(separator: " + ")
  }
}

extension Spec.Data.Text: SpecReadable {
  /// Reads one text.
  public init(reading section: inout SpecSection) throws(SpecError) {
    path = try section.text(
      "corpus", "the path of a text file", example: "Data/kjv.txt",
      doc: "The text; the path is relative to this spec's folder."
    ) { Spec.isLine($0, limit: 4096) ? $0 : nil }
    weight = try section.integer(
      "weight", in: 1...1_000_000, default: 1,
      doc: "How often it is drawn beside the others, with `sampling: weighted`.")
  }
}
