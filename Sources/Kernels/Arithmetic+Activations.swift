internal import CKernels

/// Activation functions and their gradients (docs/arithmetic.md, section "Activations").
extension Arithmetic {
  /// y = gelu(x), tanh form. y may be x.
  public func gelu(_ x: Matrix, into y: Matrix) { activate(x, into: y, kernels.pointee.gelu) }

  /// dx = dy * gelu'(x). dx may be dy or x.
  public func geluBackward(x: Matrix, dy: Matrix, into dx: Matrix) {
    activateBackward(x: x, dy: dy, into: dx, kernels.pointee.geluBackward)
  }

  /// x = x + bias for each row, then y = gelu(x): `addBias` and `gelu` in one pass over memory.
  public func addBiasAndGelu(_ bias: Vector, to x: Matrix, into y: Matrix) {
    precondition(
      bias.count == x.columns && y.rows == x.rows && y.columns == x.columns && !x.overlaps(y),
      "gelu of (\(x.rows), \(x.columns)) with \(bias.count) biases")
    split(x.rows, grain: rowGrain(1 << 12, x)) { range in
      let (x, y) = (x.rows(range), y.rows(range))
      kernels.pointee.biasGelu(
        x.rows, x.columns, bias.pointer, x.pointer, x.rowStride, y.pointer, y.rowStride)
    }
  }

  /// dx = dy * gelu'(x), and the column sums of dx onto dBias, rows ascending: `geluBackward` and
  /// `columnSums` in one pass over memory. dx may be dy or x.
  public func addBiasAndGeluBackward(x: Matrix, dy: Matrix, into dx: Matrix, dBias: Vector) {
    precondition(
      [dy, dx].allSatisfy { $0.rows == x.rows && $0.columns == x.columns }
        && dBias.count == x.columns, "gradient of gelu of (\(x.rows), \(x.columns))")
    split(x.columns, unit: 16, grain: max(16, (1 << 12) / max(x.rows, 1))) { range in
      let (x, dy, dx) = (x.columns(range), dy.columns(range), dx.columns(range))
      kernels.pointee.biasGeluBackward(
        x.rows, x.columns, x.pointer, x.rowStride, dy.pointer, dy.rowStride, dx.pointer,
        dx.rowStride, dBias.pointer + range.lowerBound)
    }
  }

  /// y = gelu(gate) * up, tanh form (GEGLU of Shazeer, "GLU variants improve Transformer", 2020).
  /// y may be gate or up.
  public func geglu(gate: Matrix, up: Matrix, into y: Matrix) {
    splitElements(WindowList(gate, up, y), grain: 1 << 12) { w in
      kernels.pointee.geglu(
        w[0].rows, w[0].columns, w[0].pointer, w[0].rowStride, w[1].pointer, w[1].rowStride,
        w[2].pointer, w[2].rowStride)
    }
  }

  /// The gradients of `geglu`: dGate = dy * up * gelu'(gate) and dUp = dy * gelu(gate).
  /// dGate and dUp may be gate, up or dy, but not the same one.
  public func gegluBackward(
    gate: Matrix, up: Matrix, dy: Matrix, intoGate dGate: Matrix, up dUp: Matrix
  ) {
    precondition(!dGate.overlaps(dUp), "two gradients in one place")
    splitElements(WindowList(gate, up, dy, dGate, dUp), grain: 1 << 12) { w in
      kernels.pointee.gegluBackward(
        w[0].rows, w[0].columns, w[0].pointer, w[0].rowStride, w[1].pointer, w[1].rowStride,
        w[2].pointer, w[2].rowStride, w[3].pointer, w[3].rowStride, w[4].pointer, w[4].rowStride)
    }
  }

  /// y = x / (1 + exp(-x)), also called swish. y may be x.
  public func silu(_ x: Matrix, into y: Matrix) { activate(x, into: y, kernels.pointee.silu) }

  /// dx = dy * silu'(x). dx may be dy or x.
  public func siluBackward(x: Matrix, dy: Matrix, into dx: Matrix) {
    activateBackward(x: x, dy: dy, into: dx, kernels.pointee.siluBackward)
  }

  private func activate(
    _ x: Matrix, into y: Matrix,
    _ kernel:
      @convention(c) (
        Int, Int, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int
      ) -> Void
  ) {
    splitElements(WindowList(x, y), grain: 1 << 12) { w in
      kernel(
        w[0].rows, w[0].columns, w[0].pointer, w[0].rowStride, w[1].pointer, w[1].rowStride)
    }
  }

  private func activateBackward(
    x: Matrix, dy: Matrix, into dx: Matrix,
    _ kernel:
      @convention(c) (
        Int, Int, UnsafePointer<Float>, Int, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>,
        Int
      ) -> Void
  ) {
    splitElements(WindowList(x, dy, dx), grain: 1 << 12) { w in
      kernel(
        w[0].rows, w[0].columns, w[0].pointer, w[0].rowStride, w[1].pointer, w[1].rowStride,
        w[2].pointer, w[2].rowStride)
    }
  }
}
