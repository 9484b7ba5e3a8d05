import Glibc
import Kernels
import Testing

@Suite struct GatedUnitTests {
  /// Calls `check` with every shape, a gap between rows, and numbers that are wild by turns.
  private func forShapes(_ check: (Int, Int, Int, (_ scale: Float) -> [Float]) -> Void) {
    for rows in sizes {
      for columns in sizes {
        var data = TestData(seed: UInt64(rows * 1000 + columns))
        check(rows, columns, rows % 2 == 0 ? 5 : 0) { scale in
          var x =
            columns % 2 == 1
            ? data.wildNumbers(rows * columns) : data.numbers(rows * columns, scale: scale)
          if columns % 4 == 3 {
            for i in stride(from: 1, to: x.count, by: 5) { x[i] = [.nan, .infinity][i % 2] }
          }
          return x
        }
      }
    }
  }

  @Test(arguments: Machine.all) func geglu(machine: Machine) {
    forShapes { rows, columns, gap, numbers in
      let (gate, up, dy) = (numbers(6), numbers(1), numbers(1))
      func framed(_ x: [Float], _ gap: Int) -> Framed {
        Framed(x, rows: rows, columns: columns, gap: gap)
      }
      let (fGate, fUp, fdy) = (framed(gate, gap), framed(up, gap), framed(dy, gap))
      let y = framed(gate, gap + 2)
      machine.arithmetic.geglu(gate: fGate.matrix, up: fUp.matrix, into: y.matrix)
      #expect(difference(y.values, zip(gate, up).map { Reference.gelu($0) * $1 }) == nil)
      let expectedGate = gate.indices.map {
        (dy[$0] * up[$0]) * Reference.geluSlope(gate[$0])
      }
      let expectedUp = gate.indices.map { dy[$0] * Reference.gelu(gate[$0]) }
      let dGate = framed(gate, gap)
      machine.arithmetic.gegluBackward(
        gate: fGate.matrix, up: fUp.matrix, dy: fdy.matrix, intoGate: dGate.matrix, up: fUp.matrix)
      #expect(difference(dGate.values, expectedGate) == nil)
      #expect(difference(fUp.values, expectedUp) == nil)
    }
  }

  @Test(arguments: Machine.all) func silu(machine: Machine) {
    forShapes { rows, columns, gap, numbers in
      let (x, dy) = (numbers(20), numbers(1))
      let fx = Framed(x, rows: rows, columns: columns, gap: gap)
      let fdy = Framed(dy, rows: rows, columns: columns, gap: gap)
      let y = Framed(x, rows: rows, columns: columns, gap: gap + 2)
      machine.arithmetic.silu(fx.matrix, into: y.matrix)
      #expect(difference(y.values, x.map { $0 * Reference.sigmoid($0) }) == nil)
      machine.arithmetic.siluBackward(x: fx.matrix, dy: fdy.matrix, into: fdy.matrix)
      #expect(difference(fdy.values, zip(x, dy).map { $1 * Reference.siluSlope($0) }) == nil)
    }
  }

  /// Against the definitions in double precision, value and derivative.
  @Test func valuesAndSlopesAreThoseOfTheFunctions() {
    func gelu(_ x: Double) -> Double {
      0.5 * x * (1 + Glibc.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }
    func silu(_ x: Double) -> Double { x / (1 + expOfDouble(-x)) }
    func slope(_ f: (Double) -> Double, _ x: Float) -> Double {
      (f(Double(x) + 1e-5) - f(Double(x) - 1e-5)) / 2e-5
    }
    let points = (-120...120).map { Float($0) * 0.1 }
    let row = Matrix(FloatBuffer(points), rows: 1, columns: points.count)
    func filled(_ value: Float) -> Matrix {
      let buffer = FloatBuffer(count: points.count)
      buffer.fill(value)
      return Matrix(buffer, rows: 1, columns: points.count)
    }
    let arithmetic = Arithmetic(workers: Workers(threads: 1))
    let (y, dGate, dUp) = (filled(0), filled(0), filled(0))
    func expectNear(_ actual: Matrix, _ expected: (Float) -> Double) {
      for (i, x) in points.enumerated() {
        // 1 - s is off by 2^-24, and a slope multiplies it by up to 30 here.
        #expect(abs(Double(actual[0, i]) - expected(x)) <= 1e-5, "at \(x)")
      }
    }
    arithmetic.geglu(gate: row, up: filled(1.5), into: y)
    expectNear(y) { 1.5 * gelu(Double($0)) }
    arithmetic.gegluBackward(gate: row, up: filled(1.5), dy: filled(2), intoGate: dGate, up: dUp)
    expectNear(dGate) { 3 * slope(gelu, $0) }
    expectNear(dUp) { 2 * gelu(Double($0)) }
    arithmetic.silu(row, into: y)
    expectNear(y) { silu(Double($0)) }
    arithmetic.siluBackward(x: row, dy: filled(2), into: y)
    expectNear(y) { 2 * slope(silu, $0) }
  }
}
