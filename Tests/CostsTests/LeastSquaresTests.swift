import Costs
import Testing

@Suite struct LeastSquaresTests {
  /// A line through (0, 1), (1, 3), (2, 4), (3, 4): by hand 1.5 + x.
  @Test func aLine() throws {
    let x = try LeastSquares.solve([[1, 0], [1, 1], [1, 2], [1, 3]], [1, 3, 4, 4])
    #expect(abs(x[0] - 1.5) < 1e-12 && abs(x[1] - 1) < 1e-12)
  }

  @Test func whatIsNotFixedIsRefused() {
    #expect(throws: CostError.singular(equations: 1, unknowns: 2)) {
      try LeastSquares.solve([[1, 2]], [3])
    }
    #expect(throws: CostError.singular(equations: 3, unknowns: 2)) {
      try LeastSquares.solve([[1, 2], [2, 4], [3, 6]], [1, 2, 3])
    }
  }

  @Test func ratesAreNeverNegative() throws {
    // The best line falls; without a slope the mean is best.
    let x = try LeastSquares.solveNonNegative([[1, 0], [1, 1], [1, 2]], [3, 2, 1])
    #expect(x[1] == 0 && abs(x[0] - 2) < 1e-12)
  }

  @Test func aPowerLawComesBack() throws {
    let places: [[Double]] = [[1, 2], [3, 5], [7, 1], [20, 30], [4, 9]]
    let values = places.map { 5 * $0[0] * $0[0] * $0[0].squareRoot() / $0[1] }
    let law = try PowerLaw(variables: places, values: values)
    #expect(abs(law.exponents[0] - 2.5) < 1e-9 && abs(law.exponents[1] + 1) < 1e-9)
    #expect(abs(law.factor - 5) < 1e-8 && law.largestError < 1 + 1e-9)
  }
}
