/// Products with a packed second operand: it is unpacked tile by tile, each of which stays in the
/// second level cache, and multiplied right away. k is only cut where c is stored and loaded again,
/// so that the bits are those of the product with all of it unpacked.
extension Arithmetic {
  /// Values of a tile: half a MiB.
  private static let tileCount = 1 << 17

  /// c = a b, or c + a b, b packed.
  func packedProduct(
    _ a: Matrix, isTransposed: Bool, _ b: PackedMatrix, transposed: Bool, into c: Matrix,
    accumulate: Bool
  ) {
    let depth = transposed ? b.columns : b.rows
    guard depth > 0, c.rows > 0, c.columns > 0 else {
      // What an empty chain leaves.
      if !accumulate { for row in 0..<c.rows { for j in 0..<c.columns { c[row, j] = 0 } } }
      return
    }
    if b.activations == .int8, !isTransposed, kind == .fixed,
      let integers = b.values as? any IntegerPackedValues,
      integers.offersIntegerProduct(b, isTransposed: transposed)
    {
      let unit = transposed ? 16 : integers.integerGroupSize
      return splitColumns(of: c, depth: depth, unit: unit) { columns in
        integers.integerProduct(
          a, b, isTransposed: transposed, into: c, columns: columns, accumulate: accumulate,
          instructionSet: instructionSet)
      }
    }
    let work = PackedTiles(
      a: a, aIsTransposed: isTransposed, b: b, bIsTransposed: transposed, c: c,
      accumulate: accumulate, tileCount: Self.tileCount)
    // OpenBLAS has threads of its own.
    guard kind == .fixed else { return work.multiply(columns: 0..<c.columns, self) }
    splitColumns(of: c, depth: depth, unit: 64) { work.multiply(columns: $0, serial) }
  }

  /// Shares out columns, so that no two threads unpack the same.
  private func splitColumns(
    of c: Matrix, depth: Int, unit: Int, _ body: @Sendable (Range<Int>) -> Void
  ) {
    let worthwhile = splitsSmallWork ? c.columns : c.rows * c.columns * depth / (1 << 18)
    split(
      c.columns, unit: unit,
      grain: max(unit, c.columns / max(1, min(workers.threads, worthwhile))), body)
  }
}

/// One product with a packed operand.
private struct PackedTiles: Sendable {
  let a: Matrix
  let aIsTransposed: Bool
  let b: PackedMatrix
  let bIsTransposed: Bool
  let c: Matrix
  let accumulate: Bool
  let tileCount: Int

  /// Some columns of c, tile by tile of b.
  func multiply(columns: Range<Int>, _ arithmetic: Arithmetic) {
    let depth = bIsTransposed ? b.columns : b.rows
    // The long side of a tile lies along the rows of b, which are consecutive.
    let long = min(bIsTransposed ? depth : columns.count, 2048)
    let short = min(bIsTransposed ? columns.count : depth, max(16, tileCount / long))
    let (width, deep) = bIsTransposed ? (short, long) : (long, short)
    let tile = FloatBuffer(count: width * deep)
    for first in stride(from: columns.lowerBound, to: columns.upperBound, by: width) {
      let part = first..<min(columns.upperBound, first + width)
      for start in stride(from: 0, to: depth, by: deep) {
        let chain = start..<min(depth, start + deep)
        let (rows, across) = bIsTransposed ? (part, chain) : (chain, part)
        b.unpack(
          rows: rows, columns: across, into: tile, instructionSet: arithmetic.instructionSet)
        arithmetic.product(
          Operand(
            aIsTransposed ? a.rows(chain) : a.columns(chain), isTransposed: aIsTransposed),
          Operand(
            Matrix(tile, rows: rows.count, columns: across.count), isTransposed: bIsTransposed),
          into: c.columns(part), accumulate: accumulate || start > 0)
      }
    }
  }
}
