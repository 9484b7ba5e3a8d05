import Foundation
import Harness
import Models
import Testing

/// The section `data`: several texts, shares for validation, token files.
@Suite("Training data")
struct TrainingDataTests {
  private static func spec(data: String, vocabulary: Int = 256) -> String {
    TinyExperiment.spec
      .replacingOccurrences(of: "{corpus: text.txt, context: 8}", with: data)
      .replacingOccurrences(of: "vocab_size: 256", with: "vocab_size: \(vocabulary)")
  }

  /// Runs a chain in a new folder with two texts and a token file.
  private static func run(_ spec: String) throws -> ResultFile {
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = try TinyExperiment.write(to: folder, spec: spec)
    try String(repeating: "To be, or not to be, that is the question. ", count: 20).write(
      to: folder.appendingPathComponent("other.txt"), atomically: true, encoding: .utf8)
    let tokens = (0..<2000).map { UInt16(($0 * $0) % 300) }
    try Data(TokenFile(tokens: tokens).bytes).write(to: folder.appendingPathComponent("text.bin"))
    return try Experiment(readingSpecAt: path).run(
      arithmetic: TinyExperiment.arithmetic(), commandLine: "pogo run tiny.yaml",
      observer: SilentObserver())
  }

  @Test(
    "chains of every kind of data can be audited from the result alone",
    arguments: [
      ("{corpora: [{corpus: text.txt}, {corpus: other.txt}], context: 8, validation: 0.2}", 256),
      (
        "{corpora: [{corpus: text.txt, weight: 1}, {corpus: other.txt, weight: 9}], context: 8, "
          + "sampling: weighted}", 256
      ),
      ("{corpus: other.txt, context: 8, sampling: sequential, validation: 0.1}", 256),
      ("{corpus: text.bin, tokenizer: llm.c, context: 8, validation: 0.25}", 300),
    ])
  func auditable(data: String, vocabulary: Int) throws {
    var result = try Self.run(Self.spec(data: data, vocabulary: vocabulary))
    let plain = try TinyExperiment.run()
    #expect(result.exactDigest != plain.exactDigest)
    result.attributes.append(("exact_digest", result.exactDigest.hex))
    var audit = Audit(file: result, arithmetic: TinyExperiment.arithmetic())
    let summary = try audit.run()
    #expect(summary.signatures > 0)
  }

  @Test(
    "data that cannot be are refused with the place and the remedy",
    arguments: [
      (
        "{corpus: text.bin, context: 8}",
        "text.bin is a token file of llm.c, not a text; set data.tokenizer: llm.c"
      ),
      ("{corpus: text.txt, tokenizer: llm.c, context: 8}", "text.txt: no llm.c token file"),
      (
        "{corpus: text.bin, tokenizer: llm.c, context: 8}",
        "text.bin: token 16 is 256, but the model's vocabulary has 256; use a model of a larger "
          + "vocabulary (model.vocab_size)"
      ),
      (
        "{corpus: other.txt, context: 8, validation: 0.005}",
        "text 1 keeps 4 tokens for validation, but one context and its target need 9"
      ),
      (
        "{corpus: other.txt, context: 8, validation: 0.995}",
        "text 1 has 5 tokens to train on, but one context and its target need 9"
      ),
    ])
  func refusedFiles(data: String, words: String) throws {
    var message = ""
    do { _ = try Self.run(Self.spec(data: data)) } catch { message = "\(error)" }
    #expect(message.contains(words), "\(message)")
  }

  @Test(
    "specs of data are refused by key",
    arguments: [
      ("{context: 8}", "missing key 'data.corpus': the path of a text file"),
      (
        "{corpus: a, corpora: [{corpus: b}], context: 8}",
        "data.corpora must not stand beside corpus"
      ),
      ("{corpora: [], context: 8}", "data.corpora"),
      ("{corpora: [{weight: 2}], context: 8}", "missing key 'data.corpora[0].corpus'"),
      (
        "{corpora: [{corpus: a, weight: 0}], context: 8}",
        "data.corpora[0].weight must be an integer in 1...1000000, but is '0'"
      ),
      (
        "{corpora: [{corpus: a, wieght: 1}], context: 8}",
        "unknown key 'wieght' in data.corpora[0]; did you mean 'weight'?"
      ),
      (
        "{corpus: a, sampling: random, context: 8}",
        "data.sampling must be one of uniform, sequential, weighted, but is 'random'"
      ),
      (
        "{corpus: a, validation: 1, context: 8}",
        "data.validation must be a number of at least 0 and below 1, but is '1'"
      ),
      (
        "{corpus: a, tokenizer: bpe, context: 8}",
        "data.tokenizer must be one of bytes, llm.c, but is 'bpe'"
      ),
    ])
  func refusedKeys(data: String, words: String) throws {
    let error = #expect(throws: SpecError.self) {
      try Spec.read(text: Self.spec(data: data), fileName: "f.yaml")
    }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }
}
