internal import CKernels

extension Arithmetic {
  /// c(i, j) = fma chain of a(i, k) * b(k, j), k ascending, from +0 or, if `accumulate`, from c.
  ///
  /// Shapes: a (m, k), b (k, n), c (m, n). c must not overlap a or b. `product(x, weight.transposed,
  /// into: y)` is y = x * weight^T. With other kinds than `fixed` the order is another.
  public func product(
    _ a: Operand, _ b: Operand, into c: Matrix, accumulate: Bool = false
  ) {
    precondition(
      a.rows == c.rows && b.columns == c.columns && b.rows == a.columns,
      "(\(a.rows), \(a.columns)) * (\(b.rows), \(b.columns)) into (\(c.rows), \(c.columns))")
    precondition(!c.overlaps(a.matrix), "a result over its operand")
    if case .packed(let packed) = b.storage {
      return packedProduct(
        a.matrix, isTransposed: a.isTransposed, packed, transposed: b.isTransposed, into: c,
        accumulate: accumulate)
    }
    precondition(!c.overlaps(b.matrix), "a result over its operand")
    switch kind {
    case .fixed: fixedProduct(a, b, into: c, accumulate: accumulate)
    case .openblas: OpenBLAS.product(a, b, into: c, accumulate: accumulate)
    case .split: splitProduct(a, b, into: c, accumulate: accumulate)
    }
  }

  private func fixedProduct(_ a: Operand, _ b: Operand, into c: Matrix, accumulate: Bool) {
    let (m, n, depth) = (c.rows, c.columns, a.columns)
    let grid = tileGrid(m: m, n: n, depth: depth)
    let tasks = grid.rows * grid.columns
    if tasks == 1 {
      return multiply(a, b, into: c, rows: 0..<m, columns: 0..<n, accumulate: accumulate)
    }
    workers.run(tasks: tasks) { task in
      multiply(
        a, b, into: c,
        rows: part(task / grid.columns, of: grid.rows, count: m, unit: 8),
        columns: part(task % grid.columns, of: grid.columns, count: n, unit: 16),
        accumulate: accumulate)
    }
  }

  /// Part p of n is the chain over k from p K / n up to (p + 1) K / n; the first starts like the whole
  /// one, the others from +0, and they are added to it in ascending order.
  private func splitProduct(_ a: Operand, _ b: Operand, into c: Matrix, accumulate: Bool) {
    let depth = a.columns
    let parts = max(1, min(summationParts, depth))
    fixedProduct(
      a.columns(0..<depth / parts), b.rows(0..<depth / parts), into: c, accumulate: accumulate)
    guard parts > 1 else { return }
    let sum = Matrix(
      FloatBuffer(count: c.rows * c.columns), rows: c.rows, columns: c.columns)
    for part in 1..<parts {
      let range = part * depth / parts..<(part + 1) * depth / parts
      fixedProduct(a.columns(range), b.rows(range), into: sum, accumulate: false)
      add(sum, to: c)
    }
  }

  /// As above, for operands as they are.
  public func product(_ a: Matrix, _ b: Matrix, into c: Matrix, accumulate: Bool = false) {
    product(Operand(a), Operand(b), into: c, accumulate: accumulate)
  }

  /// As above, a transposed.
  public func product(_ a: Operand, _ b: Matrix, into c: Matrix, accumulate: Bool = false) {
    product(a, Operand(b), into: c, accumulate: accumulate)
  }

  /// As above, b transposed.
  public func product(_ a: Matrix, _ b: Operand, into c: Matrix, accumulate: Bool = false) {
    product(Operand(a), b, into: c, accumulate: accumulate)
  }

  /// One tile of the result on this thread. Threads never share an element of c, nor cut k.
  private func multiply(
    _ a: Operand, _ b: Operand, into c: Matrix, rows: Range<Int>, columns: Range<Int>,
    accumulate: Bool
  ) {
    if rows.isEmpty || columns.isEmpty { return }
    withSpareMemory { spare in
      kernels.pointee.product(
        rows.count, columns.count, a.columns,
        a.matrix.pointer + rows.lowerBound * a.rowStep, a.rowStep, a.columnStep,
        b.matrix.pointer + columns.lowerBound * b.columnStep, b.rowStep, b.columnStep,
        c.pointer + rows.lowerBound * c.rowStride + columns.lowerBound, c.rowStride,
        accumulate ? 1 : 0, spare)
    }
  }

  /// How to cut the result so that the slowest thread is fastest: it multiplies its tile, and packs
  /// the rows and columns that it needs.
  private func tileGrid(m: Int, n: Int, depth: Int) -> (rows: Int, columns: Int) {
    // About two microseconds of work make waking a thread worth its while.
    let worthwhile = splitsSmallWork ? workers.threads : m * n * depth / (1 << 18)
    let tasks = min(workers.threads, max(1, worthwhile))
    var best = (rows: 1, columns: 1)
    var bestCost = Int.max
    for gridRows in 1...tasks {
      let gridColumns = tasks / gridRows
      let tileRows = part(0, of: gridRows, count: m, unit: 8, largest: true).count
      let tileColumns = part(0, of: gridColumns, count: n, unit: 16, largest: true).count
      let cost = tileRows * tileColumns + (tileRows + tileColumns) * 8
      if cost < bestCost {
        bestCost = cost
        best = (gridRows, gridColumns)
      }
    }
    return best
  }

  /// Part `index` of `parts` of 0 ..< `count`, in whole units but for the end.
  private func part(
    _ index: Int, of parts: Int, count: Int, unit: Int, largest: Bool = false
  ) -> Range<Int> {
    let units = (count + unit - 1) / unit
    if largest { return 0..<min(count, (units + parts - 1) / parts * unit) }
    let first = min(count, index * units / parts * unit)
    return first..<min(count, (index + 1) * units / parts * unit)
  }
}
