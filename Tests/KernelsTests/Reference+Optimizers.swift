/// The optimizers of docs/arithmetic.md, one parameter at a time.
extension Reference {
  struct AdamW {
    var rate, beta1, beta2, epsilon, decay: Float
  }

  /// base^exponent by squaring, in binary64.
  static func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    var square = base
    for bit in 0..<Int.bitWidth - exponent.leadingZeroBitCount {
      if exponent >> bit & 1 == 1 { result = result * square }
      square = square * square
    }
    return result
  }

  static func adamW(
    _ s: AdamW, step: Int, g: Float, m: Float, v: Float, w: Float
  ) -> (m: Float, v: Float, w: Float) {
    let share1 = Float(1 - Double(s.beta1))
    let share2 = Float(1 - Double(s.beta2))
    let rate = Float(Double(s.rate) / (1 - power(Double(s.beta1), step)))
    let rootScale = Float(1 / (1 - power(Double(s.beta2), step)).squareRoot())
    let keep = Float(1 - Double(s.rate) * Double(s.decay))
    let m = fma(share1, g, s.beta1 * m)
    let v = fma(share2 * g, g, s.beta2 * v)
    let root = fma(v.squareRoot(), rootScale, s.epsilon)
    return (m, v, fma(-rate, m / root, keep * w))
  }

  static func momentum(
    rate: Float, factor: Float, isNesterov: Bool, g: Float, m: Float, w: Float
  ) -> (m: Float, w: Float) {
    let m = fma(factor, m, g)
    let direction = isNesterov ? fma(factor, m, g) : m
    return (m, fma(-rate, direction, w))
  }

  /// The lane sum of the lane dot products of blocks of 4096, then the root.
  static func norm(_ x: [Float]) -> Float {
    let blocks = stride(from: 0, to: x.count, by: 4096).map {
      Array(x[$0..<Swift.min($0 + 4096, x.count)])
    }
    return sum(blocks.map { dot($0, $0) }).squareRoot()
  }
}
