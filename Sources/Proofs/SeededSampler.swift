/// Random choices that everyone derives alike from a seed.
///
/// SHA-256 in counter mode: key = tagged("PoGO/sampler", domain, seed), block i =
/// SHA-256(key ‖ u64 i), i = 0, 1, 2 ...; each block gives four u64, all little endian. The same
/// seed and domain give the same choices on every machine.
public struct SeededSampler: Sendable {
  private let key: Digest
  private var nextBlock: UInt64 = 0
  private var block = Digest.zero
  private var wordsLeft = 0

  /// The choices of `seed` for one purpose, named by `domain`; other domains are independent.
  public init(seed: Digest, domain: String) {
    key = .tagged("PoGO/sampler", domain, seed)
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    if wordsLeft == 0 {
      var writer = CanonicalWriter(reservingCapacity: 40)
      writer.append(key)
      writer.append(nextBlock)
      block = SHA256.hash(writer.bytes)
      nextBlock += 1
      wordsLeft = 4
    }
    wordsLeft -= 1
    return block.littleEndianWord(3 - wordsLeft)
  }

  /// A number in 0..<bound, each with the same probability; `bound` is at least 1.
  ///
  /// Takes x mod bound of the first 64-bit draw x with x >= 2^64 mod bound. The draws it passes
  /// over are exactly those that would make small numbers more likely.
  public mutating func uniform(below bound: UInt64) -> UInt64 {
    precondition(bound > 0, "there is no number below zero")
    let rejected = (0 &- bound) % bound
    var draw = next()
    while draw < rejected { draw = next() }
    return draw % bound
  }

  /// `k` different numbers out of 0..<n, every such set with the same probability, ascending.
  /// 0 <= k <= n.
  ///
  /// Floyd's algorithm (Bentley and Floyd, CACM 30(9), 1987): for j = n - k ..< n draw t in 0...j
  /// and take t, or j if t is taken already. k draws and memory for k numbers, whatever n is.
  public mutating func distinctIndices(_ k: Int, below n: Int) -> [Int] {
    precondition(0 <= k && k <= n, "cannot draw more numbers than there are")
    var taken = Set<Int>(minimumCapacity: k)
    for last in (n - k)..<n {
      let draw = Int(uniform(below: UInt64(last) + 1))
      if !taken.insert(draw).inserted { taken.insert(last) }
    }
    return taken.sorted()
  }
}
