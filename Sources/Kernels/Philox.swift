/// The counter-based random function Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy
/// as 1, 2, 3", SC 2011; Random123).
public struct Philox4x32: Sendable {
  /// The four words of one block.
  public static func block(
    counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var (c0, c1, c2, c3) = counter
    var (k0, k1) = key
    for _ in 0..<10 {
      let product0 = c0.multipliedFullWidth(by: 0xd251_1f53)
      let product1 = c2.multipliedFullWidth(by: 0xcd9e_8d57)
      (c0, c1, c2, c3) = (
        product1.high ^ c1 ^ k0, product1.low, product0.high ^ c3 ^ k1, product0.low
      )
      k0 &+= 0x9e37_79b9
      k1 &+= 0xbb67_ae85
    }
    return (c0, c1, c2, c3)
  }
}

/// An endless stream of random words, a pure function of seed, stream and index.
///
/// Word i is word i % 4 of the Philox4x32-10 block with counter (lo(i / 4), hi(i / 4), lo(stream),
/// hi(stream)) and key (lo(seed), hi(seed)).
public struct RandomStream: Sendable, Hashable {
  /// Key of the generator.
  public let seed: UInt64
  /// Which of the independent streams of the seed.
  public let stream: UInt64

  /// The stream `stream` of `seed`.
  public init(seed: UInt64, stream: UInt64) {
    self.seed = seed
    self.stream = stream
  }

  /// Word `index` of the stream.
  public func word(at index: UInt64) -> UInt32 {
    let words = block(at: index / 4)
    switch index % 4 {
    case 0: return words.0
    case 1: return words.1
    case 2: return words.2
    default: return words.3
    }
  }

  /// Words 4 * `index` ... 4 * `index` + 3 of the stream.
  public func block(at index: UInt64) -> (UInt32, UInt32, UInt32, UInt32) {
    Philox4x32.block(
      counter: (
        UInt32(truncatingIfNeeded: index), UInt32(index >> 32),
        UInt32(truncatingIfNeeded: stream), UInt32(stream >> 32)
      ), key: (UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32)))
  }

  /// The upper 24 bits of word `index` over 2^24: uniform in [0, 1).
  public func uniform(at index: UInt64) -> Float {
    Float(word(at: index) >> 8) * 0x1p-24
  }

  /// Uniform in 0 ..< `bound`: word `index` times `bound`, over 2^32. No number is favoured by more
  /// than 2^-32.
  public func integer(at index: UInt64, below bound: UInt32) -> UInt32 {
    precondition(bound > 0, "a number below 0")
    return word(at: index).multipliedFullWidth(by: bound).high
  }
}
