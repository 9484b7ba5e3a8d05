import Kernels
import Testing

@Suite struct OpenBLASTests {
  /// Sums of small integers are exact in Float, so every order gives the same bits.
  @Test(arguments: [(1, 1, 1), (5, 4, 7), (33, 17, 64)], [false, true])
  func bothArithmeticsAgreeOnSmallIntegers(size: (Int, Int, Int), isTransposed: Bool) {
    let (m, n, k) = size
    func matrix(_ rows: Int, _ columns: Int) -> Matrix {
      Matrix(
        FloatBuffer((0..<rows * columns).map { Float($0 * 7 % 11 - 5) }), rows: rows,
        columns: columns)
    }
    let a = isTransposed ? matrix(k, m).transposed : Operand(matrix(m, k))
    let b = isTransposed ? matrix(n, k).transposed : Operand(matrix(k, n))
    let (ours, theirs) = (matrix(m, n), matrix(m, n))
    for accumulate in [false, true] {
      Arithmetic(workers: Workers(threads: 1, pinned: false))
        .product(a, b, into: ours, accumulate: accumulate)
      OpenBLAS.product(a, b, into: theirs, accumulate: accumulate)
      #expect(ours.array == theirs.array)
    }
  }

  @Test func aPeakCountsItsOperations() {
    for set in InstructionSet.allCases where set.isSupported {
      let two = Arithmetic(
        instructionSet: set, workers: Workers(threads: 2, pinned: false))
      let done = two.runPeak(rounds: 100)
      #expect(done > 0 && done % (2 * 2 * 16 * 100) == 0)
    }
  }
}
