import Kernels
import Testing

@Suite struct ProductTests {
  private struct Case {
    let m, n, k: Int
    let transposesA, transposesB: Bool
    let a, b, c: [Float]

    init(_ m: Int, _ n: Int, _ k: Int, _ transposesA: Bool, _ transposesB: Bool, wild: Bool) {
      (self.m, self.n, self.k) = (m, n, k)
      (self.transposesA, self.transposesB) = (transposesA, transposesB)
      var data = TestData(seed: UInt64(m * 1_000_000 + n * 1000 + k))
      a = wild ? data.wildNumbers(m * k) : data.numbers(m * k)
      b = wild ? data.wildNumbers(k * n) : data.numbers(k * n)
      c = wild ? data.wildNumbers(m * n) : data.numbers(m * n)
    }

    func expected(accumulate: Bool) -> [Float] {
      Reference.product(
        m: m, n: n, k: k,
        a: { i, p in transposesA ? a[p * m + i] : a[i * k + p] },
        b: { p, j in transposesB ? b[j * k + p] : b[p * n + j] }, onto: accumulate ? c : nil)
    }

    func actual(_ machine: Machine, gap: Int, accumulate: Bool) -> [Float]? {
      let aMatrix = Framed(a, rows: transposesA ? k : m, columns: transposesA ? m : k, gap: gap)
      let bMatrix = Framed(b, rows: transposesB ? n : k, columns: transposesB ? k : n, gap: gap)
      let cMatrix = Framed(c, rows: m, columns: n, gap: gap)
      machine.arithmetic.product(
        Operand(aMatrix.matrix, isTransposed: transposesA),
        Operand(bMatrix.matrix, isTransposed: transposesB), into: cMatrix.matrix,
        accumulate: accumulate)
      return cMatrix.values
    }
  }

  @Test(arguments: sizes)
  func everySizeAndTransposition(m: Int) {
    for n in sizes {
      for k in sizes {
        for transposition in 0..<4 {
          let accumulate = (m + n + k + transposition) % 2 == 0
          let test = Case(
            m, n, k, transposition & 1 != 0, transposition & 2 != 0, wild: (n + k) % 3 == 0)
          let expected = test.expected(accumulate: accumulate)
          for machine in Machine.all {
            let found = difference(
              test.actual(machine, gap: k % 2 * 5, accumulate: accumulate), expected)
            #expect(found == nil, "\(m)x\(n)x\(k) \(transposition) \(accumulate) \(machine)")
          }
        }
      }
    }
  }

  /// Every part is a product of its own; the later ones are added in ascending order.
  @Test(arguments: [1, 2, 3, 4, 7])
  func splitSums(parts: Int) {
    for k in [1, 3, 4, 31, 130] {
      for transposition in 0..<4 {
        let accumulate = (k + transposition) % 2 == 0
        let test = Case(5, 19, k, transposition & 1 != 0, transposition & 2 != 0, wild: false)
        let cuts = (0...min(parts, k)).map { $0 * k / min(parts, k) }
        var expected = accumulate ? test.c : [Float](repeating: 0, count: 5 * 19)
        for (part, (start, end)) in zip(cuts, cuts.dropFirst()).enumerated() {
          let sums = Reference.product(
            m: 5, n: 19, k: end - start,
            a: { i, p in
              test.transposesA ? test.a[(start + p) * 5 + i] : test.a[i * k + start + p]
            },
            b: { p, j in
              test.transposesB ? test.b[j * k + start + p] : test.b[(start + p) * 19 + j]
            }, onto: part == 0 ? expected : nil)
          expected = part == 0 ? sums : zip(expected, sums).map { $0 + $1 }
        }
        for machine in Machine.all {
          let found = difference(
            test.actual(machine.splitting(parts), gap: 3, accumulate: accumulate), expected)
          #expect(found == nil, "\(k) \(transposition) \(machine)")
        }
      }
    }
  }

