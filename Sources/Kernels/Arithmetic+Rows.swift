internal import CKernels

extension Arithmetic {
  /// The sum of v: 16 strided lanes, then the tree.
  public func sum(_ v: Vector) -> Float { kernels.pointee.sum(v.count, v.pointer) }

  /// The sum of v * w: as `sum`, each lane a chain of fma.
  public func dot(_ v: Vector, _ w: Vector) -> Float {
    precondition(v.count == w.count, "\(v.count) != \(w.count)")
    return kernels.pointee.dot(v.count, v.pointer, w.pointer)
  }

  /// y = (x - mean) * rstd * gamma + beta for each row, with eps 1e-5; keeps mean and rstd.
  ///
  /// Shapes: x, y (rows, columns); gamma, beta (columns); mean, rstd (rows). y may be x.
  public func layerNorm(
    _ x: Matrix, gamma: Vector, beta: Vector, into y: Matrix, mean: Vector, rstd: Vector
  ) {
    precondition(
      x.rows == y.rows && x.columns == y.columns && x.columns > 0 && gamma.count == x.columns
        && beta.count == x.columns && mean.count == x.rows && rstd.count == x.rows,
      "layer norm of (\(x.rows), \(x.columns))")
    split(x.rows, grain: rowGrain(1 << 13, x)) { range in
      let (x, y) = (x.rows(range), y.rows(range))
      kernels.pointee.layerNorm(
        x.rows, x.columns, x.pointer, x.rowStride, gamma.pointer, beta.pointer, y.pointer,
        y.rowStride, mean.pointer + range.lowerBound, rstd.pointer + range.lowerBound)
    }
  }

  /// z = x + (d + bias), the end of a residual block whose last product is d, then y = layerNorm(z):
  /// both in one pass over memory.
  ///
  /// Shapes: x, d, z, y (rows, columns); bias, gamma, beta (columns); mean, rstd (rows). z may be x
  /// or d, and y may be d if z is not.
  public func addBiasAndResidualThenLayerNorm(
    _ x: Matrix, _ d: Matrix, bias: Vector, into z: Matrix, gamma: Vector, beta: Vector,
    normInto y: Matrix, mean: Vector, rstd: Vector
  ) {
    precondition(
      [d, z, y].allSatisfy { $0.rows == x.rows && $0.columns == x.columns } && x.columns > 0
        && [bias, gamma, beta].allSatisfy { $0.count == x.columns } && mean.count == x.rows
        && rstd.count == x.rows, "layer norm of (\(x.rows), \(x.columns))")
    precondition(!z.overlaps(y), "a norm over its operand")
    split(x.rows, grain: rowGrain(1 << 13, x)) { range in
      let (x, d, z, y) = (x.rows(range), d.rows(range), z.rows(range), y.rows(range))
      kernels.pointee.addLayerNorm(
        x.rows, x.columns, x.pointer, x.rowStride, d.pointer, d.rowStride, bias.pointer,
        z.pointer, z.rowStride, gamma.pointer, beta.pointer, y.pointer, y.rowStride,
        mean.pointer + range.lowerBound, rstd.pointer + range.lowerBound)
    }
  }

  /// The gradients of `layerNorm`: dx (onto the old values if `accumulate`), and dGamma and dBeta
  /// onto the old values, rows ascending.
  ///
  /// Shapes: dy, x, dx (rows, columns); gamma, dGamma, dBeta (columns); mean, rstd (rows). dx may
  /// not be dy or x.
  public func layerNormBackward(
    dy: Matrix, x: Matrix, gamma: Vector, mean: Vector, rstd: Vector, into dx: Matrix,
    accumulate: Bool, dGamma: Vector, dBeta: Vector
  ) {
    precondition(
      dy.rows == x.rows && dx.rows == x.rows && dy.columns == x.columns
        && dx.columns == x.columns && x.columns > 0 && gamma.count == x.columns
        && dGamma.count == x.columns && dBeta.count == x.columns && mean.count == x.rows
        && rstd.count == x.rows, "gradient of layer norm of (\(x.rows), \(x.columns))")
    precondition(!dx.overlaps(dy) && !dx.overlaps(x), "a gradient over its operand")
    split(x.rows, grain: rowGrain(1 << 13, x)) { range in
      let (dy, x, dx) = (dy.rows(range), x.rows(range), dx.rows(range))
      kernels.pointee.layerNormBackward(
        x.rows, x.columns, dy.pointer, dy.rowStride, x.pointer, x.rowStride, gamma.pointer,
        mean.pointer + range.lowerBound, rstd.pointer + range.lowerBound, dx.pointer,
        dx.rowStride, accumulate ? 1 : 0)
    }
    split(x.columns, unit: 16, grain: max(16, (1 << 13) / max(x.rows, 1))) { range in
      let (dy, x) = (dy.columns(range), x.columns(range))
      kernels.pointee.layerNormParameters(
        x.rows, x.columns, dy.pointer, dy.rowStride, x.pointer, x.rowStride, mean.pointer,
        rstd.pointer, dGamma.pointer + range.lowerBound, dBeta.pointer + range.lowerBound)
    }
  }

  /// In place: each row becomes softmax(scale * row).
  public func softmax(_ scores: Matrix, scale: Float) {
    split(scores.rows, grain: rowGrain(1 << 12, scores)) { range in
      let part = scores.rows(range)
      kernels.pointee.softmax(part.rows, part.columns, part.pointer, part.rowStride, scale)
    }
  }

  /// In place: from the gradient of the probabilities of `softmax` to that of the scores.
  public func softmaxBackward(probabilities p: Matrix, dProbabilities d: Matrix, scale: Float) {
    precondition(p.rows == d.rows && p.columns == d.columns, "shapes differ")
    split(p.rows, grain: rowGrain(1 << 12, p)) { range in
      let (p, d) = (p.rows(range), d.rows(range))
      kernels.pointee.softmaxBackward(
        p.rows, p.columns, p.pointer, p.rowStride, d.pointer, d.rowStride, scale)
    }
  }

  /// losses(r) = -log(softmax(logits(r))[targets[r]]). If there is a `gradientScale`, the logits
  /// become (softmax(logits) - onehot(target)) * gradientScale.
  ///
  /// Shapes: logits (rows, columns); targets and losses (rows). Targets are in 0 ..< columns.
  public func softmaxCrossEntropy(
    logits: Matrix, targets: [Int32], losses: Vector, gradientScale: Float?
  ) {
    precondition(
      targets.count == logits.rows && losses.count == logits.rows,
      "\(targets.count) targets and \(losses.count) losses for \(logits.rows) rows")
    precondition(
      targets.allSatisfy { 0 <= $0 && Int($0) < logits.columns }, "a target is out of range")
    split(logits.rows, grain: rowGrain(1 << 12, logits)) { range in
      let part = logits.rows(range)
      targets.withUnsafeBufferPointer { targets in
        guard let targets = targets.baseAddress else { return }
        kernels.pointee.crossEntropy(
          part.rows, part.columns, part.pointer, part.rowStride, targets + range.lowerBound,
          losses.pointer + range.lowerBound, gradientScale == nil ? 0 : 1, gradientScale ?? 0)
      }
    }
  }
}
