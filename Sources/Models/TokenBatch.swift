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

/// A text as a row of byte tokens (vocabulary 256).
public struct Corpus: Sendable {
  /// The tokens, one byte each.
  public let bytes: [UInt8]

  /// A corpus of these bytes.
  public init(bytes: [UInt8]) { self.bytes = bytes }

  /// Number of places where a sequence of `contextLength` tokens and its last target can start.
  public func windowCount(contextLength: Int) throws(ModelError) -> Int {
    guard contextLength > 0 else {
      throw .invalidShape("a sequence has at least one token, but \(contextLength) were asked for")
    }
    guard bytes.count > contextLength else {
      throw .corpusTooShort(tokens: bytes.count, needed: contextLength &+ 1)
    }
    return bytes.count - contextLength
  }

  /// The batch whose sequences start at `starts`.
  ///
  /// Throws if a window does not lie inside the corpus.
  public func batch(startingAt starts: [Int], contextLength: Int) throws(ModelError) -> TokenBatch {
    let windows = try windowCount(contextLength: contextLength)
    var tokens: [Int32] = []
    var targets: [Int32] = []
    tokens.reserveCapacity(starts.count * contextLength)
    targets.reserveCapacity(starts.count * contextLength)
    for start in starts {
      guard (0..<windows).contains(start) else {
        throw .invalidShape("a window starts at \(start), but the last one at \(windows - 1)")
      }
      for position in start..<start + contextLength {
        tokens.append(Int32(bytes[position]))
        targets.append(Int32(bytes[position + 1]))
      }
    }
    return try TokenBatch(
      sequenceCount: starts.count, contextLength: contextLength, tokens: tokens, targets: targets,
      vocabularySize: 256)
  }
}
