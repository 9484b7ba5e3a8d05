/// The elementary functions of docs/arithmetic.md, one number at a time, with branches where the
/// kernels have masks.
extension Reference {
  private static func polynomial(_ x: Float, _ highestFirst: [Float]) -> Float {
    highestFirst.dropFirst().reduce(highestFirst[0]) { fma($0, x, $1) }
  }

  static func exp(_ x: Float) -> Float {
    if x.isNaN { return x }
    let x = Swift.min(Swift.max(x, -105), 90)
    let n = fma(x, 0x1.715476p+0, 0x1.8p23) - 0x1.8p23
    var r = fma(n, -0x1.62e4p-1, x)
    r = fma(n, -0x1.7f7d1cp-20, r)
    let q = polynomial(
      r, [0x1.6a242ep-10, 0x1.1239e2p-7, 0x1.5558f2p-5, 0x1.555492p-3, 0x1.fffffcp-2])
    let y = fma(r * r, q, r) + 1
    let whole = Int(n)
    let half = whole >> 1
    return y * Float(sign: .plus, exponent: half, significand: 1)
      * Float(sign: .plus, exponent: whole - half, significand: 1)
  }

  static func log(_ x: Float) -> Float {
    if x.isNaN || x < 0 { return .nan }
    if x == 0 { return -.infinity }
    if x == .infinity { return x }
    // x = m * 2^e with m in [0x1.6a09e6p-1, 0x1.6a09e6p0).
    var m = x.significand
    var e = Float(x.exponent)
    if m >= 0x1.6a09e6p0 {
      m /= 2
      e += 1
    }
    let f = m - 1
    let q = polynomial(
      f,
      [
        0x1.145736p-4, -0x1.de3bb0p-4, 0x1.e6f066p-4, -0x1.fc2218p-4, 0x1.23376ap-3,
        -0x1.555c4cp-3, 0x1.99a4b6p-3, -0x1.000006p-2, 0x1.555548p-2,
      ])
    let f2 = f * f
    var y = fma(e, 0x1.7f7d1cp-20, (f2 * f) * q)
    y = fma(-0.5, f2, y)
    return fma(e, 0x1.62e4p-1, f + y)
  }

  static func tanh(_ x: Float) -> Float {
    if x.isNaN { return x }
    let t = tanhOfMagnitude(abs(x))
    return x.sign == .minus ? -t : t
  }

  private static func tanhOfMagnitude(_ x: Float) -> Float {
    if x >= 0.5625 { return 1 - 2 / (exp(x + x) + 1) }
    let s = x * x
    let q = polynomial(
      s, [-0x1.950020p-8, 0x1.582fb2p-6, -0x1.b90948p-5, 0x1.110c72p-3, -0x1.555548p-2])
    return fma(s * q, x, x)
  }

  static func erf(_ x: Float) -> Float {
    if x.isNaN { return x }
    let y = erfOfMagnitude(abs(x))
    return x.sign == .minus ? -y : y
  }

  private static func erfOfMagnitude(_ x: Float) -> Float {
    if x < 0.84375 {
      let p = polynomial(
        x * x,
        [
          -0x1.4e3b50p-11, 0x1.4bbc48p-8, -0x1.b73f58p-6, 0x1.ce25e8p-4, -0x1.812728p-2,
          0x1.06eba8p-3,
        ])
      return fma(p, x, x)
    }
    let t = Swift.min(x, 4)
    let q = polynomial(
      t,
      [
        -0x1.038d1ep-17, 0x1.2e82d6p-12, -0x1.cb86f4p-9, 0x1.80b17cp-6, -0x1.b1d62ap-4,
        -0x1.454b3ep-1, -0x1.076134p-3,
      ])
    return 1 - exp(fma(q, t, -t))
  }

