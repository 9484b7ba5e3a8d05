internal import CKernels

/// Steps of optimizers. Each works on windows of the same parameters in all of its vectors, the
/// whole model or any part of it: an element's new value depends on that element alone.
extension Arithmetic {
  /// w = fma(-learningRate, g, w) for each parameter w and its gradient g.
  public func sgdStep(parameters: Vector, gradient: Vector, learningRate: Float) {
    axpy(-learningRate, gradient, onto: parameters)
  }

  /// m = fma(factor, m, g), then w = fma(-learningRate, m, w), or, if `isNesterov`, with
  /// fma(factor, m, g) of the new m in place of m.
  public func momentumStep(
    parameters: Vector, gradient: Vector, momentum: Vector, factor: Float, isNesterov: Bool,
    learningRate: Float
  ) {
    precondition(
      gradient.count == parameters.count && momentum.count == parameters.count, "counts differ")
    splitVector(parameters.count) { range in
      kernels.pointee.momentumStep(
        range.count, learningRate, factor, isNesterov ? 1 : 0,
        gradient.pointer + range.lowerBound, momentum.pointer + range.lowerBound,
        parameters.pointer + range.lowerBound)
    }
  }

  /// One step of AdamW on each parameter w, its gradient g and its moments m and v
  /// (docs/arithmetic.md, section "Optimizers").
  public func adamWStep(
    parameters: Vector, gradient: Vector, firstMoment: Vector, secondMoment: Vector,
    coefficients: AdamWCoefficients
  ) {
    precondition(
      gradient.count == parameters.count && firstMoment.count == parameters.count
        && secondMoment.count == parameters.count, "counts differ")
    splitVector(parameters.count) { range in
      var step = CKAdamW(
        firstDecay: coefficients.firstDecay, firstShare: coefficients.firstShare,
        secondDecay: coefficients.secondDecay, secondShare: coefficients.secondShare,
        rootScale: coefficients.rootScale, epsilon: coefficients.epsilon,
        rate: coefficients.rate, keep: coefficients.keep)
      kernels.pointee.adamWStep(
        range.count, &step, gradient.pointer + range.lowerBound,
        firstMoment.pointer + range.lowerBound, secondMoment.pointer + range.lowerBound,
        parameters.pointer + range.lowerBound)
    }
  }
}

/// The numbers that one step of AdamW multiplies with, the same for all parameters.
///
/// Each is computed in binary64 from the binary32 settings, in the order that docs/arithmetic.md
/// writes, and rounded once to binary32.
public struct AdamWCoefficients: Sendable, Hashable {
  /// beta1: how much of the first moment stays.
  public let firstDecay: Float
  /// 1 - beta1: how much of the gradient joins it.
  public let firstShare: Float
  /// beta2: how much of the second moment stays.
  public let secondDecay: Float
  /// 1 - beta2: how much of the squared gradient joins it.
  public let secondShare: Float
  /// 1 / sqrt(1 - beta2^step).
  public let rootScale: Float
  /// What is added to the root of the second moment.
  public let epsilon: Float
  /// learning rate / (1 - beta1^step).
  public let rate: Float
  /// 1 - learning rate * weight decay.
  public let keep: Float

  /// The numbers of step `step`, counted from 1 since the moments were zero.
  public init(
    step: Int, learningRate: Float, beta1: Float, beta2: Float, epsilon: Float,
    weightDecay: Float
  ) {
    precondition(step >= 1, "step \(step)")
    let (b1, b2, rate) = (Double(beta1), Double(beta2), Double(learningRate))
    firstDecay = beta1
    firstShare = Float(1 - b1)
    secondDecay = beta2
    secondShare = Float(1 - b2)
    rootScale = Float(1 / (1 - Self.power(b2, step)).squareRoot())
    self.epsilon = epsilon
    self.rate = Float(rate / (1 - Self.power(b1, step)))
    keep = Float(1 - rate * Double(weightDecay))
  }

  /// base^exponent by squaring, lowest bit of the exponent first.
  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, square, bits) = (1.0, base, exponent)
    while bits > 0 {
      if bits & 1 == 1 { result *= square }
      square *= square
      bits >>= 1
    }
    return result
  }
}