  /// Past the limits of the blocks and of the choices to pack.
  @Test(arguments: [
    (9, 200, 40), (97, 193, 33), (130, 49, 259), (200, 250, 515), (1, 1600, 20), (23, 1553, 261),
    (395, 17, 257), (5, 5, 1100),
  ])
  func blocks(m: Int, n: Int, k: Int) {
    for transposition in 0..<4 {
      let test = Case(m, n, k, transposition & 1 != 0, transposition & 2 != 0, wild: false)
      for accumulate in [false, true] {
        let expected = test.expected(accumulate: accumulate)
        for machine in Machine.all {
          let found = difference(test.actual(machine, gap: 3, accumulate: accumulate), expected)
          #expect(found == nil, "\(m)x\(n)x\(k) \(transposition) \(accumulate) \(machine)")
        }
      }
    }
  }

  @Test func infinityAndNaNFollowTheChain() {
    for machine in Machine.all {
      let a = Matrix(FloatBuffer([.infinity, 0, 1, .nan, 1, 1]), rows: 3, columns: 2)
      let b = Matrix(FloatBuffer([0, 1, 5, 6]), rows: 2, columns: 2)
      let c = Matrix(FloatBuffer(count: 6), rows: 3, columns: 2)
      machine.arithmetic.product(a, b, into: c)
      #expect(difference(c.array, [.nan, .infinity, .nan, .nan, 5, 7]) == nil, "\(machine)")
    }
  }

  @Test func noDepthGivesZeroOrTheOldValue() {
    for machine in Machine.all {
      let a = Matrix(FloatBuffer(count: 0), rows: 3, columns: 0)
      let b = Matrix(FloatBuffer(count: 0), rows: 0, columns: 2)
      let c = Matrix(FloatBuffer([1, 2, 3, 4, 5, 6]), rows: 3, columns: 2)
      machine.arithmetic.product(a, b, into: c, accumulate: true)
      #expect(c.array == [1, 2, 3, 4, 5, 6])
      machine.arithmetic.product(a, b, into: c)
      #expect(difference(c.array, [0, 0, 0, 0, 0, 0]) == nil)
    }
  }

  @Test func bandsOfOneBuffer() {
    // The query, key and value bands of one projection, as attention reads them.
    var data = TestData(seed: 5)
    let (t, d) = (20, 8)
    let all = Matrix(FloatBuffer(data.numbers(t * 4 * d)), rows: t, columns: 4 * d)
    let before = all.array
    let query = all.columns(0..<d)
    let mix = Matrix(FloatBuffer(data.numbers(t * t)), rows: t, columns: t)
    let mixing = mix.array
    Arithmetic(workers: Workers(threads: 1)).product(mix, query, into: all.columns(d..<2 * d))
    let expected = Reference.product(
      m: t, n: d, k: t, a: { mixing[$0 * t + $1] }, b: { before[$0 * 4 * d + $1] }, onto: nil)
    #expect(difference(all.columns(d..<2 * d).array, expected) == nil)
    #expect(all.columns(0..<d).array == (0..<t * d).map { before[$0 / d * 4 * d + $0 % d] })
  }

  /// C * t against A * (B * t): an error bound, not bits, but a check that shares no loop.
  @Test func bigProductAgreesWithTwoSmallOnes() {
    var data = TestData(seed: 9)
    let n = 700
    let arithmetic = Arithmetic(workers: Workers(threads: 2, pinned: false))
    let a = Matrix(FloatBuffer(data.numbers(n * n)), rows: n, columns: n)
    let b = Matrix(FloatBuffer(data.numbers(n * n)), rows: n, columns: n)
    let c = Matrix(FloatBuffer(count: n * n), rows: n, columns: n)
    arithmetic.product(a, b.transposed, into: c)
    let t = data.numbers(n).map(Double.init)
    func times(_ x: [Float], _ v: [Double], transposed: Bool) -> [Double] {
      (0..<n).map { i in
        (0..<n).reduce(0) { $0 + Double(x[transposed ? $1 * n + i : i * n + $1]) * v[$1] }
      }
    }
    let (aValues, bValues) = (a.array, b.array)
    let left = times(c.array, t, transposed: false)
    let right = times(aValues, times(bValues, t, transposed: true), transposed: false)
    // |error| <= k * eps * sum |a| |b| |t|, about 700 * 2^-24 * 700 * 700 / 8.
    for i in 0..<n { #expect(abs(left[i] - right[i]) <= 3) }
    #expect(left.map(abs).max() ?? 0 > 30)
  }
}
