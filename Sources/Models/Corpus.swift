/// Bytes of a token in a corpus.
public enum TokenWidth: UInt8, Sendable, Hashable, CaseIterable {
  /// A token is a byte: every file is a corpus, of a vocabulary of 256.
  case byte = 1
  /// A token is a 16-bit number, little endian.
  case uint16 = 2

  /// Bytes of one token.
  public var byteCount: Int { Int(rawValue) }
  /// Tokens there can be.
  public var vocabularySize: Int { self == .byte ? 256 : 65536 }
}

/// A row of tokens that is trained on.
public struct Corpus: Sendable {
  /// The tokens in the order of the text, ``tokenWidth`` bytes each, little endian.
  public let bytes: [UInt8]
  /// Bytes of a token.
  public let tokenWidth: TokenWidth

  /// A corpus of byte tokens.
  public init(bytes: [UInt8]) {
    self.bytes = bytes
    tokenWidth = .byte
  }

  /// A corpus of tokens of this width. Throws if the last one is cut off.
  public init(bytes: [UInt8], tokenWidth: TokenWidth) throws(ModelError) {
    guard bytes.count.isMultiple(of: tokenWidth.byteCount) else {
      throw .invalidShape(
        "\(bytes.count) bytes are no whole tokens of \(tokenWidth.byteCount) bytes")
    }
    self.bytes = bytes
    self.tokenWidth = tokenWidth
  }

  /// Tokens of the corpus.
  public var tokenCount: Int { bytes.count / tokenWidth.byteCount }

  /// Token number `index`, which must be in 0 ..< ``tokenCount``.
  public subscript(index: Int) -> Int32 {
    switch tokenWidth {
    case .byte: Int32(bytes[index])
    case .uint16: Int32(bytes[2 * index]) | Int32(bytes[2 * index + 1]) << 8
    }
  }

  /// Throws unless all tokens are below `vocabularySize`.
  public func requireTokens(below vocabularySize: Int) throws(ModelError) {
    guard vocabularySize < tokenWidth.vocabularySize else { return }
    for index in 0..<tokenCount where self[index] >= vocabularySize {
      throw .tokenOutOfRange(
        token: Int(self[index]), position: index, vocabularySize: vocabularySize)
    }
  }

  /// Number of places where a sequence of `contextLength` tokens and its last target can start.
  public func windowCount(contextLength: Int) throws(ModelError) -> Int {
    guard contextLength > 0 else {
      throw .invalidShape("a sequence has at least one token, but \(contextLength) were asked for")
    }
    guard tokenCount > contextLength else {
      throw .corpusTooShort(tokens: tokenCount, needed: contextLength &+ 1)
    }
    return tokenCount - contextLength
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
        tokens.append(self[position])
        targets.append(self[position + 1])
      }
    }
    return try TokenBatch(
      sequenceCount: starts.count, contextLength: contextLength, tokens: tokens, targets: targets,
      vocabularySize: tokenWidth.vocabularySize)
  }
}
