/// docs/arithmetic.md, written again in plain Swift, one element at a time.
enum Reference {
  static func fma(_ a: Float, _ b: Float, _ c: Float) -> Float { c.addingProduct(a, b) }

  static func tree(_ lanes: [Float]) -> Float {
    var lanes = lanes
    for half in [8, 4, 2, 1] {
      for l in 0..<half { lanes[l] = lanes[l] + lanes[l + half] }
    }
    return lanes[0]
  }

  static func sum(_ x: [Float]) -> Float {
    var lanes = [Float](repeating: 0, count: 16)
    for i in x.indices { lanes[i % 16] = lanes[i % 16] + x[i] }
    return tree(lanes)
  }

  static func dot(_ x: [Float], _ y: [Float]) -> Float {
    var lanes = [Float](repeating: 0, count: 16)
    for i in x.indices { lanes[i % 16] = fma(x[i], y[i], lanes[i % 16]) }
    return tree(lanes)
  }

  /// a(i, k) and b(k, j) are given as functions, so that every transposition is the same loop.
  static func product(
    m: Int, n: Int, k: Int, a: (Int, Int) -> Float, b: (Int, Int) -> Float, onto c: [Float]?
  ) -> [Float] {
    var result = c ?? [Float](repeating: 0, count: m * n)
    for i in 0..<m {
      for j in 0..<n {
        var sum = result[i * n + j]
        for p in 0..<k { sum = fma(a(i, p), b(p, j), sum) }
        result[i * n + j] = sum
      }
    }
    return result
  }

  static func gelu(_ x: Float) -> Float { x * geluShare(x) }

  static func geluSlope(_ x: Float) -> Float {
    let share = geluShare(x)
    let slopeOfZ = fma(x * x, 0x1.b6676cp-3, 0x1.988454p+0)
    return fma(x * (share * (1 - share)), slopeOfZ, share)
  }

  private static func geluShare(_ x: Float) -> Float {
    sigmoid(x * fma(x * x, 0x1.2444f2p-4, 0x1.988454p+0))
  }

  static func layerNorm(
    _ x: [Float], gamma: [Float], beta: [Float]
  ) -> (y: [Float], mean: Float, rstd: Float) {
    let n = Float(x.count)
    let mean = sum(x) / n
    let d = x.map { $0 - mean }
    let rstd = 1 / (dot(d, d) / n + 1e-5).squareRoot()
    return (x.indices.map { fma(d[$0] * rstd, gamma[$0], beta[$0]) }, mean, rstd)
  }

  static func layerNormBackward(
    dy: [Float], x: [Float], gamma: [Float], mean: Float, rstd: Float
  ) -> [Float] {
    let n = Float(x.count)
    let normalized = x.map { ($0 - mean) * rstd }
    let g = x.indices.map { dy[$0] * gamma[$0] }
    let c1 = sum(g) / n
    let c2 = dot(g, normalized) / n
    return x.indices.map { fma(-normalized[$0], c2, g[$0] - c1) * rstd }
  }

  static func softmax(_ x: [Float], scale: Float) -> [Float] {
    let z = x.map { $0 * scale }
    let m = maximum(z)
    let e = z.map { exp($0 - m) }
    let r = 1 / sum(e)
    return e.map { $0 * r }
  }

  static func softmaxBackward(_ p: [Float], _ dp: [Float], scale: Float) -> [Float] {
    let d = dot(p, dp)
    return p.indices.map { ((dp[$0] - d) * p[$0]) * scale }
  }

  static func crossEntropy(_ x: [Float], target: Int, scale: Float) -> (Float, [Float]) {
    let m = maximum(x)
    let e = x.map { exp($0 - m) }
    let s = sum(e)
    let loss = log(s) - (x[target] - m)
    let r = 1 / s
    let gradient = e.indices.map { (e[$0] * r - ($0 == target ? 1 : 0)) * scale }
    return (loss, gradient)
  }

  private static func maximum(_ x: [Float]) -> Float {
    x.reduce(-.infinity) { $1 > $0 ? $1 : $0 }
  }
}
