import Kernels
import Testing

@Suite struct RandomTests {
  typealias Words = (UInt32, UInt32, UInt32, UInt32)

  /// Random123 1.14, tests/kat_vectors, philox4x32 10.
  @Test func knownAnswers() {
    func check(_ counter: Words, _ key: (UInt32, UInt32), _ expected: Words) {
      #expect(Philox4x32.block(counter: counter, key: key) == expected)
      // The same through a stream: counter and key are the words of index, stream and seed.
      let random = RandomStream(
        seed: UInt64(key.1) << 32 | UInt64(key.0),
        stream: UInt64(counter.3) << 32 | UInt64(counter.2))
      #expect(random.block(at: UInt64(counter.1) << 32 | UInt64(counter.0)) == expected)
    }
    check((0, 0, 0, 0), (0, 0), (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    check(
      (.max, .max, .max, .max), (.max, .max),
      (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    check(
      (0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), (0xa409_3822, 0x299f_31d0),
      (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test func wordsAreThoseOfTheBlocks() {
    let random = RandomStream(seed: 3, stream: 1 << 40)
    for block in [0, 1, 1 << 33] as [UInt64] {
      let words = random.block(at: block)
      #expect(
        (0..<4).map { random.word(at: 4 * block + $0) } == [words.0, words.1, words.2, words.3])
    }
  }

  @Test func uniformNumbersAndIntegersKeepTheirRange() {
    let random = RandomStream(seed: 1, stream: 2)
    var counts = [Int](repeating: 0, count: 10)
    var sum: Float = 0
    for i in 0..<20_000 as Range<UInt64> {
      let u = random.uniform(at: i)
      #expect(0 <= u && u < 1)
      sum += u
      counts[Int(random.integer(at: i, below: 10))] += 1
    }
    // Five standard deviations: 20000 / 10 +- 5 * 42.4, and 0.5 +- 5 * 0.00204.
    #expect(counts.allSatisfy { abs($0 - 2000) <= 212 })
    #expect(abs(sum / 20_000 - 0.5) <= 0.0103)
  }

  @Test(arguments: Machine.all) func normalNumbersAreThoseOfTheDefinition(machine: Machine) {
    for count in [1, 2, 3, 5, 63, 64, 65, 129, 1000] {
      for first in [0, 1, 2, 3, 61, 1 << 34, UInt64.max - 3] as [UInt64] {
        let frame = Framed(
          [Float](repeating: 0, count: count), rows: 1, columns: count)
        let window = Vector(frame.matrix.buffer, offset: frame.matrix.offset, count: count)
        // The last element that exists is UInt64.max.
        let existing = count - 1 <= UInt64.max - first ? count : Int(UInt64.max - first) + 1
        machine.arithmetic.fillNormal(
          window.elements(0..<existing), seed: 0x1234_5678_9abc_def0, stream: 7 << 32 | 9,
          standardDeviation: 0.02, firstElement: first)
        let expected = (0..<count).map { i in
          i < existing
            ? Reference.normal(
              seed: 0x1234_5678_9abc_def0, stream: 7 << 32 | 9, index: first + UInt64(i),
              deviation: 0.02) : 0
        }
        #expect(difference(frame.values, expected) == nil, "\(count) from \(first)")
      }
    }
  }

  @Test func normalNumbersLookNormal() {
    let count = 1 << 20
    let buffer = FloatBuffer(count: count)
    Arithmetic(workers: Workers(threads: 2, pinned: false))
      .fillNormal(Vector(buffer), seed: 11, stream: 0, standardDeviation: 1)
    let x = buffer.array.map(Double.init)
    let n = Double(count)
    let mean = x.reduce(0, +) / n
    let variance = x.reduce(0) { $0 + $1 * $1 } / n
    let fourth = x.reduce(0) { $0 + $1 * $1 * $1 * $1 } / n
    let neighbours = (1..<count).reduce(0) { $0 + x[$1] * x[$1 - 1] } / n
    let beyondTwo = Double(x.count { abs($0) > 2 }) / n
    // Five standard deviations of each estimate.
    #expect(abs(mean) <= 5 / n.squareRoot())
    #expect(abs(variance - 1) <= 5 * (2 / n).squareRoot())
    #expect(abs(fourth - 3) <= 5 * (96 / n).squareRoot())
    #expect(abs(neighbours) <= 5 / n.squareRoot())
    #expect(abs(beyondTwo - 0.0455003) <= 5 * (0.0455 * 0.9545 / n).squareRoot())
  }
}
