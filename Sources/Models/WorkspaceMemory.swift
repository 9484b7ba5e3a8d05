import Kernels

/// Allocates what a workspace consists of, and counts it.
struct WorkspaceMemory {
  /// Bytes so far.
  private(set) var byteCount = 0

  /// Zeros of this shape.
  mutating func matrix(_ rows: Int, _ columns: Int) -> Matrix {
    let matrix = Matrix(FloatBuffer(count: rows * columns), rows: rows, columns: columns)
    count(matrix)
    return matrix
  }

  /// So many zeros.
  mutating func vector(_ count: Int) -> Vector {
    byteCount += 4 * count
    return Vector(FloatBuffer(count: count), count: count)
  }

  /// Counts a matrix that was made elsewhere.
  mutating func count(_ matrix: Matrix) { byteCount += 4 * matrix.rows * matrix.columns }

  /// Counts a workspace that this one is made around.
  mutating func count(_ workspace: ModelWorkspace) { byteCount += workspace.byteCount }
}
