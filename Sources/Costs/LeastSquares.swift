internal import COpenBLAS
import Foundation

/// Linear least squares by LAPACK's dgels (QR). Its bits depend on the BLAS, so what comes of it is
/// never an exact value of a result.
public enum LeastSquares {
  /// The x that makes |A x - b| smallest.
  ///
  /// - Parameters:
  ///   - rows: A by rows, all equally long, at least as many as they are long.
  ///   - values: b, one for each row.
  /// Throws ``CostError/singular(equations:unknowns:)`` where x is not unique.
  public static func solve(_ rows: [[Double]], _ values: [Double]) throws(CostError) -> [Double] {
    let unknowns = rows.first?.count ?? 0
    precondition(rows.count == values.count && rows.allSatisfy { $0.count == unknowns })
    let failure = CostError.singular(equations: rows.count, unknowns: unknowns)
    guard unknowns > 0, rows.count >= unknowns else { throw failure }
    var matrix = rows.flatMap { $0 }
    var right = values
    let status = LAPACKE_dgels(
      get_LAPACK_ROW_MAJOR(), CChar(UInt8(ascii: "N")), Int32(rows.count), Int32(unknowns), 1,
      &matrix, Int32(unknowns), &right, 1)
    // After dgels the diagonal of R lies in the matrix: next to nothing there is no unique x.
    let diagonal = (0..<unknowns).map { abs(matrix[$0 * unknowns + $0]) }
    guard status == 0, let largest = diagonal.max(), let least = diagonal.min(),
      least > 1e-12 * largest
    else { throw failure }
    return Array(right[..<unknowns])
  }

  /// The same with no negative unknown: those that come out below zero are left out, the most
  /// negative first. For rates, which are never negative.
  public static func solveNonNegative(
    _ rows: [[Double]], _ values: [Double]
  ) throws(CostError) -> [Double] {
    var kept = Array((rows.first ?? []).indices)
    let count = kept.count
    while !kept.isEmpty {
      let part = try solve(rows.map { row in kept.map { row[$0] } }, values)
      guard let worst = part.indices.min(by: { part[$0] < part[$1] }), part[worst] < 0 else {
        var all = [Double](repeating: 0, count: count)
        for (place, value) in zip(kept, part) { all[place] = value }
        return all
      }
      kept.remove(at: worst)
    }
    return [Double](repeating: 0, count: count)
  }
}

/// value = factor * x1^e1 * x2^e2 …, fitted to logarithms.
public struct PowerLaw: Sendable, Hashable {
  /// Exponents, one a variable.
  public let exponents: [Double]
  /// Factor.
  public let factor: Double
  /// Largest ratio of a value to its fit, or of a fit to its value.
  public let largestError: Double

  /// Fits `values`, all above 0, over `variables`, a row for each value.
  public init(variables: [[Double]], values: [Double]) throws(CostError) {
    let rows = variables.map { [1] + $0.map { log($0) } }
    let solution = try LeastSquares.solve(rows, values.map { log($0) })
    exponents = Array(solution.dropFirst())
    factor = exp(solution[0])
    largestError = exp(
      zip(rows, values).map { row, value in
        abs(log(value) - zip(row, solution).reduce(0) { $0 + $1.0 * $1.1 })
      }.max() ?? 0)
  }
}
