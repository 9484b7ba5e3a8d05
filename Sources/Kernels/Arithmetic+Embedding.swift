internal import CKernels

extension Arithmetic {
  /// x(r) = table(indices[r]), plus positions(r % positions.rows) if there are positions.
  ///
  /// Shapes: x (indices.count, columns); table (any, columns); positions (context, columns), so for
  /// sequences that are shorter than the longest, pass `positions.rows(0..<context)`.
  public func gatherRows(
    _ indices: [Int32], of table: Matrix, adding positions: Matrix? = nil, into x: Matrix
  ) {
    precondition(
      indices.count == x.rows && table.columns == x.columns
        && (positions?.columns ?? x.columns) == x.columns && positions?.rows != 0,
      "\(indices.count) rows of (\(table.rows), \(table.columns)) into (\(x.rows), \(x.columns))")
    checkRows(indices, table)
    split(x.rows, grain: rowGrain(1 << 14, x)) { range in
      let part = x.rows(range)
      indices.withUnsafeBufferPointer { indices in
        guard let indices = indices.baseAddress else { return }
        kernels.pointee.gather(
          range.lowerBound, part.rows, part.columns, indices + range.lowerBound, table.pointer,
          table.rowStride, positions.map { UnsafePointer($0.pointer) }, positions?.rowStride ?? 0,
          positions?.rows ?? 1, part.pointer, part.rowStride)
      }
    }
  }

  /// table(indices[r]) = table(indices[r]) + x(r), r ascending. Shapes as in `gatherRows`.
  public func scatterAdd(_ x: Matrix, at indices: [Int32], to table: Matrix) {
    precondition(
      indices.count == x.rows && table.columns == x.columns,
      "\(indices.count) rows of (\(x.rows), \(x.columns)) to (\(table.rows), \(table.columns))")
    checkRows(indices, table)
    // By columns, so that no two threads meet in one row of the table.
    split(x.columns, unit: 16, grain: max(16, (1 << 14) / max(x.rows, 1))) { range in
      let (x, table) = (x.columns(range), table.columns(range))
      indices.withUnsafeBufferPointer { indices in
        guard let indices = indices.baseAddress else { return }
        kernels.pointee.scatterAdd(
          x.rows, x.columns, indices, 1, x.pointer, x.rowStride, table.pointer, table.rowStride)
      }
    }
  }

  /// positions(r % positions.rows) = positions(r % positions.rows) + x(r), r ascending.
  public func addPeriodically(_ x: Matrix, to positions: Matrix) {
    precondition(
      positions.columns == x.columns && positions.rows > 0,
      "(\(x.rows), \(x.columns)) to (\(positions.rows), \(positions.columns))")
    split(x.columns, unit: 16, grain: max(16, (1 << 14) / max(x.rows, 1))) { range in
      let (x, positions) = (x.columns(range), positions.columns(range))
      kernels.pointee.scatterAdd(
        x.rows, x.columns, nil, positions.rows, x.pointer, x.rowStride, positions.pointer,
        positions.rowStride)
    }
  }

  /// Elements `firstElement`, `firstElement` + 1, ... of the normal numbers of a random stream,
  /// with mean 0: Box-Muller on Philox4x32-10, times `standardDeviation`.
  public func fillNormal(
    _ v: Vector, seed: UInt64, stream: UInt64, standardDeviation: Float, firstElement: UInt64 = 0
  ) {
    split(v.count, unit: 64, grain: 1 << 12) { range in
      kernels.pointee.normal(
        range.count, seed, stream, firstElement &+ UInt64(range.lowerBound), standardDeviation,
        v.pointer + range.lowerBound)
    }
  }

  /// As `fillNormal` of a vector, into any memory and on the calling thread alone.
  public func fillNormal(
    _ memory: UnsafeMutableBufferPointer<Float>, seed: UInt64, stream: UInt64,
    standardDeviation: Float, firstElement: UInt64
  ) {
    guard let base = memory.baseAddress else { return }
    kernels.pointee.normal(
      memory.count, seed, stream, firstElement, standardDeviation, base)
  }

  private func checkRows(_ indices: [Int32], _ table: Matrix) {
    precondition(
      indices.allSatisfy { 0 <= $0 && Int($0) < table.rows }, "an index is out of range")
  }
}
