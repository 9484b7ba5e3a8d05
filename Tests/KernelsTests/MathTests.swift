import Glibc
import Kernels
import Testing

func expOfDouble(_ x: Double) -> Double { Glibc.exp(x) }

/// A function of docs/arithmetic.md: as the machine computes it, as the text defines it, and as the C
/// library does in double precision.
struct ElementaryFunction: CustomStringConvertible, Sendable {
  let name: String
  /// Largest error in units of the last place that docs/arithmetic.md states.
  let bound: Double
  let compute: @Sendable (Arithmetic, _ x: Vector, _ y: Vector) -> Void
  let definition: @Sendable (Float) -> Float
  let oracle: @Sendable (Double) -> Double
  var description: String { name }

  static let all = [
    ElementaryFunction(
      name: "exp", bound: 1.01, compute: { $0.exp($1, into: $2) }, definition: Reference.exp,
      oracle: { Glibc.exp($0) }),
    ElementaryFunction(
      name: "log", bound: 0.84, compute: { $0.log($1, into: $2) }, definition: Reference.log,
      oracle: { Glibc.log($0) }),
    ElementaryFunction(
      name: "tanh", bound: 1.43, compute: { $0.tanh($1, into: $2) }, definition: Reference.tanh,
      oracle: { Glibc.tanh($0) }),
    ElementaryFunction(
      name: "erf", bound: 1.06, compute: { $0.erf($1, into: $2) }, definition: Reference.erf,
      oracle: { Glibc.erf($0) }),
    ElementaryFunction(
      name: "sin", bound: 1.5,
      compute: { $0.sineAndCosine($1, sine: $2, cosine: Vector(FloatBuffer(count: $1.count))) },
      definition: { Reference.sineAndCosine($0).0 }, oracle: { Glibc.sin($0) }),
    ElementaryFunction(
      name: "cos", bound: 1.5,
      compute: { $0.sineAndCosine($1, sine: Vector(FloatBuffer(count: $1.count)), cosine: $2) },
      definition: { Reference.sineAndCosine($0).1 }, oracle: { Glibc.cos($0) }),
  ]

  func values(_ arithmetic: Arithmetic, _ x: [Float]) -> [Float] {
    let (input, output) = (FloatBuffer(x), FloatBuffer(count: x.count))
    compute(arithmetic, Vector(input), Vector(output))
    return output.array
  }

  /// The largest distance from the exact values, in units of the last place that a float there has.
  func worstError(_ x: [Float], _ y: [Float]) -> Double {
    zip(x, y).reduce(0) { worst, pair in
      max(worst, ulps(pair.1, oracle(Double(pair.0))))
    }
  }
}

/// The distance in units of the last place that a float at `exact` has.
func ulps(_ y: Float, _ exact: Double) -> Double {
  if exact.isNaN || y.isNaN { return exact.isNaN && y.isNaN ? 0 : .infinity }
  let rounded = Float(exact)
  if rounded.isInfinite || y.isInfinite { return rounded == y ? 0 : .infinity }
  let unit = max(exact == 0 ? 0 : exact.magnitude.binade * 0x1p-23, 0x1p-149)
  return abs(Double(y) - exact) / unit
}

@Suite struct MathTests {
  /// Every 4099th bit pattern, all signs, exponents, infinities and NaN included; and edges.
  static let sample: [Float] =
    stride(from: UInt32(0), to: .max - 4098, by: 4099).map { Float(bitPattern: $0) } + edges
  private static let edges: [Float] = [
    0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
    .leastNormalMagnitude, Float.leastNormalMagnitude.nextDown, .greatestFiniteMagnitude,
    -.greatestFiniteMagnitude, 1, -1, Float(1).nextUp, Float(1).nextDown, 88.72283, 88.72284, 90,
    -87.33655, -103.97208, -103.97209, -105, 0.5625, Float(0.5625).nextDown, 9.01, 9.02,
    0.84375, Float(0.84375).nextDown, 3.9, 4, 4.1, 0x1.921fb6p-1, 0x1.921fb4p-1, 0x1.921fb6p0,
    0x1.921fb6p1, 0x1.921fb6p2, 16_367_173 * 0x1p72,
  ]

  @Test(arguments: ElementaryFunction.all)
  func sameBitsAsTheDefinition(function: ElementaryFunction) {
    let expected = Self.sample.map(function.definition)
    for machine in Machine.all {
      let actual = function.values(machine.arithmetic, Self.sample)
      #expect(difference(actual, expected) == nil, "\(machine)")
    }
  }

  @Test(arguments: ElementaryFunction.all)
  func errorsAreWithinTheirBounds(function: ElementaryFunction) throws {
    let machine = try #require(Machine.all.last)
    let values = function.values(machine.arithmetic, Self.sample)
    #expect(function.worstError(Self.sample, values) <= function.bound)
  }

  @Test(arguments: Machine.all) func sineAndCosineOfTurns(machine: Machine) {
    let count = 1 << 18
    let u = (0..<count).map { Float($0 * 64 + $0 % 64) * 0x1p-24 }
    let (x, s, c) = (FloatBuffer(u), FloatBuffer(count: count), FloatBuffer(count: count))
    machine.arithmetic.sineAndCosine(ofTurns: Vector(x), sine: Vector(s), cosine: Vector(c))
    let expected = u.map { Reference.sineAndCosine(ofTurns: $0) }
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
    for f in [a.tanh, a.erf] {
      #expect(one(f, .infinity) == 1 && one(f, -.infinity) == -1)
      #expect(one(f, -0.0).bitPattern == 0x8000_0000 && one(f, 0).bitPattern == 0)
      #expect(one(f, -.leastNonzeroMagnitude) == -.leastNonzeroMagnitude)
      #expect(one(f, .nan).isNaN && one(f, 20) == 1)
    }
    let sine = { (x: Vector, y: Vector) in
      a.sineAndCosine(x, sine: y, cosine: Vector(FloatBuffer(count: 1)))
    }
    let cosine = { (x: Vector, y: Vector) in
      a.sineAndCosine(x, sine: Vector(FloatBuffer(count: 1)), cosine: y)
    }
    #expect(one(sine, -0.0).bitPattern == 0x8000_0000 && one(sine, 0).bitPattern == 0)
    #expect(one(cosine, 0) == 1 && one(cosine, .leastNonzeroMagnitude) == 1)
    for x in [Float.infinity, -.infinity, .nan] {
      #expect(one(sine, x).isNaN && one(cosine, x).isNaN)
    }
  }
}
