internal import CKernels

/// Flat vectors: what updates, differences of models and gradient clipping are made of.
extension Arithmetic {
  /// y = fma(factor, x, y), rounded once for each element.
  public func axpy(_ factor: Float, _ x: Vector, onto y: Vector) {
    precondition(x.count == y.count, "\(x.count) != \(y.count)")
    splitVector(y.count) { range in
      kernels.pointee.axpy(
        range.count, factor, x.pointer + range.lowerBound, y.pointer + range.lowerBound)
    }
  }

  /// y = x * factor. y may be x.
  public func scale(_ x: Vector, by factor: Float, into y: Vector) {
    precondition(x.count == y.count, "\(x.count) != \(y.count)")
    splitVector(y.count) { range in
      kernels.pointee.scale(
        range.count, factor, x.pointer + range.lowerBound, y.pointer + range.lowerBound)
    }
  }

  /// y = x. The windows must not overlap.
  public func copy(_ x: Vector, into y: Vector) {
    precondition(x.count == y.count, "\(x.count) != \(y.count)")
    splitVector(y.count) { range in
      (y.pointer + range.lowerBound).update(from: x.pointer + range.lowerBound, count: range.count)
    }
  }

  /// z = x - y. z may be x or y.
  public func subtract(_ x: Vector, _ y: Vector, into z: Vector) {
    precondition(x.count == z.count && y.count == z.count, "counts differ")
    splitVector(z.count) { range in
      kernels.pointee.subtract(
        range.count, x.pointer + range.lowerBound, y.pointer + range.lowerBound,
        z.pointer + range.lowerBound)
    }
  }

  /// The Euclidean norm of v: the square root of the lane sum, over blocks of 4096 elements, of each
  /// block's dot product with itself. Infinite if a sum of squares leaves the range of binary32.
  public func norm(of v: Vector) -> Float {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 16) { lanes in
      guard let lanes = lanes.baseAddress else { return 0 }
      nonisolated(unsafe) let laneSums = lanes
      let worthwhile = splitsSmallWork ? 16 : v.count >> 16
      let tasks = max(1, min(workers.threads, 16, worthwhile))
      workers.run(tasks: tasks) { task in
        kernels.pointee.laneSquares(
          v.count, v.pointer, task * 16 / tasks, (task + 1) * 16 / tasks, laneSums)
      }
      return kernels.pointee.sum(16, lanes).squareRoot()
    }
  }

  /// Clips by the global norm (Pascanu, Mikolov and Bengio, "On the difficulty of training
  /// recurrent neural networks", ICML 2013): if ``norm(of:)`` of v is above `maximum`, v is scaled by
  /// maximum / norm. Returns the norm from before; if it is not finite, v means nothing afterwards.
  public func clip(_ v: Vector, toNorm maximum: Float) -> Float {
    let norm = norm(of: v)
    if norm > maximum { scale(v, by: maximum / norm, into: v) }
    return norm
  }

  /// Shares 0 ..< `count` out for kernels that are bound by memory.
  func splitVector(_ count: Int, _ body: @Sendable (Range<Int>) -> Void) {
    split(count, unit: 16, grain: 1 << 14, body)
  }
}
