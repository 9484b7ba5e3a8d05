import COpenBLAS
import Testing

@Suite(.serialized) struct OpenBLASTests {
  @Test func theLibraryNamesItself() throws {
    let core = String(cString: try #require(openblas_get_corename()))
    let configuration = String(cString: try #require(openblas_get_config()))
    #expect(!core.isEmpty)
    #expect(configuration.hasPrefix("OpenBLAS 0."))
    #expect(configuration.contains(core))
  }

  @Test func threadsCanBeSet() {
    let before = openblas_get_num_threads()
    defer { openblas_set_num_threads(before) }
    openblas_set_num_threads(1)
    #expect(openblas_get_num_threads() == 1)
  }

  /// out (rows, outputs) = x (rows, inputs) times the transpose of weight (outputs, inputs),
  /// row-major.
  @Test(arguments: [1, 2, 3, 7, 8, 9, 31, 33, 127, 256])
  func productsOfSmallIntegersAreExact(inputs: Int) {
    let (rows, outputs) = (5, 4)
    let x = (0..<(rows * inputs)).map { Float($0 * 7 % 13 - 6) }
    let weight = (0..<(outputs * inputs)).map { Float($0 * 5 % 11 - 5) }
    var out = [Float](repeating: .nan, count: rows * outputs)
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(outputs), Int32(inputs), 1,
      x, Int32(inputs), weight, Int32(inputs), 0, &out, Int32(outputs))
    for row in 0..<rows {
      for output in 0..<outputs {
        let sum = (0..<inputs).reduce(0) {
          $0 + Int(x[row * inputs + $1]) * Int(weight[output * inputs + $1])
        }
        #expect(out[row * outputs + output] == Float(sum))
      }
    }
  }

  /// A = U diag(s) Vt, with orthonormal U and V and descending s.
  @Test func singularValuesReproduceTheMatrix() {
    let (rows, columns) = (5, 3)
    let matrix: [Float] = [4, 1, -2, 0, 3, 1, 2, 2, 2, -1, 5, 0, 3, -3, 1]
    // It is destroyed by the call.
    var a = matrix
    var s = [Float](repeating: 0, count: columns)
    var u = [Float](repeating: 0, count: rows * columns)
    var vt = [Float](repeating: 0, count: columns * columns)
    let status = LAPACKE_sgesdd(
      get_LAPACK_ROW_MAJOR(), CChar(UInt8(ascii: "S")), Int32(rows), Int32(columns), &a,
      Int32(columns), &s, &u, Int32(columns), &vt, Int32(columns))
    #expect(status == 0)
    // Backward stable: a few units in the last place of the norm, here below 10.
    let tolerance: Float = 1e-5
    #expect(s[0] >= s[1] && s[1] >= s[2] && s[2] > 0)
    let squares = s.reduce(0) { $0 + $1 * $1 }
    #expect((squares - matrix.reduce(0) { $0 + $1 * $1 }).magnitude <= 100 * tolerance)
    for row in 0..<rows {
      for column in 0..<columns {
        let value = (0..<columns).reduce(Float(0)) {
          $0 + u[row * columns + $1] * s[$1] * vt[$1 * columns + column]
        }
        #expect((value - matrix[row * columns + column]).magnitude <= tolerance)
      }
    }
    for first in 0..<columns {
      for second in 0..<columns {
        let expected: Float = first == second ? 1 : 0
        let columnsOfU = (0..<rows).reduce(Float(0)) {
          $0 + u[$1 * columns + first] * u[$1 * columns + second]
        }
        let rowsOfVt = (0..<columns).reduce(Float(0)) {
          $0 + vt[first * columns + $1] * vt[second * columns + $1]
        }
        #expect((columnsOfU - expected).magnitude <= tolerance)
        #expect((rowsOfVt - expected).magnitude <= tolerance)
      }
    }
  }

  @Test func aMatrixWithoutANumberIsReported() {
    var a: [Float] = [.nan]
    var s: [Float] = [0]
    var u: [Float] = [0]
    var vt: [Float] = [0]
    let status = LAPACKE_sgesdd(
      get_LAPACK_COL_MAJOR(), CChar(UInt8(ascii: "S")), 1, 1, &a, 1, &s, &u, 1, &vt, 1)
    // LAPACKE counts arguments from 1; the fifth is the matrix.
    #expect(status == -5)
    #expect(get_LAPACK_ROW_MAJOR() == 101 && get_LAPACK_COL_MAJOR() == 102)
  }
}
