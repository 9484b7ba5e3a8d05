import Kernels
import Testing

@Suite struct RMSNormTests {
  /// Every size with 1 group and with 3, as rows of a larger matrix.
  @Test(arguments: Machine.all, [1, 3]) func sameBitsAsTheDefinition(machine: Machine, groups: Int)
  {
    for rows in sizes where groups == 1 || rows < 20 {
      for columns in sizes {
        check(machine.arithmetic, rows: rows, groups: groups, columns: columns)
      }
    }
  }

  private func check(_ arithmetic: Arithmetic, rows: Int, groups: Int, columns: Int) {
    let count = rows * groups * columns
    var data = TestData(seed: UInt64(count + columns))
    let wild = (rows + columns) % 4 == 0
    var x = wild ? data.wildNumbers(count) : data.numbers(count, scale: 3)
    if wild { x[count / 2] = .nan }
    let (dy, old) = (data.numbers(count), data.numbers(count))
    let (gamma, oldGamma) = (data.numbers(columns), data.numbers(columns))
    let fx = Framed(x, rows: rows, columns: groups * columns)
    let y = Framed(old, rows: rows, columns: groups * columns, gap: 0)
    let rstd = Vector(FloatBuffer(count: rows * groups))
    arithmetic.rmsNorm(fx.matrix, gamma: vector(gamma), epsilon: 1e-6, into: y.matrix, rstd: rstd)
    let parts = (0..<rows * groups).map { $0 * columns..<($0 + 1) * columns }
    let expected = parts.map { Reference.rmsNorm(Array(x[$0]), gamma: gamma, epsilon: 1e-6) }
    #expect(difference(y.values, expected.flatMap(\.y)) == nil)
    #expect(difference(rstd.array, expected.map(\.rstd)) == nil)

    var (expectedDx, expectedGamma) = ([Float](), oldGamma)
    for (index, range) in parts.enumerated() {
      let (row, dRow, root) = (Array(x[range]), Array(dy[range]), expected[index].rstd)
      expectedDx += Reference.rmsNormBackward(dy: dRow, x: row, gamma: gamma, rstd: root)
      for j in 0..<columns {
        expectedGamma[j] = Reference.fma(dRow[j], row[j] * root, expectedGamma[j])
      }
    }
    // In the place of dy, or onto old values elsewhere.
    let accumulate = rows % 2 == 0
    let fdy = Framed(dy, rows: rows, columns: groups * columns, gap: 1)
    let dx = accumulate ? Framed(old, rows: rows, columns: groups * columns) : fdy
    let dGamma = vector(oldGamma)
    arithmetic.rmsNormBackward(
      dy: fdy.matrix, x: fx.matrix, gamma: vector(gamma), rstd: rstd, into: dx.matrix,
      accumulate: accumulate, dGamma: dGamma)
    if accumulate { expectedDx = zip(old, expectedDx).map { $0 + $1 } }
    #expect(difference(dx.values, expectedDx) == nil)
    #expect(difference(dGamma.array, expectedGamma) == nil)
  }

  @Test func gradientIsTheDerivative() {
    var data = TestData(seed: 4)
    let n = 7
    let (x, gamma, dy) = (data.numbers(n), data.numbers(n), data.numbers(n))
    func loss(_ x: [Double], _ gamma: [Double]) -> Double {
      let root = (x.reduce(0) { $0 + $1 * $1 } / Double(n) + 1e-6).squareRoot()
      return x.indices.reduce(0) { $0 + x[$1] / root * (1 + gamma[$1]) * Double(dy[$1]) }
    }
    func row(_ values: [Float]) -> Matrix { Matrix(FloatBuffer(values), rows: 1, columns: n) }
    let zeros = [Float](repeating: 0, count: n)
    let (y, dx, dGamma, rstd) = (row(zeros), row(zeros), vector(zeros), vector([0]))
    let arithmetic = Arithmetic(workers: Workers(threads: 1))
    arithmetic.rmsNorm(row(x), gamma: vector(gamma), epsilon: 1e-6, into: y, rstd: rstd)
    arithmetic.rmsNormBackward(
      dy: row(dy), x: row(x), gamma: vector(gamma), rstd: rstd, into: dx, accumulate: false,
      dGamma: dGamma)
    let (x64, gamma64) = (x.map(Double.init), gamma.map(Double.init))
    func central(_ at: [Double], _ j: Int, _ f: ([Double]) -> Double) -> Double {
      var (up, down) = (at, at)
      up[j] += 1e-5
      down[j] -= 1e-5
      return (f(up) - f(down)) / 2e-5
    }
    for j in 0..<n {
      #expect(abs(Double(dx[0, j]) - central(x64, j) { loss($0, gamma64) }) <= 5e-6)
      #expect(abs(Double(dGamma[j]) - central(gamma64, j) { loss(x64, $0) }) <= 5e-6)
    }
  }
}
