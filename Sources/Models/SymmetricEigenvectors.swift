/// Eigenvectors of a small symmetric matrix by Jacobi's rotations, with the same bits on every machine:
/// nothing but additions, products, quotients and roots of float64, in a fixed order.
enum SymmetricEigenvectors {
  /// Rounds over all pairs; Jacobi's method converges quadratically, and for the sizes here within ten
  /// (Golub and Van Loan, Matrix Computations, section 8.5).
  private static let sweepCount = 16

  /// The orthonormal eigenvectors of the `count` largest eigenvalues, in descending order.
  ///
  /// - Parameter matrix: (n, n), row-major; only its symmetric part counts.
  /// - Returns: the vectors one after the other, n numbers each.
  static func largest(_ count: Int, of matrix: [Double], size n: Int) -> [[Double]] {
    precondition(matrix.count == n * n && count <= n)
    var a = matrix
    // Row i holds what becomes eigenvector i.
    var vectors = [Double](repeating: 0, count: n * n)
    for i in 0..<n { vectors[i * n + i] = 1 }
    for _ in 0..<sweepCount {
      for p in 0..<n { for q in p + 1..<max(n, p + 1) { rotate(p, q, &a, &vectors, n) } }
    }
    let order = (0..<n).sorted {
      let (x, y) = (a[$0 * n + $0], a[$1 * n + $1])
      return x != y ? x > y : $0 < $1
    }
    return order.prefix(count).map { Array(vectors[$0 * n..<($0 + 1) * n]) }
  }

  /// Makes element (p, q) zero.
  private static func rotate(
    _ p: Int, _ q: Int, _ a: inout [Double], _ vectors: inout [Double], _ n: Int
  ) {
    let off = a[p * n + q]
    guard off != 0 else { return }
    let theta = (a[q * n + q] - a[p * n + p]) / (2 * off)
    let t = (theta < 0 ? -1 : 1) / (theta.magnitude + (theta * theta + 1).squareRoot())
    let c = 1 / (t * t + 1).squareRoot()
    let s = t * c
    for k in 0..<n {
      let (x, y) = (a[k * n + p], a[k * n + q])
      a[k * n + p] = c * x - s * y
      a[k * n + q] = s * x + c * y
    }
    for k in 0..<n {
      let (x, y) = (a[p * n + k], a[q * n + k])
      a[p * n + k] = c * x - s * y
      a[q * n + k] = s * x + c * y
      let (u, v) = (vectors[p * n + k], vectors[q * n + k])
      vectors[p * n + k] = c * u - s * v
      vectors[q * n + k] = s * u + c * v
    }
    a[p * n + q] = 0
    a[q * n + p] = 0
  }
}
