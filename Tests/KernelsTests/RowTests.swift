import Glibc
import Kernels
import Testing

@Suite struct RowTests {
  private func rowsOf(_ x: [Float], _ columns: Int) -> [[Float]] {
    stride(from: 0, to: x.count, by: columns).map { Array(x[$0..<$0 + columns]) }
  }

  @Test(arguments: Machine.all) func sums(machine: Machine) {
    for count in [0] + sizes + [1000, 4097] {
      var data = TestData(seed: UInt64(count))
      for wild in [false, true] {
        let x = wild ? data.wildNumbers(count) : data.numbers(count)
        let y = wild ? data.wildNumbers(count) : data.numbers(count)
        #expect(difference([machine.arithmetic.sum(vector(x))], [Reference.sum(x)]) == nil)
        #expect(
          difference([machine.arithmetic.dot(vector(x), vector(y))], [Reference.dot(x, y)]) == nil)
      }
    }
  }

  @Test(arguments: Machine.all) func negativeZeroSurvivesShortRows(machine: Machine) {
    // A product that underflows leaves -0 in its lane; the lanes without elements stay out of it.
    let tiny = [Float](repeating: 0x1p-100, count: 16)
    let minus = tiny.map { -$0 }
    #expect(machine.arithmetic.dot(vector(tiny), vector(minus)).bitPattern == 0x8000_0000)
    let (x, y) = (tiny + tiny.prefix(3), minus + minus.prefix(3))
    #expect(machine.arithmetic.dot(vector(x), vector(y)).bitPattern == 0x8000_0000)
  }

  @Test(arguments: Machine.all) func layerNorm(machine: Machine) {
    for rows in sizes {
      for columns in sizes {
        var data = TestData(seed: UInt64(rows * 1000 + columns))
        let wild = (rows + columns) % 4 == 0
        let x = wild ? data.wildNumbers(rows * columns) : data.numbers(rows * columns, scale: 3)
        let (dy, old) = (data.numbers(rows * columns), data.numbers(rows * columns))
        let (gamma, beta) = (data.numbers(columns), data.numbers(columns))
        let (oldGamma, oldBeta) = (data.numbers(columns), data.numbers(columns))
        let expected = rowsOf(x, columns).map { Reference.layerNorm($0, gamma: gamma, beta: beta) }

        let fx = Framed(x, rows: rows, columns: columns)
        let y = Framed(old, rows: rows, columns: columns, gap: 0)
        let (mean, rstd) = (Vector(FloatBuffer(count: rows)), Vector(FloatBuffer(count: rows)))
        machine.arithmetic.layerNorm(
          fx.matrix, gamma: vector(gamma), beta: vector(beta), into: y.matrix, mean: mean,
          rstd: rstd)
        #expect(difference(y.values, expected.flatMap(\.y)) == nil)
        #expect(difference(mean.array, expected.map(\.mean)) == nil)
        #expect(difference(rstd.array, expected.map(\.rstd)) == nil)

        let fdy = Framed(dy, rows: rows, columns: columns, gap: 1)
        let (dGamma, dBeta) = (vector(oldGamma), vector(oldBeta))
        let accumulate = rows % 2 == 0
        let dx = Framed(old, rows: rows, columns: columns)
        machine.arithmetic.layerNormBackward(
          dy: fdy.matrix, x: fx.matrix, gamma: vector(gamma), mean: mean, rstd: rstd,
          into: dx.matrix, accumulate: accumulate, dGamma: dGamma, dBeta: dBeta)
        var (expectedGamma, expectedBeta, expectedDx) = (oldGamma, oldBeta, [Float]())
        for r in 0..<rows {
          let range = r * columns..<(r + 1) * columns
          let (row, dRow) = (Array(x[range]), Array(dy[range]))
          let (m, s) = (expected[r].mean, expected[r].rstd)
          expectedDx += Reference.layerNormBackward(
            dy: dRow, x: row, gamma: gamma, mean: m, rstd: s)
          for j in 0..<columns {
            expectedGamma[j] = Reference.fma(dRow[j], (row[j] - m) * s, expectedGamma[j])
            expectedBeta[j] += dRow[j]
          }
        }
        if accumulate { expectedDx = zip(old, expectedDx).map { $0 + $1 } }
        #expect(difference(dx.values, expectedDx) == nil)
        #expect(difference(dGamma.array, expectedGamma) == nil)
        #expect(difference(dBeta.array, expectedBeta) == nil)
      }
    }
  }

  @Test(arguments: Machine.all) func softmax(machine: Machine) {
    for rows in [1, 3, 16, 33] {
      for columns in sizes {
        var data = TestData(seed: UInt64(rows * 100 + columns))
        let wild = (rows + columns) % 3 == 0
        let x = wild ? data.wildNumbers(rows * columns) : data.numbers(rows * columns, scale: 50)
        let dp = data.numbers(rows * columns)
        let scores = Framed(x, rows: rows, columns: columns)
        let gradient = Framed(dp, rows: rows, columns: columns, gap: 0)
        machine.arithmetic.softmax(scores.matrix, scale: 0.5)
        machine.arithmetic.softmaxBackward(
          probabilities: scores.matrix, dProbabilities: gradient.matrix, scale: 0.5)
        let p = rowsOf(x, columns).map { Reference.softmax($0, scale: 0.5) }
        let ds = zip(p, rowsOf(dp, columns)).flatMap {
          Reference.softmaxBackward($0, $1, scale: 0.5)
        }
        #expect(difference(scores.values, p.flatMap { $0 }) == nil)
        #expect(difference(gradient.values, ds) == nil)
        for row in p where !wild {
          #expect(abs(row.map(Double.init).reduce(0, +) - 1) <= 1e-6)
        }
      }
    }
  }

  @Test(arguments: Machine.all) func crossEntropy(machine: Machine) {
    for rows in [1, 2, 7, 33] {
      for columns in sizes + [256] {
        var data = TestData(seed: UInt64(rows * 1000 + columns))
        let wild = (rows + columns) % 3 == 0
        let x = wild ? data.wildNumbers(rows * columns) : data.numbers(rows * columns, scale: 10)
        let targets = (0..<rows).map { _ in Int32(data.index(below: columns)) }
        let expected = rowsOf(x, columns).enumerated().map { r, row in
          Reference.crossEntropy(row, target: Int(targets[r]), scale: 0.125)
        }
        let logits = Framed(x, rows: rows, columns: columns)
        let losses = Vector(FloatBuffer(count: rows))
        machine.arithmetic.softmaxCrossEntropy(
          logits: logits.matrix, targets: targets, losses: losses, gradientScale: nil)
        #expect(difference(losses.array, expected.map(\.0)) == nil)
        #expect(difference(logits.values, x) == nil)
        machine.arithmetic.softmaxCrossEntropy(
          logits: logits.matrix, targets: targets, losses: losses, gradientScale: 0.125)
        #expect(difference(losses.array, expected.map(\.0)) == nil)
        #expect(difference(logits.values, expected.flatMap(\.1)) == nil)
      }
    }
  }

  @Test func crossEntropyGradientIsTheDerivative() {
    var data = TestData(seed: 3)
    let n = 9
    let x = data.numbers(n, scale: 3)
    func loss(_ x: [Double]) -> Double {
      let m = x.max() ?? 0
      return Glibc.log(x.reduce(0) { $0 + Glibc.exp($1 - m) }) - (x[4] - m)
    }
    let logits = Matrix(FloatBuffer(x), rows: 1, columns: n)
    let losses = Vector(FloatBuffer(count: 1))
    Arithmetic(workers: Workers(threads: 1)).softmaxCrossEntropy(
      logits: logits, targets: [4], losses: losses, gradientScale: 1)
    #expect(abs(Double(losses[0]) - loss(x.map(Double.init))) <= 1e-6)
    for j in 0..<n {
      let slope = centralDifference(x, j, loss)
      #expect(abs(Double(logits[0, j]) - slope) <= 1e-6)
    }
  }

  @Test func layerNormGradientIsTheDerivative() {
    var data = TestData(seed: 4)
    let n = 7
    let (x, gamma, beta, dy) = (
      data.numbers(n), data.numbers(n), data.numbers(n), data.numbers(n)
    )
    func loss(_ x: [Double]) -> Double {
      let mean = x.reduce(0, +) / Double(n)
      let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
      return x.indices.reduce(0) {
        let normalized = (x[$1] - mean) / (variance + 1e-5).squareRoot()
        return $0 + (normalized * Double(gamma[$1]) + Double(beta[$1])) * Double(dy[$1])
      }
    }
    let row = Matrix(FloatBuffer(x), rows: 1, columns: n)
    let (y, dx) = (
      Matrix(FloatBuffer(count: n), rows: 1, columns: n),
      Matrix(FloatBuffer(count: n), rows: 1, columns: n)
    )
    let (mean, rstd) = (Vector(FloatBuffer(count: 1)), Vector(FloatBuffer(count: 1)))
    let arithmetic = Arithmetic(workers: Workers(threads: 1))
    arithmetic.layerNorm(
      row, gamma: vector(gamma), beta: vector(beta), into: y, mean: mean, rstd: rstd)
    arithmetic.layerNormBackward(
      dy: Matrix(FloatBuffer(dy), rows: 1, columns: n), x: row, gamma: vector(gamma), mean: mean,
      rstd: rstd, into: dx, accumulate: false, dGamma: vector(gamma), dBeta: vector(beta))
    for j in 0..<n { #expect(abs(Double(dx[0, j]) - centralDifference(x, j, loss)) <= 5e-6) }
  }

  private func centralDifference(
    _ x: [Float], _ j: Int, _ function: ([Double]) -> Double
  ) -> Double {
    var (up, down) = (x.map(Double.init), x.map(Double.init))
    up[j] += 1e-5
    down[j] -= 1e-5
    return (function(up) - function(down)) / 2e-5
  }
}
