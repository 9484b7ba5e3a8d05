internal import CKernels

extension Arithmetic {
  /// y = y + x.
  public func add(_ x: Matrix, to y: Matrix) { add(y, x, into: y) }

  /// z = x + y. z may be x or y.
  public func add(_ x: Matrix, _ y: Matrix, into z: Matrix) {
    splitElements(WindowList(x, y, z), grain: 1 << 14) { w in
      kernels.pointee.add(
        w[0].rows, w[0].columns, w[0].pointer, w[0].rowStride, w[1].pointer, w[1].rowStride,
        w[2].pointer, w[2].rowStride)
    }
  }

  /// y = x * factor. y may be x.
  public func scale(_ x: Matrix, by factor: Float, into y: Matrix) {
    splitElements(WindowList(x, y), grain: 1 << 14) { w in
      for r in 0..<w[0].rows {
        kernels.pointee.scale(
          w[0].columns, factor, w[0].pointer + r * w[0].rowStride,
          w[1].pointer + r * w[1].rowStride)
      }
    }
  }

  /// y(i, j) = y(i, j) + bias(j).
  public func addBias(_ bias: Vector, to y: Matrix) {
    precondition(bias.count == y.columns, "\(bias.count) biases for \(y.columns) columns")
    split(y.rows, grain: rowGrain(1 << 14, y)) { range in
      let part = y.rows(range)
      kernels.pointee.addBias(
        part.rows, part.columns, bias.pointer, part.pointer, part.rowStride)
    }
  }

  /// sums(j) = (sums(j) + x(0, j)) + x(1, j) + ..., the gradient of a bias.
  public func columnSums(of x: Matrix, addingTo sums: Vector) {
    precondition(sums.count == x.columns, "\(sums.count) sums for \(x.columns) columns")
    split(x.columns, unit: 16, grain: max(16, (1 << 14) / max(x.rows, 1))) { range in
      let part = x.columns(range)
      kernels.pointee.columnSums(
        part.rows, part.columns, part.pointer, part.rowStride, sums.pointer + range.lowerBound)
    }
  }

  /// How many rows of x have `elements` elements.
  func rowGrain(_ elements: Int, _ x: Matrix) -> Int { max(1, elements / max(x.columns, 1)) }
}
