import Kernels
import Synchronization
import Testing

@Suite(.serialized) struct OpenBLASTests {
  private static let shapes = [
    (1, 1, 1), (5, 4, 7), (33, 17, 64), (1, 50, 33), (50, 1, 33), (1, 1, 100), (3, 1, 1),
    (64, 96, 300), (1, 300, 1), (130, 1, 515), (1, 130, 515),
  ]

  private func operand(
    _ values: [Float], _ rows: Int, _ columns: Int, isTransposed: Bool
  ) -> Operand {
    // Inside of a wider matrix, so that strides are not taken for widths.
    let (r, c) = isTransposed ? (columns, rows) : (rows, columns)
    let framed = Framed(values, rows: r, columns: c, gap: 3)
    return Operand(framed.matrix, isTransposed: isTransposed)
  }

  /// Sums of small integers are exact in Float, so every order gives the same bits.
  @Test(arguments: shapes, 0..<8)
  func bothArithmeticsAgreeOnSmallIntegers(size: (Int, Int, Int), variant: Int) {
    let (m, n, k) = size
    func numbers(_ count: Int) -> [Float] { (0..<count).map { Float($0 * 7 % 11 - 5) } }
    let a = operand(numbers(m * k), m, k, isTransposed: variant & 1 != 0)
    let b = operand(numbers(k * n), k, n, isTransposed: variant & 2 != 0)
    let (ours, theirs) = (
      Framed(numbers(m * n), rows: m, columns: n), Framed(numbers(m * n), rows: m, columns: n)
    )
    let workers = Workers(threads: 2, pinned: false)
    Arithmetic(workers: workers).product(a, b, into: ours.matrix, accumulate: variant & 4 != 0)
    Arithmetic(kind: .openblas, workers: workers)
      .product(a, b, into: theirs.matrix, accumulate: variant & 4 != 0)
    #expect(theirs.values == ours.values && theirs.values != nil)
  }

  /// Whatever the order of a sum of k products: |error| <= gamma_k * (|A| |B|), gamma_k = k u /
  /// (1 - k u), u = 2^-24 (Higham, "Accuracy and Stability of Numerical Algorithms", 2002, (3.13)).
  @Test(arguments: shapes, [1, 2, 3])
  func errorsStayWithinTheBoundOfTheory(size: (Int, Int, Int), threads: Int) {
    let (m, n, k) = size
    var data = TestData(seed: UInt64(m + n + k))
    let (aValues, bValues) = (data.numbers(m * k), data.numbers(k * n))
    let workers = Workers(threads: threads, pinned: false)
    for arithmetic in [Arithmetic(workers: workers), Arithmetic(kind: .openblas, workers: workers)]
    {
      let c = Matrix(FloatBuffer(count: m * n), rows: m, columns: n)
      arithmetic.product(
        operand(aValues, m, k, isTransposed: false), operand(bValues, k, n, isTransposed: false),
        into: c)
      let gamma = Double(k) * 0x1p-24 / (1 - Double(k) * 0x1p-24)
      for i in 0..<m {
        for j in 0..<n {
          var (exact, size) = (0.0, 0.0)
          for p in 0..<k {
            let term = Double(aValues[i * k + p]) * Double(bValues[p * n + j])
            exact += term
            size += abs(term)
          }
          // The last term allows for the rounding of this sum itself.
          let bound = gamma * size + Double(k) * 0x1p-52 * size
          #expect(abs(Double(c[i, j]) - exact) <= bound, "\(size) \(arithmetic.record)")
        }
      }
    }
  }

  @Test func theConfigurationIsTheSameForAllThreadsThatAskAtOnce() {
    let asked = Mutex<[String]>([])
    Workers(threads: 4, pinned: false).run(tasks: 64) { _ in
      let configuration = OpenBLAS.configuration
      asked.withLock { $0.append(configuration) }
    }
    asked.withLock {
      #expect($0.count == 64 && Set($0).count == 1)
      #expect($0.allSatisfy { $0.hasPrefix("OpenBLAS ") && !$0.contains("\0") })
    }
  }

  @Test func theThreadCountIsThatOfTheWorkers() {
    for threads in [1, 2, 1] {
      let arithmetic = Arithmetic(
        kind: .openblas, workers: Workers(threads: threads, pinned: false))
      #expect(OpenBLAS.threads == threads)
      #expect(arithmetic.record.contains(OpenBLAS.coreName))
      #expect(arithmetic.record.hasSuffix(threads == 1 ? "1 thread" : "\(threads) threads"))
      #expect(arithmetic.serial.kind == .openblas)
    }
    #expect(
      Arithmetic(workers: Workers(threads: 1)).record == "fixed, version \(arithmeticVersion)")
  }

  @Test func noBetterCoreTypeThanTheBest() {
    if let better = OpenBLAS.betterCoreType {
      #expect(InstructionSet.avx2.isSupported && better != OpenBLAS.coreName)
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
