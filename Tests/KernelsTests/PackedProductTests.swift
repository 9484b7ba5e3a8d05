import Kernels
import Testing

/// Products with a packed operand have the bits of those with all of it in float32.
@Suite struct PackedProductTests {
  /// Packed as two halves of 16 bits, which anyone can put together again.
  private struct Halves: PackedValues {
    let upper, lower: [UInt16]

    init(_ values: [Float]) {
      upper = values.map { UInt16($0.bitPattern >> 16) }
      lower = values.map { UInt16($0.bitPattern & 0xffff) }
    }

    var count: Int { upper.count }

    func unpack(
      _ range: Range<Int>, into target: UnsafeMutableBufferPointer<Float>,
      instructionSet: InstructionSet
    ) {
      for (place, index) in range.enumerated() {
        target[place] = Float(bitPattern: UInt32(upper[index]) << 16 | UInt32(lower[index]))
      }
    }
  }

  private static let sets = InstructionSet.allCases.filter(\.isSupported)

  private func values(_ count: Int, _ seed: UInt64) -> FloatBuffer {
    let buffer = FloatBuffer(count: count)
    Arithmetic(workers: Workers(threads: 1, pinned: false)).fillNormal(
      Vector(buffer), seed: seed, stream: 0, standardDeviation: 1)
    return buffer
  }

  /// (m, k, n): one tile, several along rows of b, several along k, and none of the borders whole.
  @Test(arguments: [(3, 5, 7), (130, 300, 1000), (7, 2500, 200), (2, 100, 4500), (1, 1, 1)])
  func bitsAreThoseOfTheUnpackedProduct(m: Int, k: Int, n: Int) {
    let (left, right) = (values(m * k, 1), values(k * n + 11, 2))
    let packed = Halves(right.array)
    for set in Self.sets {
      for threads in [1, 3] {
        var arithmetic = Arithmetic(
          instructionSet: set, workers: Workers(threads: threads, pinned: false))
        arithmetic.splitsSmallWork = true
        for isTransposed in [false, true] {
          let (rows, columns) = isTransposed ? (n, k) : (k, n)
          let plain = Operand(
            Matrix(right, offset: 11, rows: rows, columns: columns), isTransposed: isTransposed)
          let other = Operand(
            PackedMatrix(packed, offset: 11, rows: rows, columns: columns),
            isTransposed: isTransposed)
          for accumulate in [false, true] {
            for aIsTransposed in [false, true] {
              let a = Operand(
                Matrix(left, rows: aIsTransposed ? k : m, columns: aIsTransposed ? m : k),
                isTransposed: aIsTransposed)
              let (expected, found) = (values(m * n, 3), values(m * n, 3))
              arithmetic.product(
                a, plain, into: Matrix(expected, rows: m, columns: n), accumulate: accumulate)
              arithmetic.product(
                a, other, into: Matrix(found, rows: m, columns: n), accumulate: accumulate)
              #expect(
                expected.array.map(\.bitPattern) == found.array.map(\.bitPattern),
                "\(set), \(threads) threads, \(isTransposed), \(accumulate), \(aIsTransposed)")
            }
          }
        }
      }
    }
  }

  @Test func anEmptyChainLeavesZerosOrWhatWasThere() {
    let arithmetic = Arithmetic(workers: Workers(threads: 1, pinned: false))
    let packed = PackedMatrix(Halves([]), rows: 0, columns: 4)
    let a = Matrix(FloatBuffer(count: 0), rows: 2, columns: 0)
    let c = FloatBuffer([Float](repeating: 5, count: 8))
    arithmetic.product(
      Operand(a), Operand(packed), into: Matrix(c, rows: 2, columns: 4), accumulate: true)
    #expect(c.array.allSatisfy { $0 == 5 })
    arithmetic.product(Operand(a), Operand(packed), into: Matrix(c, rows: 2, columns: 4))
    #expect(c.array.allSatisfy { $0 == 0 })
  }

  @Test func rowsAreGatheredAsFromFloats() {
    let (rows, columns) = (50, 33)
    let (table, places) = (values(rows * columns, 4), values(6 * columns, 5))
    let indices: [Int32] = [3, 49, 0, 3, 12, 8, 49, 1, 2]
    for threads in [1, 2] {
      var arithmetic = Arithmetic(workers: Workers(threads: threads, pinned: false))
      arithmetic.splitsSmallWork = true
      for hasPositions in [false, true] {
        let (expected, found) = (
          Matrix(FloatBuffer(count: 9 * columns), rows: 9, columns: columns),
          Matrix(FloatBuffer(count: 9 * columns), rows: 9, columns: columns)
        )
        let positions = Matrix(places, rows: 6, columns: columns)
        Matrix(table, rows: rows, columns: columns).gatherRows(
          indices, adding: hasPositions ? positions.rows(0..<3) : nil, into: expected,
          arithmetic: arithmetic)
        let packed = PackedMatrix(Halves(places.array), rows: 6, columns: columns)
        PackedMatrix(Halves(table.array), rows: rows, columns: columns).gatherRows(
          indices, adding: hasPositions ? packed.rows(0..<3) : nil, into: found,
          arithmetic: arithmetic)
        #expect(expected.array == found.array)
      }
    }
  }
}
