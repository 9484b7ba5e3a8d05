import Kernels

/// An update of all parameters in which matrices are products of two factors of low rank, and every
/// other tensor, and every matrix that would not get smaller, is what it is (`docs/protocol.md`,
/// section 3, "Low rank").
///
/// The factors of a matrix (rows, columns) are L (rows, rank), then R (rank, columns), row-major, in the
/// place of the matrix; parts follow each other in the order of the model's tensors.
public struct LowRankForm: Sendable, Hashable {
  /// A tensor, and where it stands in the factored vector.
  struct Part: Sendable, Hashable {
    let tensor: ParameterTensor
    let offset: Int
    /// nil where the tensor stands there itself.
    let rank: Int?

    var count: Int { rank.map { $0 * tensor.dimensions.reduce(0, +) } ?? tensor.count }

    func left(_ factors: FloatBuffer) -> Matrix {
      Matrix(factors, offset: offset, rows: tensor.dimensions[0], columns: rank ?? 0)
    }
    func right(_ factors: FloatBuffer) -> Matrix {
      Matrix(
        factors, offset: offset + tensor.dimensions[0] * (rank ?? 0), rows: rank ?? 0,
        columns: tensor.dimensions[1])
    }
  }

  let parts: [Part]
  /// Numbers of the factored vector.
  public let count: Int

  /// Rounds of the subspace iteration.
  static let roundCount = 4
  /// Directions that are iterated beside those that are kept.
  static let spareDirections = 8

  /// Throws ``ModelError/invalidShape(_:)`` unless some matrix gets smaller by this rank.
  public init(_ layout: ParameterLayout, rank: Int) throws(ModelError) {
    guard FineTuning.rankLimits.contains(rank) else {
      throw .invalidShape(
        "the rank must be in 1...\(FineTuning.rankLimits.upperBound), but is \(rank)")
    }
    var parts: [Part] = []
    var end = 0
    for tensor in layout.tensors {
      let isSmaller =
        tensor.dimensions.count == 2 && rank * tensor.dimensions.reduce(0, +) < tensor.count
      let part = Part(tensor: tensor, offset: end, rank: isSmaller ? rank : nil)
      parts.append(part)
      end += part.count
    }
    guard parts.contains(where: { $0.rank != nil }) else {
      throw .invalidShape("no matrix of the model gets smaller by two factors of rank \(rank)")
    }
    self.parts = parts
    count = end
  }

  /// The factors of `update`, by subspace iteration from random directions, more than the rank, of
  /// which the best are kept (Halko, Martinsson and Tropp, arXiv 0909.4061, algorithm 4.4): the same
  /// bits on every machine in `fixed` arithmetic.
  ///
  /// - Parameters:
  ///   - update: a number for each parameter.
  ///   - seed: what the directions are drawn from, tensor t from stream t.
  ///   - factors: ``count`` elements; overwritten.
  public func factor(
    _ update: FloatBuffer, seed: UInt64, into factors: FloatBuffer, arithmetic: Arithmetic
  ) {
    precondition(factors.count == count)
    for (stream, part) in parts.enumerated() {
      let tensor = part.tensor
      guard let rank = part.rank else {
        factors.copy(from: update, at: tensor.offset, count: tensor.count, to: part.offset)
        continue
      }
      let matrix = tensor.matrix(in: update)
      let directions = min(rank + Self.spareDirections, matrix.rows, matrix.columns)
      func zeros(_ rows: Int, _ columns: Int) -> Matrix {
        Matrix(FloatBuffer(count: rows * columns), rows: rows, columns: columns)
      }
      // The transposed left factor: what shall be orthonormal are rows, and so contiguous.
      let (left, right) = (zeros(directions, matrix.rows), zeros(directions, matrix.columns))
      arithmetic.fillNormal(
        Vector(right.buffer), seed: seed, stream: UInt64(stream), standardDeviation: 1)
      for _ in 0..<Self.roundCount {
        Self.orthonormalize(right, arithmetic)
        arithmetic.product(Operand(right), matrix.transposed, into: left)
        Self.orthonormalize(left, arithmetic)
        arithmetic.product(left, matrix, into: right)
      }
      let gram = zeros(directions, directions)
      arithmetic.product(right, right.transposed, into: gram)
      let best = SymmetricEigenvectors.largest(
        rank, of: gram.buffer.array.map(Double.init), size: directions)
      let kept = zeros(rank, directions)
      for (k, vector) in best.enumerated() {
        for (i, value) in vector.enumerated() { kept[k, i] = Float(value) }
      }
      arithmetic.product(left.transposed, kept.transposed, into: part.left(factors))
      arithmetic.product(kept, right, into: part.right(factors))
    }
  }

  /// Some elements of the update that `factors` stand for, each a chain
  /// `acc = fma(l[i,k], r[k,j], acc)` from 0 with k ascending.
  ///
  /// - Parameters:
  ///   - range: of the parameters.
  ///   - update: as long as the range; overwritten.
  public func expand(
    _ factors: FloatBuffer, range: Range<Int>, into update: Vector, arithmetic: Arithmetic
  ) {
    precondition(factors.count == count && update.count == range.count)
    for part in parts {
      let shared = part.tensor.range.clamped(to: range)
      guard !shared.isEmpty else { continue }
      let target = Vector(
        update.buffer, offset: update.offset + shared.lowerBound - range.lowerBound,
        count: shared.count)
      let first = shared.lowerBound - part.tensor.offset
      guard part.rank != nil else {
        target.copy(from: Vector(factors, offset: part.offset + first, count: shared.count))
        continue
      }
      let columns = part.tensor.dimensions[1]
      let rows = first / columns..<(first + shared.count - 1) / columns + 1
      let product = Matrix(
        FloatBuffer(count: rows.count * columns), rows: rows.count, columns: columns)
      arithmetic.product(part.left(factors).rows(rows), part.right(factors), into: product)
      target.copy(
        from: Vector(
          product.buffer, offset: first - rows.lowerBound * columns, count: shared.count))
    }
  }

  /// Makes rows orthonormal one after the other (Gram and Schmidt, each projection twice); a row that
  /// the ones before it hold already becomes zero.
  private static func orthonormalize(_ matrix: Matrix, _ arithmetic: Arithmetic) {
    let projection = Matrix(FloatBuffer(count: matrix.columns), rows: 1, columns: matrix.columns)
    let single = Matrix(FloatBuffer(count: 1), rows: 1, columns: 1)
    func norm(_ row: Matrix) -> Float {
      arithmetic.product(row, row.transposed, into: single)
      return single[0, 0].squareRoot()
    }
    for index in 0..<matrix.rows {
      let row = matrix.rows(index..<index + 1)
      let values = Vector(row.buffer, offset: row.offset, count: row.columns)
      let before = norm(row)
      if index > 0 {
        let others = matrix.rows(0..<index)
        let shares = Matrix(FloatBuffer(count: index), rows: 1, columns: index)
        for _ in 0..<2 {
          arithmetic.product(row, others.transposed, into: shares)
          arithmetic.product(shares, others, into: projection)
          arithmetic.subtract(values, Vector(projection.buffer), into: values)
        }
      }
      let after = norm(row)
      let isNew = after > before * 1e-6 && after.isFinite
      arithmetic.scale(values, by: isNew ? 1 / after : 0, into: values)
    }
  }
}
