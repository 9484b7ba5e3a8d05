import Proofs
import Testing

/// Two messages at once have the digests that OpenSSL gives each of them, with and without the
/// processor's help.
@Suite struct SHA256PairTests {
  static let kinds = SHA256Pair.isAccelerated ? [false, true] : [false]

  @Test(arguments: kinds)
  func everyShortLengthAndEverySplit(accelerated: Bool) {
    var random = TestRandom(seed: 31)
    let first = random.bytes(300)
    let second = random.bytes(300)
    var pair = SHA256Pair(accelerated: accelerated)
    for count in 0...300 {
      let expected = (SHA256.hash(first[..<count]), SHA256.hash(second[..<count]))
      for split in Set([0, 1, 63, 64, 65, 128, count / 2, count].map { min($0, count) }) {
        first.withUnsafeBytes { a in
          second.withUnsafeBytes { b in
            for range in [0..<split, split..<count] {
              pair.update(
                UnsafeRawBufferPointer(rebasing: a[range]),
                UnsafeRawBufferPointer(rebasing: b[range]))
            }
          }
        }
        #expect(pair.finalize() == expected)
      }
    }
  }

  @Test(arguments: kinds)
  func longMessagesAndPrefixes(accelerated: Bool) {
    var random = TestRandom(seed: 32)
    var pair = SHA256Pair(accelerated: accelerated)
    for count in [1 << 10, 1 << 16, 100_003] {
      let first = random.bytes(count)
      let second = random.bytes(count)
      pair.update(0x00)
      first.withUnsafeBytes { a in second.withUnsafeBytes { b in pair.update(a, b) } }
      #expect(pair.finalize() == (SHA256.hash([0] + first), SHA256.hash([0] + second)))
    }
  }
}
