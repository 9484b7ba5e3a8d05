internal import CKernels

/// Activation functions and their gradients (docs/arithmetic.md, section "Activations").
extension Arithmetic {
  /// y = gelu(x), tanh form. y may be x.
  public func gelu(_ x: Matrix, into y: Matrix) {
    splitElements([x, y], grain: 1 << 12) { w in
      kernels.pointee.gelu(
        w[0].rows, w[0].columns, w[0].pointer, w[0].rowStride, w[1].pointer, w[1].rowStride)
    }
  }

  /// dx = dy * gelu'(x). dx may be dy or x.
  public func geluBackward(x: Matrix, dy: Matrix, into dx: Matrix) {
    splitElements([x, dy, dx], grain: 1 << 12) { w in
      kernels.pointee.geluBackward(
        w[0].rows, w[0].columns, w[0].pointer, w[0].rowStride, w[1].pointer, w[1].rowStride,
        w[2].pointer, w[2].rowStride)
    }
  }

  /// y = gelu(gate) * up, tanh form (GEGLU of Shazeer, "GLU variants improve Transformer", 2020).
  /// y may be gate or up.
  public func geglu(gate: Matrix, up: Matrix, into y: Matrix) {
    splitElements([gate, up, y], grain: 1 << 12) { w in
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
    splitElements([gate, up, dy, dGate, dUp], grain: 1 << 12) { w in
      kernels.pointee.gegluBackward(
        w[0].rows, w[0].columns, w[0].pointer, w[0].rowStride, w[1].pointer, w[1].rowStride,
        w[2].pointer, w[2].rowStride, w[3].pointer, w[3].rowStride, w[4].pointer, w[4].rowStride)
    }
  }

  /// y = x / (1 + exp(-x)), also called swish. y may be x.
  public func silu(_ x: Matrix, into y: Matrix) {
    splitElements([x, y], grain: 1 << 12) { w in
      kernels.pointee.silu(
        w[0].rows, w[0].columns, w[0].pointer, w[0].rowStride, w[1].pointer, w[1].rowStride)
    }
  }

  /// dx = dy * silu'(x). dx may be dy or x.
  public func siluBackward(x: Matrix, dy: Matrix, into dx: Matrix) {
    splitElements([x, dy, dx], grain: 1 << 12) { w in
      kernels.pointee.siluBackward(
        w[0].rows, w[0].columns, w[0].pointer, w[0].rowStride, w[1].pointer, w[1].rowStride,
        w[2].pointer, w[2].rowStride)
    }
  }
}
