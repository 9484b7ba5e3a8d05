import Models
import Protocol

/// The tokens of a spec's `data` with the rule by which sequences are chosen.
struct TrainingData {
  /// All texts, one behind the other.
  let corpus: Corpus
  /// How sequences are chosen from them.
  let rule: DataRule

  /// From the contents of the files, in the order of the spec.
  ///
  /// Throws ``PlanError`` for files that hold no tokens for a model of this vocabulary.
  init(_ data: Spec.Data, files: [[UInt8]], vocabularySize: Int) throws(PlanError) {
    guard files.count == data.texts.count else {
      throw .impossible("data names \(data.texts.count) texts, but there are \(files.count)")
    }
    guard let validation = PartsPerMillion(fraction: data.validation) else {
      throw .impossible("data.validation must be in 0...1, but is \(data.validation)")
    }
    let width: TokenWidth = data.tokenizer == .bytes ? .byte : .uint16
    var bytes: [UInt8] = []
    var parts: [DataRule.Part] = []
    for (text, file) in zip(data.texts, files) {
      let tokens = try Self.tokens(file, of: text.path, data.tokenizer, vocabularySize)
      parts.append(
        .init(
          tokenCount: UInt64(tokens.count / width.byteCount), weight: UInt32(clamping: text.weight))
      )
      bytes += tokens
    }
    do { corpus = try Corpus(bytes: bytes, tokenWidth: width) } catch {
      throw .impossible("\(error)")
    }
    rule = DataRule(
      tokenWidth: width, parts: parts, sampling: data.sampling.rule, validation: validation)
  }

  /// The bytes of a file's tokens.
  private static func tokens(
    _ file: [UInt8], of path: String, _ tokenizer: Spec.Data.Tokenizer, _ vocabularySize: Int
  ) throws(PlanError) -> [UInt8] {
    let magic = withUnsafeBytes(of: TokenFile.magic.littleEndian) { Array($0) }
    guard tokenizer == .llmc else {
      guard !file.starts(with: magic) else {
        throw .impossible(
          "\(path) is a token file of llm.c, not a text; set data.tokenizer: llm.c")
      }
      return file
    }
    let tokens: [UInt16]
    do { tokens = try TokenFile(bytes: file).tokens } catch {
      throw .impossible("\(path): \(error)")
    }
    if let position = tokens.firstIndex(where: { Int($0) >= vocabularySize }) {
      throw .impossible(
        "\(path): token \(position) is \(tokens[position]), but the model's vocabulary has "
          + "\(vocabularySize); use a model of a larger vocabulary (model.vocab_size)")
    }
    return Array(file[TokenFile.headerByteCount...])
  }
}

extension Inputs {
  /// The contents of the files of a `data` section, in its order, that are in memory already.
  init(files: [[UInt8]]) {
    self.init(
      Dictionary(
        uniqueKeysWithValues: files.enumerated().map {
          (Spec.Data.inputName("", $0.offset), $0.element)
        }))
  }

  /// The files of `data`, in its order.
  func files(_ data: Spec.Data, prefix: String = "") -> [[UInt8]] {
    data.texts.indices.map { bytes(Spec.Data.inputName(prefix, $0)) }
  }
}
