import Proofs
import Testing

/// The seeds are fixed, so nothing here fails by chance. Each limit is the value that a chi-square
/// statistic of that many degrees of freedom exceeds with probability 10^-4.
@Suite struct SeededSamplerTests {
  @Test func smallNumbersAreUniform() {
    var sampler = SeededSampler(seed: countingSeed, domain: "uniform")
    var counts = [Int](repeating: 0, count: 10)
    for _ in 0..<100_000 { counts[Int(sampler.uniform(below: 10))] += 1 }
    #expect(chiSquare(counts) < 33.72)  // 9 degrees of freedom
  }

  /// x mod 3 * 2^62 without rejection would hit the lowest third twice as often.
  @Test func largeBoundsHaveNoModuloBias() {
    var sampler = SeededSampler(seed: countingSeed, domain: "bias")
    var counts = [Int](repeating: 0, count: 3)
    for _ in 0..<30_000 { counts[Int(sampler.uniform(below: 3 << 62) >> 62)] += 1 }
    #expect(chiSquare(counts) < 18.42)  // 2 degrees of freedom
  }

  @Test func boundsAreKept() {
    var sampler = SeededSampler(seed: countingSeed, domain: "bounds")
    let bounds: [UInt64] = [1, 2, 3, 255, 256, 257, 1 << 32, 1 << 63, (1 << 63) + 1, .max]
    for bound in bounds {
      for _ in 0..<200 { #expect(sampler.uniform(below: bound) < bound) }
    }
  }

  @Test func distinctIndicesAreDistinctAscendingAndInRange() {
    var sampler = SeededSampler(seed: countingSeed, domain: "distinct")
    for n in 0...40 {
      for k in 0...n {
        let indices = sampler.distinctIndices(k, below: n)
        #expect(indices.count == k)
        #expect(zip(indices, indices.dropFirst()).allSatisfy { $0 < $1 })
        #expect(indices.allSatisfy { 0 <= $0 && $0 < n })
      }
      #expect(sampler.distinctIndices(n, below: n) == Array(0..<n))
    }
    let sparse = sampler.distinctIndices(1000, below: .max)
    #expect(Set(sparse).count == 1000)
    #expect(sparse == sparse.sorted())
  }

  @Test func everySetIsAsLikely() {
    var sampler = SeededSampler(seed: countingSeed, domain: "sets")
    var counts: [[Int]: Int] = [:]
    for _ in 0..<60_000 { counts[sampler.distinctIndices(2, below: 6), default: 0] += 1 }
    #expect(counts.count == 15)
    #expect(chiSquare(Array(counts.values)) < 42.58)  // 14 degrees of freedom
  }

  @Test func seedAndDomainDecideEverything() {
    func draws(_ seed: Digest, _ domain: String) -> [UInt64] {
      var sampler = SeededSampler(seed: seed, domain: domain)
      return (0..<100).map { _ in sampler.next() }
    }
    let first = draws(countingSeed, "a")
    #expect(first == draws(countingSeed, "a"))
    #expect(Set(first).count == 100)
    #expect(Set(first).isDisjoint(with: draws(countingSeed, "b")))
    #expect(Set(first).isDisjoint(with: draws(.zero, "a")))
  }
}
