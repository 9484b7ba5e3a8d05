/// A flat vector that lies in memory in a packed form, from which any stretch can be unpacked.
public protocol PackedValues: Sendable {
  /// Number of values.
  var count: Int { get }

  /// Writes the values of `range` to `target`, which has room for exactly so many. Called by several
  /// threads at a time; `instructionSet` does not change a bit.
  func unpack(
    _ range: Range<Int>, into target: UnsafeMutableBufferPointer<Float>,
    instructionSet: InstructionSet)
}

/// Packed whole numbers times a scale for each group, whose products can be made in whole numbers.
public protocol IntegerPackedValues: PackedValues {
  /// Values that share a scale.
  var integerGroupSize: Int { get }

  /// Whether a product with `matrix`, which lies in these values, can be made in whole numbers.
  func offersIntegerProduct(_ matrix: PackedMatrix, isTransposed: Bool) -> Bool

  /// Some columns of c = a b, or of c + a b, as docs/arithmetic.md defines it for activations of 8
  /// bits. `columns` begin at a multiple of 16, or of the group size unless b is transposed.
  func integerProduct(
    _ a: Matrix, _ b: PackedMatrix, isTransposed: Bool, into c: Matrix, columns: Range<Int>,
    accumulate: Bool, instructionSet: InstructionSet)
}

/// How the first operand enters a product with a packed second one.
public enum PackedActivations: String, Sendable, CaseIterable {
  /// As it is: the bits are those of the product with the second operand unpacked.
  case float32
  /// Each row rounded to 8 bits where the second operand offers it, sums exact in whole numbers:
  /// other bits, which are the same on every machine too.
  case int8
}

/// A row-major matrix in a packed vector. It is never unpacked as a whole.
public struct PackedMatrix: Sendable {
  /// The vector.
  public let values: any PackedValues
  /// Where element (0, 0) is in the vector.
  public let offset: Int
  /// Number of rows.
  public let rows: Int
  /// Number of columns; rows follow each other without gaps.
  public let columns: Int
  /// How what it is multiplied with enters products.
  public let activations: PackedActivations

  /// The matrix of `rows` x `columns` elements that begins at `offset`.
  public init(
    _ values: any PackedValues, offset: Int = 0, rows: Int, columns: Int,
    activations: PackedActivations = .float32
  ) {
    precondition(
      offset >= 0 && rows >= 0 && columns >= 0 && offset + rows * columns <= values.count,
      "\(rows) x \(columns) elements at \(offset) of \(values.count)")
    self.values = values
    self.offset = offset
    self.rows = rows
    self.columns = columns
    self.activations = activations
  }

  /// Unpacks a part of the matrix into the beginning of `tile`, row by row without gaps.
  func unpack(
    rows: Range<Int>, columns part: Range<Int>, into tile: FloatBuffer,
    instructionSet: InstructionSet
  ) {
    precondition(tile.count >= rows.count * part.count)
    // Whole rows follow each other.
    let isWhole = part.count == columns
    let (pieces, length) = isWhole ? (1, rows.count * columns) : (rows.count, part.count)
    for piece in 0..<pieces {
      let start = offset + (rows.lowerBound + piece) * columns + part.lowerBound
      values.unpack(
        start..<start + length,
        into: UnsafeMutableBufferPointer(start: tile.base + piece * length, count: length),
        instructionSet: instructionSet)
    }
  }
}

/// A matrix of weights that a forward pass reads: float32 in memory, or packed.
public protocol WeightMatrix: Sendable {
  /// Number of rows.
  var rows: Int { get }
  /// Number of columns.
  var columns: Int { get }
  /// The second operand of a product, as it is.
  var operand: Operand { get }
  /// The second operand of a product, transposed.
  var transposed: Operand { get }
  /// Some of the rows.
  func rows(_ range: Range<Int>) -> Self
  /// x(r) = self(indices[r]), plus positions(r % positions.rows) if there are positions; shapes as in
  /// `Arithmetic.gatherRows`.
  func gatherRows(
    _ indices: [Int32], adding positions: Self?, into x: Matrix, arithmetic: Arithmetic)
}

extension Matrix: WeightMatrix {
  public var operand: Operand { Operand(self) }

  public func gatherRows(
    _ indices: [Int32], adding positions: Matrix?, into x: Matrix, arithmetic: Arithmetic
  ) {
    arithmetic.gatherRows(indices, of: self, adding: positions, into: x)
  }
}

extension PackedMatrix: WeightMatrix {
  public var operand: Operand { Operand(self) }
  public var transposed: Operand { Operand(self, isTransposed: true) }

  public func rows(_ range: Range<Int>) -> PackedMatrix {
    precondition(0 <= range.lowerBound && range.upperBound <= rows, "rows \(range) of \(rows)")
    return PackedMatrix(
      values, offset: offset + range.lowerBound * columns, rows: range.count, columns: columns,
      activations: activations)
  }

  public func gatherRows(
    _ indices: [Int32], adding positions: PackedMatrix?, into x: Matrix, arithmetic: Arithmetic
  ) {
    precondition(
      indices.count == x.rows && columns == x.columns && (positions?.columns ?? columns) == columns
        && indices.allSatisfy { 0 <= $0 && Int($0) < rows },
      "\(indices.count) rows of (\(rows), \(columns)) into (\(x.rows), \(x.columns))")
    // The rows of the batch as a small table.
    let table = FloatBuffer(count: indices.count * columns)
    let set = arithmetic.instructionSet
    arithmetic.split(indices.count, grain: max(1, (1 << 14) / max(columns, 1))) { range in
      for index in range {
        let start = offset + Int(indices[index]) * columns
        values.unpack(
          start..<start + columns,
          into: UnsafeMutableBufferPointer(start: table.base + index * columns, count: columns),
          instructionSet: set)
      }
    }
    let own = positions.map { positions in
      let buffer = FloatBuffer(count: positions.rows * columns)
      positions.unpack(
        rows: 0..<positions.rows, columns: 0..<columns, into: buffer, instructionSet: set)
      return Matrix(buffer, rows: positions.rows, columns: columns)
    }
    arithmetic.gatherRows(
      indices.indices.map { Int32($0) },
      of: Matrix(table, rows: indices.count, columns: columns), adding: own, into: x)
  }
}
