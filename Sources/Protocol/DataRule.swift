import Models
import Proofs

/// Which sequences of a corpus are trained on, and which only measured: `docs/protocol.md`, section 3.
public struct DataRule: Sendable, Hashable {
  /// One text of the corpus; no sequence goes beyond its end.
  public struct Part: Sendable, Hashable {
    /// Its tokens.
    public let tokenCount: UInt64
    /// How often it is drawn where sampling is weighted, beside the weights of the others.
    public let weight: UInt32

    /// From its parts.
    public init(tokenCount: UInt64, weight: UInt32 = 1) {
      self.tokenCount = tokenCount
      self.weight = weight
    }
  }

  /// How the sequences of a step are chosen.
  public enum Sampling: UInt8, Sendable, Hashable, CaseIterable {
    /// All windows of all texts are equally likely.
    case uniform = 0
    /// One stretch after the other from a place that the training seed draws; after the last the first.
    case sequential = 1
    /// First a text by its weight, then one of its windows.
    case weighted = 2
  }

  /// Bytes of a token.
  public let tokenWidth: TokenWidth
  /// The texts, one behind the other.
  public let parts: [Part]
  /// How sequences are chosen.
  public let sampling: Sampling
  /// Share at the end of each text that is only measured on; 0 measures on everything.
  public let validation: PartsPerMillion

  /// Most texts of a corpus.
  public static let mostParts = 64

  /// From its parts; ``TrainingTask`` checks that they fit its corpus.
  public init(
    tokenWidth: TokenWidth = .byte, parts: [Part], sampling: Sampling = .uniform,
    validation: PartsPerMillion = PartsPerMillion.zero
  ) {
    self.tokenWidth = tokenWidth
    self.parts = parts
    self.sampling = sampling
    self.validation = validation
  }

  /// One text of byte tokens, all windows of which are equally likely: what a task means that has no rule.
  public static func plain(byteCount: UInt64) -> DataRule {
    DataRule(parts: [Part(tokenCount: byteCount)])
  }

  /// Whether it says nothing that ``plain(byteCount:)`` does not.
  public var isPlain: Bool {
    tokenWidth == .byte && parts.count == 1 && sampling == .uniform && validation == .zero
  }

  /// Tokens at the end of a text that are only measured on, rounded down.
  func validationTokens(_ part: Part) -> UInt64 {
    UInt64(UInt128(part.tokenCount) * UInt128(validation.value) / UInt128(PartsPerMillion.whole))
  }

  /// Throws unless the texts make up a corpus of so many bytes and each holds a sequence to train on
  /// and, where some is kept for it, one to measure on.
  func validate(corpusByteCount: UInt64, contextLength: Int) throws(TaskError) {
    guard (1...Self.mostParts).contains(parts.count) else {
      throw .data("a corpus has 1 to \(Self.mostParts) texts, but this one \(parts.count)")
    }
    var bytes: UInt64 = 0
    for (index, part) in parts.enumerated() {
      let (length, isTooLong) = part.tokenCount.multipliedReportingOverflow(
        by: UInt64(tokenWidth.byteCount))
      let (sum, isTooMuch) = bytes.addingReportingOverflow(length)
      guard !isTooLong, !isTooMuch else { throw .data("its texts have more than 2^64 bytes") }
      bytes = sum
      guard sampling != .weighted || (1...1_000_000).contains(part.weight) else {
        throw .data("weights must be 1...1000000, but that of text \(index + 1) is \(part.weight)")
      }
      let kept = validationTokens(part)
      guard part.tokenCount - kept > UInt64(contextLength) else {
        throw .data(
          "text \(index + 1) has \(part.tokenCount - kept) tokens to train on, but one context and "
            + "its target need \(contextLength + 1); a longer text, a shorter context or a smaller "
            + "share for validation helps")
      }
      guard validation == .zero || kept > UInt64(contextLength) else {
        throw .data(
          "text \(index + 1) keeps \(kept) tokens for validation, but one context and its target "
            + "need \(contextLength + 1); a longer text, a shorter context or a larger share helps")
      }
    }
    guard bytes == corpusByteCount else {
      throw .data("its texts have \(bytes) bytes, but the corpus \(corpusByteCount)")
    }
  }
}

extension DataRule: CanonicalCodable {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(tokenWidth.rawValue)
    writer.append(sampling.rawValue)
    writer.append(validation.value)
    writer.append(parts)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let start = reader.offset
    let (width, sampling) = (try reader.readUInt8(), try reader.readUInt8())
    let validation = try reader.readUInt32()
    let parts: [Part] = try reader.readArray()
    guard let width = TokenWidth(rawValue: width), let sampling = Sampling(rawValue: sampling),
      let validation = PartsPerMillion(validation)
    else {
      throw .invalidValue(offset: start, expected: "a rule of data", actual: "other numbers")
    }
    self.init(tokenWidth: width, parts: parts, sampling: sampling, validation: validation)
    guard !isPlain else {
      throw .invalidValue(
        offset: start, expected: "no rule, for one text of bytes", actual: "a rule that says so")
    }
  }
}

extension DataRule.Part: CanonicalCodable {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(tokenCount)
    writer.append(weight)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    tokenCount = try reader.readUInt64()
    weight = try reader.readUInt32()
  }
}
