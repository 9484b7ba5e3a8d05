internal import CKernels

/// RMS norm as in Gemma (docs/arithmetic.md, section "RMS norm").
extension Arithmetic {
  /// y = (x * rstd) * (1 + gamma) for each group of a row; keeps rstd = 1 / sqrt(mean(x^2) + epsilon).
  ///
  /// A row holds one or more groups of `gamma.count` elements side by side, each normalized by
  /// itself with the same gamma: one group for a norm of whole rows, as many as there are heads for
  /// a norm of queries or keys.
  ///
  /// Shapes: x, y (rows, groups * gamma.count); rstd (rows * groups). y may be x.
  public func rmsNorm(_ x: Matrix, gamma: Vector, epsilon: Float, into y: Matrix, rstd: Vector) {
    let groups = groupCount(x, gamma, rstd)
    precondition(x.rows == y.rows && x.columns == y.columns, "shapes differ")
    split(x.rows, grain: rowGrain(1 << 13, x)) { range in
      let (x, y) = (x.rows(range), y.rows(range))
      kernels.pointee.rmsNorm(
        x.rows, groups, gamma.count, x.pointer, x.rowStride, gamma.pointer, epsilon, y.pointer,
        y.rowStride, rstd.pointer + range.lowerBound * groups)
    }
  }

  /// The gradients of `rmsNorm`: dx (onto the old values if `accumulate`), and dGamma onto the old
  /// values, rows ascending, groups ascending in each row.
  ///
  /// Shapes: dy, x, dx (rows, groups * gamma.count); gamma, dGamma (any); rstd (rows * groups).
  /// dx may be dy, but not x.
  public func rmsNormBackward(
    dy: Matrix, x: Matrix, gamma: Vector, rstd: Vector, into dx: Matrix, accumulate: Bool,
    dGamma: Vector
  ) {
    let groups = groupCount(x, gamma, rstd)
    precondition(
      dy.rows == x.rows && dx.rows == x.rows && dy.columns == x.columns
        && dx.columns == x.columns && dGamma.count == gamma.count,
      "gradient of RMS norm of (\(x.rows), \(x.columns))")
    precondition(!dx.overlaps(x), "a gradient over its operand")
    // The parameters first, as dx may take the place of dy.
    split(gamma.count, unit: 16, grain: max(16, (1 << 13) / max(x.rows * groups, 1))) { range in
      kernels.pointee.rmsNormParameters(
        x.rows, groups, gamma.count, range.lowerBound, range.upperBound, dy.pointer, dy.rowStride,
        x.pointer, x.rowStride, rstd.pointer, dGamma.pointer)
    }
    split(x.rows, grain: rowGrain(1 << 13, x)) { range in
      let (dy, x, dx) = (dy.rows(range), x.rows(range), dx.rows(range))
      kernels.pointee.rmsNormBackward(
        x.rows, groups, gamma.count, dy.pointer, dy.rowStride, x.pointer, x.rowStride,
        gamma.pointer, rstd.pointer + range.lowerBound * groups, dx.pointer, dx.rowStride,
        accumulate ? 1 : 0)
    }
  }

  private func groupCount(_ x: Matrix, _ gamma: Vector, _ rstd: Vector) -> Int {
    precondition(
      gamma.count > 0 && x.columns % gamma.count == 0,
      "\(x.columns) columns in groups of \(gamma.count)")
    let groups = x.columns / gamma.count
    precondition(rstd.count == x.rows * groups, "\(rstd.count) roots for \(x.rows * groups) groups")
    return groups
  }
}
