internal import CKernels

/// Elementary functions. Their errors, in units of the last place of the exact result, are stated in
/// docs/arithmetic.md and hold for every binary32 number.
extension Arithmetic {
  /// y = exp(x), at most 1.01 ulp off. y may be x.
  public func exp(_ x: Vector, into y: Vector) {
    map(x, y) { kernels.pointee.exp($0, $1, $2) }
  }

  /// y = log(x), at most 0.84 ulp off. y may be x.
  public func log(_ x: Vector, into y: Vector) {
    map(x, y) { kernels.pointee.log($0, $1, $2) }
  }

  /// y = tanh(x), at most 1.43 ulp off. y may be x.
  public func tanh(_ x: Vector, into y: Vector) {
    map(x, y) { kernels.pointee.tanh($0, $1, $2) }
  }

  /// y = erf(x), at most 1.06 ulp off. y may be x.
  public func erf(_ x: Vector, into y: Vector) {
    map(x, y) { kernels.pointee.erf($0, $1, $2) }
  }

  /// sin and cos of x radians, however large, at most 1.5 ulp off. Either result may be x.
  public func sineAndCosine(_ x: Vector, sine: Vector, cosine: Vector) {
    precondition(x.count == sine.count && x.count == cosine.count, "counts differ")
    split(x.count, unit: 16, grain: 1 << 10) { range in
      kernels.pointee.sinCos(
        range.count, x.pointer + range.lowerBound, sine.pointer + range.lowerBound,
        cosine.pointer + range.lowerBound)
    }
  }

  /// sin and cos of 2 * pi * u, for every u in [0, 1), at most 1 ulp off.
  package func sineAndCosine(ofTurns u: Vector, sine: Vector, cosine: Vector) {
    precondition(u.count == sine.count && u.count == cosine.count, "counts differ")
    kernels.pointee.sinCosOfTurns(u.count, u.pointer, sine.pointer, cosine.pointer)
  }

  /// d = a * b + c, rounded once.
  package func fusedMultiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector, into d: Vector) {
    precondition(a.count == d.count && b.count == d.count && c.count == d.count, "counts differ")
    kernels.pointee.fma(d.count, a.pointer, b.pointer, c.pointer, d.pointer)
  }

  private func map(
    _ x: Vector, _ y: Vector,
    _ kernel: @Sendable (Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) {
    precondition(x.count == y.count, "\(x.count) != \(y.count)")
    split(x.count, unit: 16, grain: 1 << 12) { range in
      kernel(range.count, x.pointer + range.lowerBound, y.pointer + range.lowerBound)
    }
  }
}
