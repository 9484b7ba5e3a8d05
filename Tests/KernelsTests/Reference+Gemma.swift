import Kernels

/// RMS norm, gated units and rotary embedding of docs/arithmetic.md, one element at a time.
extension Reference {
  static func rmsNorm(
    _ x: [Float], gamma: [Float], epsilon: Float
  ) -> (y: [Float], rstd: Float) {
    let rstd = 1 / (dot(x, x) / Float(x.count) + epsilon).squareRoot()
    return (x.indices.map { (x[$0] * rstd) * (1 + gamma[$0]) }, rstd)
  }

  static func rmsNormBackward(
    dy: [Float], x: [Float], gamma: [Float], rstd: Float
  ) -> [Float] {
    let normalized = x.map { $0 * rstd }
    let g = x.indices.map { dy[$0] * (1 + gamma[$0]) }
    let c = dot(g, normalized) / Float(x.count)
    return x.indices.map { fma(-normalized[$0], c, g[$0]) * rstd }
  }

  static func sigmoid(_ x: Float) -> Float { 1 / (exp(-x) + 1) }

  static func siluSlope(_ x: Float) -> Float {
    let s = sigmoid(x)
    return s * fma(x, 1 - s, 1)
  }

  /// The rotated pair.
  static func rotate(_ a: Float, _ b: Float, cosine: Float, sine: Float) -> (Float, Float) {
    (fma(-b, sine, a * cosine), fma(a, sine, b * cosine))
  }

  /// Cosine and sine of pair `i` at a position.
  static func rotaryAngle(
    position: Int, pair i: Int, headDimension: Int, base: Double, scaling: Double
  ) -> (cosine: Float, sine: Float) {
    let exponent = -(ScalarMath.logarithm(base) * Double(2 * i) / Double(headDimension))
    let frequency = ScalarMath.exponential(exponent)
    let turns = Double(position) * ((frequency / scaling) * 0.15915494309189535)
    let (sine, cosine) = ScalarMath.sineAndCosine(turns: turns)
    return (Float(cosine), Float(sine))
  }
}
