/// Tokens in the `.bin` format of llm.c (karpathy/llm.c, `dev/data/data_common.py`): 256 int32 of
/// header, of which the first are magic, version and count, then `count` uint16; all little endian.
public struct TokenFile: Sendable, Hashable {
  /// The tokens in their order.
  public let tokens: [UInt16]

  /// First number of the header.
  public static let magic: Int32 = 20_240_520
  /// The version whose tokens are uint16.
  public static let version: Int32 = 1
  /// Bytes of the header.
  public static let headerByteCount = 1024

  /// A file of these tokens, fewer than 2^31.
  public init(tokens: [UInt16]) {
    precondition(tokens.count <= Int(Int32.max), "\(tokens.count) tokens")
    self.tokens = tokens
  }

  /// Reads the bytes of a file.
  ///
  /// Throws ``TokenFileError`` unless the header is llm.c's and as many tokens follow as it says.
  public init(bytes: [UInt8]) throws(TokenFileError) {
    guard bytes.count >= Self.headerByteCount else { throw .tooShort(byteCount: bytes.count) }
    func word(_ index: Int) -> Int32 {
      Int32(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[4 * index + $1]) << (8 * $1) })
    }
    guard word(0) == Self.magic else { throw .wrongMagic(word(0)) }
    guard word(1) == Self.version else { throw .wrongVersion(word(1)) }
    let stored = bytes.count - Self.headerByteCount
    guard word(2) >= 0, stored == 2 * Int(word(2)) else {
      throw .wrongCount(claimed: Int(word(2)), byteCount: stored)
    }
    tokens = (0..<Int(word(2))).map { index in
      let place = Self.headerByteCount + 2 * index
      return UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8
    }
  }

  /// The bytes of the file.
  public var bytes: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.headerByteCount)
    for (index, word) in [Self.magic, Self.version, Int32(tokens.count)].enumerated() {
      for byte in 0..<4 { bytes[4 * index + byte] = UInt8(truncatingIfNeeded: word >> (8 * byte)) }
    }
    bytes.reserveCapacity(bytes.count + 2 * tokens.count)
    for token in tokens {
      bytes.append(UInt8(truncatingIfNeeded: token))
      bytes.append(UInt8(truncatingIfNeeded: token >> 8))
    }
    return bytes
  }

  /// The first `sequenceCount` sequences one after the other: sequence i holds the tokens from
  /// `i * contextLength` on, and its targets are the same shifted by one.
  ///
  /// Throws ``ModelError`` if the file is too short or holds a token outside of the vocabulary.
  public func leadingBatch(
    sequenceCount: Int, contextLength: Int, vocabularySize: Int
  ) throws(ModelError) -> TokenBatch {
    guard sequenceCount > 0, contextLength > 0 else {
      throw .invalidShape(
        "a batch needs at least one sequence and one token, but has \(sequenceCount) of "
          + "\(contextLength)")
    }
    let (positions, overflow) = sequenceCount.multipliedReportingOverflow(by: contextLength)
    guard !overflow, positions < tokens.count else {
      throw .invalidShape(
        "\(sequenceCount) x \(contextLength) tokens and the last target are needed, but there are "
          + "\(tokens.count) tokens")
    }
    return try TokenBatch(
      sequenceCount: sequenceCount, contextLength: contextLength,
      tokens: tokens[..<positions].map(Int32.init), targets: tokens[1...positions].map(Int32.init),
      vocabularySize: vocabularySize)
  }
}

/// Why bytes are no token file.
public enum TokenFileError: Error, Sendable, Hashable, CustomStringConvertible {
  case tooShort(byteCount: Int)
  case wrongMagic(Int32)
  case wrongVersion(Int32)
  case wrongCount(claimed: Int, byteCount: Int)

  public var description: String {
    switch self {
    case .tooShort(let bytes):
      "no llm.c token file: \(bytes) bytes are fewer than its header of \(TokenFile.headerByteCount)"
    case .wrongMagic(let magic):
      "no llm.c token file: it starts with \(magic) instead of \(TokenFile.magic)"
    case .wrongVersion(let version):
      "llm.c token file of version \(version), but only version \(TokenFile.version) (uint16 tokens) "
        + "is read"
    case .wrongCount(let claimed, let bytes):
      "the header claims \(claimed) tokens, but \(bytes) bytes follow instead of two for each"
    }
  }
}
