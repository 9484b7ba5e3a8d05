import Glibc
import Kernels
import Testing

@Suite struct RotaryTests {
  @Test(arguments: Machine.all) func sameBitsAsTheDefinition(machine: Machine) {
    for (rows, heads, half, context) in [
      (1, 1, 1, 1), (7, 3, 2, 5), (33, 2, 7, 11), (16, 1, 15, 16), (31, 5, 16, 9), (20, 3, 17, 20),
      (64, 2, 31, 16), (3, 1, 128, 3),
    ] {
      let head = 2 * half
      let table = RotaryTable(
        positionCount: context + 1, headDimension: head, base: 10_000, scaling: 2)
      for wild in [false, true] {
        var data = TestData(seed: UInt64(rows * half))
        let count = rows * heads * head
        var x = wild ? data.wildNumbers(count) : data.numbers(count)
        if wild { x[count / 2] = .nan }
        for isInverse in [false, true] {
          let fx = Framed(x, rows: rows, columns: heads * head)
          machine.arithmetic.rotate(
            fx.matrix, by: table, contextLength: context, isInverse: isInverse)
          var expected = x
          for r in 0..<rows {
            for h in 0..<heads {
              for i in 0..<half {
                let first = (r * heads + h) * head + i
                let angle = Reference.rotaryAngle(
                  position: r % context, pair: i, headDimension: head, base: 10_000, scaling: 2)
                (expected[first], expected[first + half]) = Reference.rotate(
                  x[first], x[first + half], cosine: angle.cosine,
                  sine: isInverse ? -angle.sine : angle.sine)
              }
            }
          }
          #expect(difference(fx.values, expected) == nil)
        }
      }
    }
  }

  /// The C library's functions in double precision: at most one rounding to binary32 apart.
  @Test(arguments: [(10_000.0, 1.0), (1_000_000, 8), (12_345.678, 1.5)])
  func anglesAreThoseOfThePaper(base: Double, scaling: Double) {
    let table = RotaryTable(positionCount: 5000, headDimension: 34, base: base, scaling: scaling)
    #expect(table.positionCount == 5000 && table.cosines.columns == 17)
    for position in [0, 1, 2, 31, 1023, 4999] {
      for i in 0..<17 {
        let angle = Double(position) / (pow(base, Double(2 * i) / 34) * scaling)
        #expect(abs(Double(table.cosines[position, i]) - Glibc.cos(angle)) <= 0x1p-25 + 1e-11)
        #expect(abs(Double(table.sines[position, i]) - Glibc.sin(angle)) <= 0x1p-25 + 1e-11)
      }
    }
  }

  @Test func turningBackIsTheInverse() {
    var data = TestData(seed: 9)
    let x = data.numbers(60 * 32)
    let matrix = Matrix(FloatBuffer(x), rows: 60, columns: 32)
    let table = RotaryTable(positionCount: 30, headDimension: 16, base: 10_000)
    let arithmetic = Arithmetic(workers: Workers(threads: 1))
    arithmetic.rotate(matrix, by: table, contextLength: 30)
    #expect(zip(matrix.array, x).contains { abs($0 - $1) > 0.1 })
    arithmetic.rotate(matrix, by: table, contextLength: 30, isInverse: true)
    #expect(zip(matrix.array, x).allSatisfy { abs($0 - $1) <= 3e-7 })
  }
}
