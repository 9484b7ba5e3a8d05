import Proofs
import Testing

/// The bytes of hexadecimal text; a wrong text fails the test.
func bytes(_ hex: String) throws -> [UInt8] {
  try #require(Hexadecimal.decode(hex))
}

/// The digest of hexadecimal text; a wrong text fails the test.
func digest(_ hex: String) throws -> Digest {
  try #require(Digest(hex: hex))
}

/// 0, 1, 2 ... as 32 bytes.
let countingSeed = Digest(bytes: 0..<32 as Range<UInt8>)!

/// A fixed pseudo-random generator for tests (SplitMix64).
struct TestRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
  }
}

/// RFC 6962, section 2.1, as it is written there. Shares only SHA-256 with the library.
enum MerkleOracle {
  static func root(_ leaves: ArraySlice<[UInt8]>) -> Digest {
    guard let first = leaves.first else { return SHA256.hash([UInt8]()) }
    if leaves.count == 1 { return SHA256.hash([0x00] + first) }
    let middle = leaves.startIndex + split(leaves.count)
    return SHA256.hash([0x01] + root(leaves[..<middle]).bytes + root(leaves[middle...]).bytes)
  }

  /// The same over leaf hashes.
  static func root(leafHashes: ArraySlice<Digest>) -> Digest {
    guard let first = leafHashes.first else { return SHA256.hash([UInt8]()) }
    if leafHashes.count == 1 { return first }
    let middle = leafHashes.startIndex + split(leafHashes.count)
    return SHA256.hash(
      [0x01] + root(leafHashes: leafHashes[..<middle]).bytes
        + root(leafHashes: leafHashes[middle...]).bytes)
  }

  /// PATH(m, D[n]) of section 2.1.1.
  static func path(_ index: Int, _ leaves: ArraySlice<[UInt8]>) -> [Digest] {
    if leaves.count == 1 { return [] }
    let k = split(leaves.count)
    let middle = leaves.startIndex + k
    return index < k
      ? path(index, leaves[..<middle]) + [root(leaves[middle...])]
      : path(index - k, leaves[middle...]) + [root(leaves[..<middle])]
  }

  /// The largest power of two below `count`.
  private static func split(_ count: Int) -> Int {
    var split = 1
    while split * 2 < count { split *= 2 }
    return split
  }
}

/// `bytes` with bit `bit` turned over.
func flipping(_ bit: Int, of bytes: [UInt8]) -> [UInt8] {
  var flipped = bytes
  flipped[bit / 8] ^= 1 << UInt8(bit % 8)
  return flipped
}

func flipping(_ bit: Int, of digest: Digest) -> Digest {
  Digest(bytes: flipping(bit, of: digest.bytes))!
}

/// Pearson's statistic of `counts` against equal probabilities.
func chiSquare(_ counts: [Int]) -> Double {
  let expected = Double(counts.reduce(0, +)) / Double(counts.count)
  return counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
}

/// A source that makes its bytes anew each time, as one does that is no memory.
struct ChangingPlaces: ByteSource {
  let bytes: [UInt8]

  var byteCount: Int { bytes.count }

  func bytes(
    in range: Range<Int>, scratch: UnsafeMutableRawBufferPointer
  ) -> UnsafeRawBufferPointer {
    scratch.copyBytes(from: bytes[range])
    return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(scratch)[..<range.count])
  }
}
