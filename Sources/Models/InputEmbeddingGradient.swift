import Kernels

/// The gradient that rows of the token embedding get as inputs, summed by token over all parts of a
/// batch, positions ascending, and only then added to what they get as the output projection.
///
/// Kept apart, so that a batch that is computed in parts gives the bits of the whole: each of the
/// two uses of the tied embedding has a sum of its own (docs/arithmetic.md, section "Elementwise").
/// Only tokens that occur take memory.
final class InputEmbeddingGradient {
  private let vocabularySize: Int
  /// Row of `sums` of each token of the vocabulary, or -1.
  private var slots: [Int32]
  /// The token of each row of `sums` that is in use.
  private var tokens: [Int32] = []
  /// Rows of the last part's tokens.
  private var indices: [Int32] = []
  private var sums: Matrix

  /// For batches of up to `positionCount` positions; larger ones make it grow.
  init(vocabularySize: Int, dModel: Int, positionCount: Int, memory: inout WorkspaceMemory) {
    self.vocabularySize = vocabularySize
    slots = [Int32](repeating: -1, count: vocabularySize)
    sums = memory.matrix(min(vocabularySize, positionCount), dModel)
    tokens.reserveCapacity(min(vocabularySize, positionCount))
    indices.reserveCapacity(positionCount)
  }

  /// Forgets the last batch; the next one has `positionCount` positions.
  func begin(positionCount: Int, observer: (any OperatorObserver)?) {
    for token in tokens { slots[Int(token)] = -1 }
    tokens.removeAll(keepingCapacity: true)
    let rows = min(vocabularySize, positionCount)
    if rows > sums.rows {
      let columns = sums.columns
      sums = Matrix(FloatBuffer(count: rows * columns), rows: rows, columns: columns)
    } else {
      sums.buffer.fill(0)
    }
    observer?.cleared([sums])
  }

  /// The row of a token: a new one if it has not occurred yet.
  @discardableResult
  private func slot(of token: Int32) -> Int32 {
    if slots[Int(token)] < 0 {
      slots[Int(token)] = Int32(tokens.count)
      tokens.append(token)
    }
    return slots[Int(token)]
  }

  /// Adds the rows of `dx` to the sums of their tokens, positions ascending.
  func add(_ dx: Matrix, at tokens: [Int32], _ metered: MeteredArithmetic) {
    indices.removeAll(keepingCapacity: true)
    for token in tokens { indices.append(slot(of: token)) }
    let used = sums.rows(0..<self.tokens.count)
    metered.scatterAdd("token-gradient", dx, at: indices, to: used)
  }

  /// Elements of the sums of a batch of `positionCount` positions: a row for each token that can occur.
  static func sumCount(vocabularySize: Int, dModel: Int, positionCount: Int) -> Int {
    min(vocabularySize, positionCount) * dModel
  }

  /// The sums of the batch that was begun, in the order in which their tokens first occurred; rows that
  /// are not in use are zeros.
  func sums(positionCount: Int) -> Vector {
    Vector(
      sums.buffer, offset: sums.offset,
      count: Self.sumCount(
        vocabularySize: vocabularySize, dModel: sums.columns, positionCount: positionCount))
  }

  /// Begins a batch of which parts with these tokens, positions ascending, are done. Their sums must be
  /// written into ``sums(positionCount:)``.
  func resume(after tokens: some Sequence<Int32>, positionCount: Int) {
    begin(positionCount: positionCount, observer: nil)
    for token in tokens { slot(of: token) }
  }

  /// Adds the sums to the rows of their tokens in `table`.
  func finish(into table: Matrix, _ metered: MeteredArithmetic) {
    metered.scatterAdd(
      "token-gradient-sum", sums.rows(0..<tokens.count), at: tokens, to: table)
  }
}
