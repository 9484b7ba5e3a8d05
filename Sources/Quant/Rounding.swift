import Kernels

/// Where a value between two codes goes.
public enum Rounding: String, Sendable, Hashable, CaseIterable {
  /// To the nearest, ties to the even code.
  case nearest
  /// Up or down at random, so that the mean is the value itself (within the range of the codes).
  case stochastic

  /// Number in canonical bytes.
  public var identifier: UInt8 { self == .nearest ? 0 : 1 }

  /// The rounding with the number `identifier`.
  public init?(identifier: UInt8) {
    guard let found = Self.allCases.first(where: { $0.identifier == identifier }) else {
      return nil
    }
    self = found
  }
}

/// The random numbers of stochastic rounding: word i of the stream, over 2^32, decides about value
/// i of the whole vector, wherever and in whichever order it is encoded.
struct RoundingDraws {
  let stream: RandomStream
  /// The place in the vector of the value that `next` decides about.
  private var index: UInt64
  private var words: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
  private var isLoaded = false

  init(_ stream: RandomStream, at index: Int) {
    self.stream = stream
    self.index = UInt64(index)
  }

  /// Uniform in 0..<1.
  mutating func next() -> Double {
    if !isLoaded || index % 4 == 0 {
      words = stream.block(at: index / 4)
      isLoaded = true
    }
    let word: UInt32
    switch index % 4 {
    case 0: word = words.0
    case 1: word = words.1
    case 2: word = words.2
    default: word = words.3
    }
    index += 1
    return Double(word) * 0x1p-32
  }
}
