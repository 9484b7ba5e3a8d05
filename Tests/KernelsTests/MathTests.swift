import Glibc
import Kernels
import Testing

func expOfDouble(_ x: Double) -> Double { Glibc.exp(x) }

@Suite struct MathTests {
  /// Every 1009th bit pattern, all signs, exponents, infinities and NaN included.
  private static let sample: [Float] = stride(from: UInt32(0), to: .max - 1008, by: 1009)
    .map { Float(bitPattern: $0) }
  private static let edges: [Float] = [
    0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
    .leastNormalMagnitude, Float.leastNormalMagnitude.nextDown, .greatestFiniteMagnitude,
    -.greatestFiniteMagnitude, 1, -1, Float(1).nextUp, Float(1).nextDown, 88.72283, 88.72284, 90,
    -87.33655, -103.97208, -103.97209, -105, 0.5625, Float(0.5625).nextDown, 9.01, 9.02,
  ]
  private static let count = sample.count + edges.count

  private func values(
    _ machine: Machine, _ function: (Arithmetic) -> (Vector, Vector) -> Void
  ) -> [Float] {
    let x = FloatBuffer(Self.sample + Self.edges)
    let y = FloatBuffer(count: x.count)
    function(machine.arithmetic)(Vector(x), Vector(y))
    return y.array
  }

  /// The distance in units of the last place that a float at `exact` has.
  private func ulps(_ y: Float, _ exact: Double) -> Double {
    if exact.isNaN || y.isNaN { return exact.isNaN && y.isNaN ? 0 : .infinity }
    let rounded = Float(exact)
    if rounded.isInfinite || y.isInfinite { return rounded == y ? 0 : .infinity }
    let unit = max(exact == 0 ? 0 : exact.magnitude.binade * 0x1p-23, 0x1p-149)
    return abs(Double(y) - exact) / unit
  }

  private func worst(_ y: [Float], _ oracle: (Double) -> Double) -> Double {
    zip(Self.sample + Self.edges, y).map { ulps($1, oracle(Double($0))) }.max() ?? .infinity
  }

  @Test(arguments: Machine.all) func sameBitsAsTheDefinition(machine: Machine) {
    let x = Self.sample + Self.edges
    #expect(difference(values(machine) { $0.exp }, x.map(Reference.exp)) == nil)
    #expect(difference(values(machine) { $0.log }, x.map(Reference.log)) == nil)
    #expect(difference(values(machine) { $0.tanh }, x.map(Reference.tanh)) == nil)
  }

  @Test func errorBounds() throws {
    let machine = try #require(Machine.all.last)
    // The bounds that docs/arithmetic.md states.
    let ofExp = worst(values(machine) { $0.exp }, Glibc.exp)
    let ofLog = worst(values(machine) { $0.log }, Glibc.log)
    let ofTanh = worst(values(machine) { $0.tanh }, Glibc.tanh)
    #expect(ofExp <= 1.01)
    #expect(ofLog <= 0.9)
    #expect(ofTanh <= 1.5)
  }

  @Test(arguments: Machine.all) func sineAndCosine(machine: Machine) {
    let count = 1 << 20
    let u = (0..<count).map { Float($0 * 16 + $0 % 16) * 0x1p-24 }
    let (x, s, c) = (FloatBuffer(u), FloatBuffer(count: count), FloatBuffer(count: count))
    machine.arithmetic.sineAndCosine(Vector(x), sine: Vector(s), cosine: Vector(c))
    let expected = u.map(Reference.sineAndCosine)
    #expect(difference(s.array, expected.map(\.0)) == nil)
    #expect(difference(c.array, expected.map(\.1)) == nil)
    guard machine.arithmetic.workers.threads == 1 else { return }
    var worst = 0.0
    for i in u.indices {
      // Reduced exactly to an eighth of a turn, so that Double's pi does no harm near the zeros.
      let quarter = (Double(u[i]) * 4).rounded()
      let angle = 2 * Double.pi * (Double(u[i]) - quarter / 4)
      let turned = [
        (sin(angle), cos(angle)), (cos(angle), -sin(angle)), (-sin(angle), -cos(angle)),
        (-cos(angle), sin(angle)),
      ][Int(quarter) % 4]
      worst = max(worst, ulps(s[i], turned.0), ulps(c[i], turned.1))
    }
    #expect(worst <= 1.0)
  }

  @Test(arguments: Machine.all) func specialValues(machine: Machine) {
    func one(_ function: (Vector, Vector) -> Void, _ x: Float) -> Float {
      let buffer = FloatBuffer([x, 0])
      function(Vector(buffer, count: 1), Vector(buffer, offset: 1, count: 1))
      return buffer[1]
    }
    let a = machine.arithmetic
    #expect(one(a.exp, 0) == 1 && one(a.exp, -0.0) == 1)
    #expect(one(a.exp, .infinity) == .infinity && one(a.exp, 89) == .infinity)
    #expect(one(a.exp, -.infinity).bitPattern == 0 && one(a.exp, -104).bitPattern == 0)
    #expect(one(a.exp, -100).isSubnormal && one(a.exp, .nan).isNaN)
    #expect(one(a.log, 1).bitPattern == 0 && one(a.log, .infinity) == .infinity)
    #expect(one(a.log, 0) == -.infinity && one(a.log, -0.0) == -.infinity)
    #expect(one(a.log, -1).isNaN && one(a.log, -.infinity).isNaN && one(a.log, .nan).isNaN)
    #expect(one(a.log, .leastNonzeroMagnitude) == -103.27893)
    #expect(one(a.tanh, .infinity) == 1 && one(a.tanh, -.infinity) == -1)
    #expect(one(a.tanh, -0.0).bitPattern == 0x8000_0000 && one(a.tanh, 0).bitPattern == 0)
    #expect(one(a.tanh, .leastNonzeroMagnitude) == .leastNonzeroMagnitude)
    #expect(one(a.tanh, .nan).isNaN && one(a.tanh, 20) == 1)
  }
}
