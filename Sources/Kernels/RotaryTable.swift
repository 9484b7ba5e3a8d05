internal import CKernels

/// Cosines and sines of rotary position embedding (Su et al., "RoFormer: Enhanced Transformer with
/// rotary position embedding", 2021), the same bits on every machine.
///
/// Pair i of a head turns by p / (base^(2i / headDimension) * scaling) radians at position p. The
/// angles are computed in binary64 by ``ScalarMath`` and rounded once to binary32; the order of
/// operations is written in docs/arithmetic.md, section "Rotary position embedding".
public struct RotaryTable: Sendable {
  /// Elements of a head; even.
  public let headDimension: Int
  /// Cosines, (positions, headDimension / 2).
  public let cosines: Matrix
  /// Sines, (positions, headDimension / 2).
  public let sines: Matrix

  /// Number of positions.
  public var positionCount: Int { cosines.rows }

  /// The table of positions 0 ..< `positionCount`.
  ///
  /// - Parameters:
  ///   - base: "theta", above 0: 10 000 in RoFormer.
  ///   - scaling: how many positions share the place of one (linear scaling, Chen et al.,
  ///     "Extending context window of large language models via position interpolation", 2023).
  public init(positionCount: Int, headDimension: Int, base: Double, scaling: Double = 1) {
    precondition(headDimension > 0 && headDimension % 2 == 0, "heads of \(headDimension)")
    precondition(base > 0 && base.isFinite && scaling > 0, "base \(base), scaling \(scaling)")
    let half = headDimension / 2
    func table() -> Matrix {
      Matrix(FloatBuffer(count: positionCount * half), rows: positionCount, columns: half)
    }
    self.headDimension = headDimension
    (cosines, sines) = (table(), table())
    let logarithm = ScalarMath.logarithm(base)
    let turns = (0..<half).map { i in
      let frequency = ScalarMath.exponential(-(logarithm * Double(2 * i) / Double(headDimension)))
      return frequency / scaling * 0.15915494309189535
    }
    for position in 0..<positionCount {
      for i in 0..<half {
        let (sine, cosine) = ScalarMath.sineAndCosine(turns: Double(position) * turns[i])
        cosines[position, i] = Float(cosine)
        sines[position, i] = Float(sine)
      }
    }
  }
}

extension Arithmetic {
  /// In place: turns each pair (x(i), x(i + headDimension / 2)) of every head by the angle of its
  /// row's position, or back if `isInverse`, which is the gradient of turning it.
  ///
  /// Shape: x (rows, heads * headDimension), heads side by side; row r is at position
  /// r mod `contextLength`.
  public func rotate(
    _ x: Matrix, by table: RotaryTable, contextLength: Int, isInverse: Bool = false
  ) {
    precondition(
      x.columns % table.headDimension == 0,
      "\(x.columns) columns for heads of \(table.headDimension)")
    precondition(
      0 < contextLength && contextLength <= table.positionCount,
      "a context of \(contextLength) with \(table.positionCount) positions")
    split(x.rows, grain: rowGrain(1 << 14, x)) { range in
      let part = x.rows(range)
      kernels.pointee.rotate(
        range.lowerBound, part.rows, part.columns / table.headDimension, table.headDimension / 2,
        part.pointer, part.rowStride, table.cosines.pointer, table.sines.pointer,
        table.cosines.rowStride, contextLength, isInverse ? 1 : 0)
    }
  }
}
