internal import COpenBLAS
import Kernels

/// A matrix of a model whose update is written as a product of two narrow matrices.
public struct LowRankUpdate: Sendable {
  /// Index of the matrix's first element in the flat vector.
  public let offset: Int
  /// Rows of the matrix.
  public let rows: Int
  /// Columns of the matrix.
  public let columns: Int
  /// Rows of `right` and columns of `left`; at least 1.
  public let rank: Int
  /// (rows, rank), row-major.
  public let left: [Float]
  /// (rank, columns), row-major.
  public let right: [Float]

  /// An update of these factors, such as those of a merged adapter. Their counts must fit the sizes.
  public init(
    offset: Int, rows: Int, columns: Int, rank: Int, left: [Float], right: [Float]
  ) throws(DiffError) {
    let (leftCount, leftOverflow) = rows.multipliedReportingOverflow(by: rank)
    let (rightCount, rightOverflow) = rank.multipliedReportingOverflow(by: columns)
    guard offset >= 0, rows > 0, columns > 0, rank > 0, !leftOverflow, !rightOverflow,
      left.count == leftCount, right.count == rightCount
    else {
      throw .impossible(
        "factors of \(left.count) and \(right.count) values do not make a matrix of "
          + "\(rows) x \(columns) and rank \(rank)")
    }
    self.offset = offset
    self.rows = rows
    self.columns = columns
    self.rank = rank
    self.left = left
    self.right = right
  }

  /// The best approximation of a given rank to an update (rows, columns, row-major), in the sense of
  /// least squares: the largest singular values with their vectors (Eckart and Young, 1936), by
  /// LAPACK's sgesdd. The rank is cut to what the matrix has.
  ///
  /// Bits depend on the BLAS; a diff stays exact with any factors.
  public static func approximating(
    _ update: [Float], offset: Int, rows: Int, columns: Int, rank: Int
  ) throws(DiffError) -> LowRankUpdate {
    guard rows > 0, columns > 0, rank > 0, update.count == rows * columns,
      Int32(exactly: rows) != nil, Int32(exactly: columns) != nil
    else { throw .impossible("an update of \(update.count) values is no \(rows) x \(columns)") }
    guard update.allSatisfy(\.isFinite) else {
      throw .impossible("an update with an infinite value has no singular values")
    }
    let full = min(rows, columns)
    let kept = min(rank, full)
    var matrix = update
    var values = [Float](repeating: 0, count: full)
    var left = [Float](repeating: 0, count: rows * full)
    var right = [Float](repeating: 0, count: full * columns)
    let status = LAPACKE_sgesdd(
      get_LAPACK_ROW_MAJOR(), CChar(UInt8(ascii: "S")), Int32(rows), Int32(columns), &matrix,
      Int32(columns), &values, &left, Int32(full), &right, Int32(columns))
    guard status == 0 else {
      throw .impossible("LAPACK finds no singular values of the matrix at \(offset)")
    }
    var narrow: [Float] = []
    narrow.reserveCapacity(rows * kept)
    for row in 0..<rows {
      for column in 0..<kept { narrow.append(left[row * full + column] * values[column]) }
    }
    return try LowRankUpdate(
      offset: offset, rows: rows, columns: columns, rank: kept, left: narrow,
      right: Array(right[..<(kept * columns)]))
  }
}

/// The factors of all matrices, in the order of their offsets, and what they say of any part of a model.
struct LowRankUpdates: Sendable {
  let updates: [LowRankUpdate]
  private let factors: [(left: Matrix, right: Matrix)]
  private let arithmetic: Arithmetic

  /// Throws `impossible` unless the matrices lie in order inside a model of `byteCount` bytes.
  init(
    _ updates: [LowRankUpdate], byteCount: Int, arithmetic: Arithmetic
  ) throws(DiffError) {
    var end = 0
    for update in updates {
      let (count, overflow) = update.rows.multipliedReportingOverflow(by: update.columns)
      guard !overflow, update.offset >= end, update.offset <= byteCount / 4,
        count <= byteCount / 4 - update.offset
      else { throw .impossible("the matrix at \(update.offset) is not where a matrix can be") }
      end = update.offset + count
    }
    self.updates = updates
    self.arithmetic = arithmetic.serial
    factors = updates.map {
      (
        Matrix(FloatBuffer($0.left), rows: $0.rows, columns: $0.rank),
        Matrix(FloatBuffer($0.right), rows: $0.rank, columns: $0.columns)
      )
    }
  }

  /// The words `range` (in elements) of the model that the factors predict from those `before`:
  /// before + left * right, each product a chain of the fixed order, then one addition.
  func predict(_ before: UnsafeRawBufferPointer, _ range: Range<Int>) -> [UInt8] {
    var predicted = Array(before)
    for (update, factor) in zip(updates, factors) {
      let whole = update.offset..<update.offset + update.rows * update.columns
      let part = whole.clamped(to: range)
      guard !part.isEmpty else { continue }
      let rows =
        (part.lowerBound - update.offset) / update.columns..<(part.upperBound - 1 - update.offset)
        / update.columns + 1
      let product = Matrix(
        FloatBuffer(count: rows.count * update.columns), rows: rows.count, columns: update.columns)
      arithmetic.product(factor.left.rows(rows), factor.right, into: product)
      let first = update.offset + rows.lowerBound * update.columns
      predicted.withUnsafeMutableBytes { bytes in
        for element in part {
          let place = 4 * (element - range.lowerBound)
          let old = bytes.loadUnaligned(fromByteOffset: place, as: Float.self)
          bytes.storeBytes(
            of: old + product.buffer[element - first], toByteOffset: place, as: Float.self)
        }
      }
    }
    return predicted
  }
}
