import Kernels
import Testing

/// Fused kernels give the bits of the operations that they fuse, one after the other.
@Suite struct FusedTests {
  private func forShapes(_ check: (Int, Int, inout TestData, Bool) -> Void) {
    for rows in sizes {
      for columns in sizes {
        var data = TestData(seed: UInt64(rows * 1000 + columns))
        check(rows, columns, &data, (rows + columns) % 2 == 0)
      }
    }
  }

  @Test(arguments: Machine.all) func biasAndGelu(machine: Machine) {
    forShapes { rows, columns, data, wild in
      let count = rows * columns
      let x = wild ? data.wildNumbers(count) : data.numbers(count, scale: 5)
      let dy = wild ? data.wildNumbers(count) : data.numbers(count)
      let (bias, old) = (data.numbers(columns), data.numbers(columns))
      let fx = Framed(x, rows: rows, columns: columns)
      let y = Framed(dy, rows: rows, columns: columns, gap: 0)
      machine.arithmetic.addBiasAndGelu(vector(bias), to: fx.matrix, into: y.matrix)
      let sums = (0..<count).map { x[$0] + bias[$0 % columns] }
      #expect(difference(fx.values, sums) == nil)
      #expect(difference(y.values, sums.map(Reference.gelu)) == nil)

      let (fdy, dBias) = (Framed(dy, rows: rows, columns: columns, gap: 2), vector(old))
      machine.arithmetic.addBiasAndGeluBackward(
        x: fx.matrix, dy: fdy.matrix, into: fdy.matrix, dBias: dBias)
      let dx = (0..<count).map { dy[$0] * Reference.geluSlope(sums[$0]) }
      #expect(difference(fdy.values, dx) == nil)
      let expected = (0..<columns).map { j in
        (0..<rows).reduce(old[j]) { $0 + dx[$1 * columns + j] }
      }
      #expect(difference(dBias.array, expected) == nil)
    }
  }

  @Test(arguments: Machine.all) func residualAndLayerNorm(machine: Machine) {
    forShapes { rows, columns, data, wild in
      let count = rows * columns
      let x = wild ? data.wildNumbers(count) : data.numbers(count)
      let d = wild ? data.wildNumbers(count) : data.numbers(count)
      let (bias, gamma, beta) = (
        data.numbers(columns), data.numbers(columns), data.numbers(columns)
      )
      let fx = Framed(x, rows: rows, columns: columns)
      let fd = Framed(d, rows: rows, columns: columns, gap: 1)
      let z = Framed(d, rows: rows, columns: columns, gap: 0)
      let (mean, rstd) = (Vector(FloatBuffer(count: rows)), Vector(FloatBuffer(count: rows)))
      machine.arithmetic.addBiasAndResidualThenLayerNorm(
        fx.matrix, fd.matrix, bias: vector(bias), into: z.matrix, gamma: vector(gamma),
        beta: vector(beta), normInto: fd.matrix, mean: mean, rstd: rstd)
      let sums = (0..<count).map { x[$0] + (d[$0] + bias[$0 % columns]) }
      let expected = (0..<rows).map { r in
        Reference.layerNorm(
          Array(sums[r * columns..<(r + 1) * columns]), gamma: gamma, beta: beta)
      }
      #expect(difference(z.values, sums) == nil)
      #expect(difference(fd.values, expected.flatMap(\.y)) == nil)
      #expect(difference(mean.array, expected.map(\.mean)) == nil)
      #expect(difference(rstd.array, expected.map(\.rstd)) == nil)
    }
  }
}
