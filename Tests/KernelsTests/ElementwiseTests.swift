import Kernels
import Testing

@Suite struct ElementwiseTests {
  /// Calls `check` with shapes, strides and data of both kinds.
  private func forShapes(_ check: (Int, Int, Int, inout TestData, Bool) -> Void) {
    for rows in sizes {
      for columns in sizes {
        var data = TestData(seed: UInt64(rows * 1000 + columns))
        check(rows, columns, rows % 2 == 0 ? 5 : 0, &data, columns % 2 == 1)
      }
    }
  }

  @Test(arguments: Machine.all) func addition(machine: Machine) {
    forShapes { rows, columns, gap, data, wild in
      let count = rows * columns
      let x = wild ? data.wildNumbers(count) : data.numbers(count)
      let y = wild ? data.wildNumbers(count) : data.numbers(count)
      let expected = (0..<count).map { x[$0] + y[$0] }
      let (fx, fy) = (
        Framed(x, rows: rows, columns: columns, gap: gap),
        Framed(y, rows: rows, columns: columns, gap: gap)
      )
      let z = Framed(x, rows: rows, columns: columns, gap: gap + 1)
      machine.arithmetic.add(fx.matrix, fy.matrix, into: z.matrix)
      #expect(difference(z.values, expected) == nil)
      machine.arithmetic.add(fx.matrix, to: fy.matrix)
      #expect(difference(fy.values, expected) == nil)
    }
  }

  @Test(arguments: Machine.all) func biasAndColumnSums(machine: Machine) {
    forShapes { rows, columns, gap, data, wild in
      let count = rows * columns
      let x = wild ? data.wildNumbers(count) : data.numbers(count)
      let bias = data.numbers(columns)
      let y = Framed(x, rows: rows, columns: columns, gap: gap)
      let sums = Framed(bias, rows: 1, columns: columns)
      let sumsVector = Vector(sums.matrix.buffer, offset: sums.matrix.offset, count: columns)
      machine.arithmetic.columnSums(of: y.matrix, addingTo: sumsVector)
      let expectedSums = (0..<columns).map { j in
        (0..<rows).reduce(bias[j]) { $0 + x[$1 * columns + j] }
      }
      #expect(difference(sums.values, expectedSums) == nil)
      machine.arithmetic.addBias(vector(bias), to: y.matrix)
      #expect(difference(y.values, (0..<count).map { x[$0] + bias[$0 % columns] }) == nil)
    }
  }

  @Test(arguments: Machine.all) func geluForwardAndBackward(machine: Machine) {
    forShapes { rows, columns, gap, data, wild in
      let count = rows * columns
      let x = wild ? data.wildNumbers(count) : data.numbers(count, scale: 6)
      let dy = data.numbers(count)
      let fx = Framed(x, rows: rows, columns: columns, gap: gap)
      let fdy = Framed(dy, rows: rows, columns: columns, gap: gap)
      let y = Framed(x, rows: rows, columns: columns, gap: gap + 2)
      machine.arithmetic.gelu(fx.matrix, into: y.matrix)
      #expect(difference(y.values, x.map(Reference.gelu)) == nil)
      machine.arithmetic.geluBackward(x: fx.matrix, dy: fdy.matrix, into: fdy.matrix)
      let expected = (0..<count).map { dy[$0] * Reference.geluSlope(x[$0]) }
      #expect(difference(fdy.values, expected) == nil)
    }
  }

  @Test(arguments: Machine.all) func embedding(machine: Machine) {
    for (rows, columns, context) in [(1, 1, 1), (7, 16, 3), (64, 33, 16), (100, 100, 25)] {
      var data = TestData(seed: UInt64(rows))
      let tokens = (0..<rows).map { _ in Int32(data.index(below: 11)) }
      let table = data.numbers(11 * columns)
      let positions = data.numbers(context * columns)
      let x = data.numbers(rows * columns)
      let fTable = Framed(table, rows: 11, columns: columns)
      let fPositions = Framed(positions, rows: context, columns: columns)
      let fx = Framed(x, rows: rows, columns: columns)
      let gathered = (0..<rows * columns).map { i in
        table[Int(tokens[i / columns]) * columns + i % columns]
      }
      machine.arithmetic.gatherRows(tokens, of: fTable.matrix, into: fx.matrix)
      #expect(difference(fx.values, gathered) == nil)
      machine.arithmetic.gatherRows(
        tokens, of: fTable.matrix, adding: fPositions.matrix, into: fx.matrix)
      let summed = (0..<rows * columns).map { i in
        gathered[i] + positions[i / columns % context * columns + i % columns]
      }
      #expect(difference(fx.values, summed) == nil)

      let dx = Framed(x, rows: rows, columns: columns)
      machine.arithmetic.scatterAdd(dx.matrix, at: tokens, to: fTable.matrix)
      machine.arithmetic.addPeriodically(dx.matrix, to: fPositions.matrix)
      var (newTable, newPositions) = (table, positions)
      for r in 0..<rows {
        for j in 0..<columns {
          newTable[Int(tokens[r]) * columns + j] += x[r * columns + j]
          newPositions[r % context * columns + j] += x[r * columns + j]
        }
      }
      #expect(difference(fTable.values, newTable) == nil)
      #expect(difference(fPositions.values, newPositions) == nil)
    }
  }

  @Test func geluSlopeIsTheDerivative() {
    // Central differences in Double of the formula; float rounding leaves about 1e-6.
    func gelu(_ x: Double) -> Double {
      let u = (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
      let e = expOfDouble(2 * u)
      return 0.5 * x * (1 + (e.isInfinite ? 1 : (e - 1) / (e + 1)))
    }
    let x = stride(from: Float(-6), through: 6, by: 0.03125).map { $0 }
    let (input, slopes) = (FloatBuffer(x), FloatBuffer(count: x.count))
    slopes.fill(1)
    let arithmetic = Arithmetic(workers: Workers(threads: 1))
    let window = Matrix(slopes, rows: 1, columns: x.count)
    arithmetic.geluBackward(
      x: Matrix(input, rows: 1, columns: x.count), dy: window, into: window)
    let values = Matrix(FloatBuffer(count: x.count), rows: 1, columns: x.count)
    arithmetic.gelu(Matrix(input, rows: 1, columns: x.count), into: values)
    for (i, value) in x.enumerated() {
      let v = Double(value)
      let slope = (gelu(v + 1e-5) - gelu(v - 1e-5)) / 2e-5
      #expect(abs(Double(slopes[i]) - slope) <= 2e-6)
      #expect(abs(Double(values[0, i]) - gelu(v)) <= 1e-6)
    }
  }
}
