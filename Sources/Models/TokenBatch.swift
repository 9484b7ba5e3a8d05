/// Some sequences of equal length with the token that follows each position.
public struct TokenBatch: Sendable, Hashable {
  /// Number of sequences, B.
  public let sequenceCount: Int
  /// Tokens a sequence, T.
  public let contextLength: Int
  /// Inputs, (B, T) row-major.
  public let tokens: [Int32]
  /// The next token of each position, (B, T) row-major.
  public let targets: [Int32]

  /// Number of positions, B * T.
  public var positionCount: Int { tokens.count }

  /// Throws unless both arrays hold B * T tokens of the vocabulary.
  public init(
    sequenceCount: Int, contextLength: Int, tokens: [Int32], targets: [Int32], vocabularySize: Int
  ) throws(ModelError) {
    guard sequenceCount > 0, contextLength > 0, targets.count == tokens.count,
      tokens.count.isMultiple(of: contextLength), tokens.count / contextLength == sequenceCount
    else {
      throw .invalidShape(
        "a batch of \(sequenceCount) sequences of \(contextLength) tokens needs as many tokens "
          + "and targets, but has \(tokens.count) and \(targets.count)")
    }
    for values in [tokens, targets] {
      if let position = values.firstIndex(where: { $0 < 0 || Int($0) >= vocabularySize }) {
        throw .tokenOutOfRange(
          token: Int(values[position]), position: position, vocabularySize: vocabularySize)
      }
    }
    self.sequenceCount = sequenceCount
    self.contextLength = contextLength
    self.tokens = tokens
    self.targets = targets
  }

  private init(
    checked tokens: [Int32], targets: [Int32], sequenceCount: Int, contextLength: Int
  ) {
    self.sequenceCount = sequenceCount
    self.contextLength = contextLength
    self.tokens = tokens
    self.targets = targets
  }

  /// Some of the sequences, in their order.
  func sequences(_ range: Range<Int>) -> TokenBatch {
    if range == 0..<sequenceCount { return self }
    let positions = range.lowerBound * contextLength..<range.upperBound * contextLength
    return TokenBatch(
      checked: Array(tokens[positions]), targets: Array(targets[positions]),
      sequenceCount: range.count, contextLength: contextLength)
  }
}