  /// sin and cos of x radians.
  static func sineAndCosine(_ x: Float) -> (Float, Float) {
    if !x.isFinite { return (.nan, .nan) }
    var (r, quarters) = (abs(x), 0)
    if r >= 0x1.921fb6p-1 { (r, quarters) = reduceByQuarters(r) }
    let s = r * r
    let q = polynomial(s, [0x1.7c336cp-19, -0x1.a0595ep-13, 0x1.111174p-7, -0x1.555556p-3])
    let p = polynomial(s, [0x1.99e912p-16, -0x1.6c0c2ap-10, 0x1.55554ap-5, -0.5])
    let (sine, cosine) = turn(quarters, fma(r * s, q, r), fma(p, s, 1))
    return (x.sign == .minus ? -sine : sine, cosine)
  }

  /// x = m * 2^e with 24 bits of m; bits e - 1 ..< e + 95 of 2 / pi after the point, as an integer.
  private static func reduceByQuarters(_ x: Float) -> (rest: Float, quarters: Int) {
    let words: [UInt128] = [
      0xa2f9_836e, 0x4e44_1529, 0xfc27_57d1, 0xf534_ddc0, 0xdb62_9599, 0x3c43_9041, 0xfe51_63ab,
    ]
    let m = UInt128(x.significandBitPattern) | 0x80_0000
    let e = Int(x.exponent) - 23
    var window: UInt128 = 0
    for bit in e - 1..<e + 95 {
      let value = bit < 1 ? 0 : words[(bit - 1) / 32] >> (31 - (bit - 1) % 32) & 1
      window = window << 1 | value
    }
    let product = UInt64(truncatingIfNeeded: (m * window) >> 32)
    let quarters = (product >> 62) + (product >> 61 & 1)
    let rest = Int64(bitPattern: product << 2) >> 2
    return (Float(Double(rest) * 0x1.921fb54442d18p-62), Int(quarters))
  }

  private static func turn(_ quarters: Int, _ sine: Float, _ cosine: Float) -> (Float, Float) {
    switch quarters % 4 {
    case 0: (sine, cosine)
    case 1: (cosine, -sine)
    case 2: (-sine, -cosine)
    default: (-cosine, sine)
    }
  }

  static func sineAndCosine(ofTurns u: Float) -> (Float, Float) {
    let n = fma(u, 4, 0x1.8p23) - 0x1.8p23
    let r = fma(n, -0.25, u)
    let s = r * r
    let q = polynomial(s, [0x1.4be68ep+5, -0x1.32cb24p+6, 0x1.466bbcp+6, -0x1.4abbcep+5])
    let sine = fma(r, 0x1.921fb6p+2, fma(r, -0x1.777a5cp-23, (r * s) * q))
    let p = polynomial(s, [0x1.d9f7bcp+5, -0x1.55c664p+6, 0x1.03c1dep+6, -0x1.3bd3ccp+4])
    return turn(Int(n), sine, fma(p, s, 1))
  }

  /// Random123's definition, on 64-bit products.
  static func philox(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
    var c = counter
    var k = key
    for _ in 0..<10 {
      let p0 = UInt64(0xD251_1F53) * UInt64(c[0])
      let p1 = UInt64(0xCD9E_8D57) * UInt64(c[2])
      c = [
        UInt32(p1 >> 32) ^ c[1] ^ k[0], UInt32(p1 & 0xffff_ffff),
        UInt32(p0 >> 32) ^ c[3] ^ k[1], UInt32(p0 & 0xffff_ffff),
      ]
      k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
    }
    return c
  }

  static func normal(seed: UInt64, stream: UInt64, index: UInt64, deviation: Float) -> Float {
    func halves(_ x: UInt64) -> [UInt32] { [UInt32(x & 0xffff_ffff), UInt32(x >> 32)] }
    let words = philox(halves(index / 4) + halves(stream), halves(seed))
    let pair = Int(index % 4) / 2 * 2
    let u1 = Float((words[pair] >> 8) + 1) * 0x1p-24
    let u2 = Float(words[pair + 1] >> 8) * 0x1p-24
    let radius = (-2 * log(u1)).squareRoot()
    let (sine, cosine) = sineAndCosine(ofTurns: u2)
    return (radius * (index % 2 == 0 ? cosine : sine)) * deviation
  }
}
