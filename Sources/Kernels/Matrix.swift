/// A row-major window on a buffer. That it lies inside the buffer is proved when it is made.
public struct Matrix: Sendable {
  /// The memory; the window keeps it alive.
  public let buffer: FloatBuffer
  /// Where element (0, 0) is in the buffer.
  public let offset: Int
  /// Number of rows.
  public let rows: Int
  /// Number of columns.
  public let columns: Int
  /// The distance between rows, in elements; at least `columns`.
  public let rowStride: Int

  /// A window of `rows` x `columns` elements, by default without gaps between the rows.
  public init(
    _ buffer: FloatBuffer, offset: Int = 0, rows: Int, columns: Int, rowStride: Int? = nil
  ) {
    let stride = rowStride ?? columns
    precondition(
      offset >= 0 && rows >= 0 && columns >= 0 && stride >= columns,
      "a window of \(rows) x \(columns) with stride \(stride) at \(offset)")
    let end = rows == 0 || columns == 0 ? offset : offset + (rows - 1) * stride + columns
    precondition(end <= buffer.count, "a window up to \(end) in a buffer of \(buffer.count)")
    self.buffer = buffer
    self.offset = offset
    self.rows = rows
    self.columns = columns
    self.rowStride = stride
  }

  /// Some of the rows.
  public func rows(_ range: Range<Int>) -> Matrix {
    precondition(0 <= range.lowerBound && range.upperBound <= rows, "rows \(range) of \(rows)")
    return Matrix(
      buffer, offset: offset + (range.isEmpty ? 0 : range.lowerBound * rowStride),
      rows: range.count, columns: columns, rowStride: rowStride)
  }

  /// Some of the columns.
  public func columns(_ range: Range<Int>) -> Matrix {
    precondition(
      0 <= range.lowerBound && range.upperBound <= columns, "columns \(range) of \(columns)")
    return Matrix(
      buffer, offset: offset + (range.isEmpty ? 0 : range.lowerBound), rows: rows,
      columns: range.count, rowStride: rowStride)
  }

  /// One element.
  public subscript(row: Int, column: Int) -> Float {
    get {
      precondition(0 <= row && row < rows && 0 <= column && column < columns, "(\(row), \(column))")
      return buffer[offset + row * rowStride + column]
    }
    nonmutating set {
      precondition(0 <= row && row < rows && 0 <= column && column < columns, "(\(row), \(column))")
      buffer[offset + row * rowStride + column] = newValue
    }
  }

  /// A copy of the elements, row by row, without gaps.
  public var array: [Float] {
    (0..<rows).flatMap { r in (0..<columns).map { self[r, $0] } }
  }

  /// This matrix as an operand of a product that is read by columns.
  public var transposed: Operand { Operand(self, isTransposed: true) }

  var pointer: UnsafeMutablePointer<Float> { buffer.base + offset }
  var isContiguous: Bool { rowStride == columns || rows <= 1 }

  /// Whether an element may lie in both windows.
  func overlaps(_ other: Matrix) -> Bool {
    guard buffer === other.buffer, rows > 0, columns > 0, other.rows > 0, other.columns > 0
    else { return false }
    let end = offset + (rows - 1) * rowStride + columns
    let otherEnd = other.offset + (other.rows - 1) * other.rowStride + other.columns
    guard offset < otherEnd, other.offset < end else { return false }
    guard rowStride == other.rowStride else { return true }
    // Two bands of columns in one larger matrix.
    let shift = other.offset - offset
    let distance = ((shift % rowStride) + rowStride) % rowStride
    return distance < columns || distance + other.columns > rowStride
  }
}

/// A matrix as an operand of a product, as it is or transposed.
public struct Operand: Sendable {
  /// Where the elements are. Only the second operand of a product may be packed.
  enum Storage: Sendable {
    case floats(Matrix)
    case packed(PackedMatrix)
  }

  let storage: Storage
  /// Whether it is read with rows and columns exchanged.
  public let isTransposed: Bool

  /// An operand as it is or transposed.
  public init(_ matrix: Matrix, isTransposed: Bool = false) {
    storage = .floats(matrix)
    self.isTransposed = isTransposed
  }

  /// A second operand that is unpacked while it is multiplied.
  public init(_ matrix: PackedMatrix, isTransposed: Bool = false) {
    storage = .packed(matrix)
    self.isTransposed = isTransposed
  }

  /// The matrix as it lies in memory, which must not be packed.
  public var matrix: Matrix {
    guard case .floats(let matrix) = storage else {
      preconditionFailure("a packed operand where only the second of a product may be one")
    }
    return matrix
  }

  /// The matrix as it lies in memory; nil if it is packed.
  public var floats: Matrix? {
    guard case .floats(let matrix) = storage else { return nil }
    return matrix
  }

  private var storedShape: (rows: Int, columns: Int) {
    switch storage {
    case .floats(let matrix): (matrix.rows, matrix.columns)
    case .packed(let matrix): (matrix.rows, matrix.columns)
    }
  }

  /// Rows and columns as the product sees them.
  public var rows: Int { isTransposed ? storedShape.columns : storedShape.rows }
  /// Number of columns.
  public var columns: Int { isTransposed ? storedShape.rows : storedShape.columns }

  func rows(_ range: Range<Int>) -> Operand {
    Operand(isTransposed ? matrix.columns(range) : matrix.rows(range), isTransposed: isTransposed)
  }

  func columns(_ range: Range<Int>) -> Operand {
    Operand(isTransposed ? matrix.rows(range) : matrix.columns(range), isTransposed: isTransposed)
  }

  var rowStep: Int { isTransposed ? 1 : matrix.rowStride }
  var columnStep: Int { isTransposed ? matrix.rowStride : 1 }
}

/// A window of consecutive elements of a buffer.
public struct Vector: Sendable {
  /// The memory; the window keeps it alive.
  public let buffer: FloatBuffer
  /// Where element 0 is in the buffer.
  public let offset: Int
  /// Number of elements.
  public let count: Int

  /// A window of `count` elements, by default up to the end of the buffer.
  public init(_ buffer: FloatBuffer, offset: Int = 0, count: Int? = nil) {
    let count = count ?? buffer.count - offset
    precondition(
      offset >= 0 && count >= 0 && offset + count <= buffer.count,
      "\(count) elements at \(offset) of \(buffer.count)")
    self.buffer = buffer
    self.offset = offset
    self.count = count
  }

  /// Some of the elements.
  public func elements(_ range: Range<Int>) -> Vector {
    precondition(0 <= range.lowerBound && range.upperBound <= count, "\(range) of \(count)")
    return Vector(buffer, offset: offset + range.lowerBound, count: range.count)
  }

  /// One element.
  public subscript(i: Int) -> Float {
    get {
      precondition(0 <= i && i < count, "element \(i) of \(count)")
      return buffer[offset + i]
    }
    nonmutating set {
      precondition(0 <= i && i < count, "element \(i) of \(count)")
      buffer[offset + i] = newValue
    }
  }

  /// A copy of the elements.
  public var array: [Float] { (0..<count).map { buffer[offset + $0] } }

  var pointer: UnsafeMutablePointer<Float> { buffer.base + offset }
}
