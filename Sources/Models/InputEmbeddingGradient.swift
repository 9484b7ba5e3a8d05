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

  /// Adds the rows of `dx` to the sums of their tokens, positions ascending.
  func add(_ dx: Matrix, at tokens: [Int32], _ metered: MeteredArithmetic) {
    indices.removeAll(keepingCapacity: true)
    for token in tokens {
      if slots[Int(token)] < 0 {
        slots[Int(token)] = Int32(self.tokens.count)
        self.tokens.append(token)
      }
      indices.append(slots[Int(token)])
    }
    let used = sums.rows(0..<self.tokens.count)
    metered.scatterAdd("token-gradient", dx, at: indices, to: used)
  }

  /// Adds the sums to the rows of their tokens in `table`.
  func finish(into table: Matrix, _ metered: MeteredArithmetic) {
    metered.scatterAdd(
      "token-gradient-sum", sums.rows(0..<tokens.count), at: tokens, to: table)
  }
}
