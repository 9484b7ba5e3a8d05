import Kernels
import Testing

/// Flat-vector kernels against their definition, bit for bit, on plain and on wild numbers.
@Suite struct OptimizerTests {
  private static let counts = [0] + sizes + [1000, 4099, 70_003]

  private func forCounts(_ check: (Int, Bool, inout TestData) -> Void) {
    for count in Self.counts {
      var data = TestData(seed: UInt64(count) + 1)
      for wild in [false, true] { check(count, wild, &data) }
    }
  }

  /// Numbers with NaN and infinities among them if `wild`.
  private func numbers(_ count: Int, _ wild: Bool, _ data: inout TestData) -> [Float] {
    guard wild else { return data.numbers(count) }
    var x = data.wildNumbers(count)
    for i in stride(from: 3, to: count, by: 41) { x[i] = [.nan, .infinity, -.infinity][i % 3] }
    return x
  }

  @Test(arguments: Machine.all) func vectors(machine: Machine) {
    forCounts { count, wild, data in
      let (x, y) = (numbers(count, wild, &data), numbers(count, wild, &data))
      let (vx, vy) = (vector(x), vector(y))
      let z = vector(x)
      machine.arithmetic.subtract(vx, vy, into: z)
      #expect(difference(z.array, zip(x, y).map { $0 - $1 }) == nil)
      machine.arithmetic.scale(vx, by: -0.3, into: z)
      #expect(difference(z.array, x.map { $0 * -0.3 }) == nil)
      machine.arithmetic.axpy(0.7, vx, onto: vy)
      #expect(difference(vy.array, zip(x, y).map { Reference.fma(0.7, $0, $1) }) == nil)
      machine.arithmetic.sgdStep(parameters: vx, gradient: z, learningRate: 0.1)
      #expect(difference(vx.array, x.map { Reference.fma(-0.1, $0 * -0.3, $0) }) == nil)
    }
  }

  @Test(arguments: Machine.all) func momentum(machine: Machine) {
    for isNesterov in [false, true] {
      forCounts { count, wild, data in
        let (g, m, w) = (
          numbers(count, wild, &data), numbers(count, wild, &data), numbers(count, wild, &data)
        )
        let (vm, vw) = (vector(m), vector(w))
        machine.arithmetic.momentumStep(
          parameters: vw, gradient: vector(g), momentum: vm, factor: 0.9, isNesterov: isNesterov,
          learningRate: 0.03)
        let expected = (0..<count).map {
          Reference.momentum(
            rate: 0.03, factor: 0.9, isNesterov: isNesterov, g: g[$0], m: m[$0], w: w[$0])
        }
        #expect(difference(vm.array, expected.map(\.m)) == nil)
        #expect(difference(vw.array, expected.map(\.w)) == nil)
      }
    }
  }

  @Test(arguments: Machine.all) func adamW(machine: Machine) {
    let settings = Reference.AdamW(rate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, decay: 0.1)
    for step in [1, 2, 7, 1_000_000] {
      let coefficients = AdamWCoefficients(
        step: step, learningRate: settings.rate, beta1: settings.beta1, beta2: settings.beta2,
        epsilon: settings.epsilon, weightDecay: settings.decay)
      forCounts { count, wild, data in
        let (g, m, w) = (
          numbers(count, wild, &data), numbers(count, wild, &data), numbers(count, wild, &data)
        )
        let v = numbers(count, wild, &data).map(\.magnitude)
        let (vm, vv, vw) = (vector(m), vector(v), vector(w))
        machine.arithmetic.adamWStep(
          parameters: vw, gradient: vector(g), firstMoment: vm, secondMoment: vv,
          coefficients: coefficients)
        let expected = (0..<count).map {
          Reference.adamW(settings, step: step, g: g[$0], m: m[$0], v: v[$0], w: w[$0])
        }
        #expect(difference(vm.array, expected.map(\.m)) == nil)
        #expect(difference(vv.array, expected.map(\.v)) == nil)
        #expect(difference(vw.array, expected.map(\.w)) == nil)
      }
    }
  }

  @Test(arguments: Machine.all) func normAndClipping(machine: Machine) {
    for count in Self.counts + [4096, 65_536, 200_001] {
      var data = TestData(seed: UInt64(count) + 7)
      let x = data.numbers(count)
      let expected = Reference.norm(x)
      #expect(machine.arithmetic.norm(of: vector(x)).bitPattern == expected.bitPattern)
      // Below, at and above the limit: only the last one changes a bit.
      for maximum in [expected * 2 + 1, expected] {
        let v = vector(x)
        #expect(machine.arithmetic.clip(v, toNorm: maximum) == expected)
        #expect(difference(v.array, x) == nil)
      }
      guard expected > 0 else { continue }
      let v = vector(x)
      #expect(machine.arithmetic.clip(v, toNorm: expected / 3) == expected)
      let factor = (expected / 3) / expected
      #expect(difference(v.array, x.map { $0 * factor }) == nil)
    }
    #expect(machine.arithmetic.norm(of: vector([3, .nan, 4])).isNaN)
    #expect(machine.arithmetic.norm(of: vector([3e30, 4])) == .infinity)
    #expect(machine.arithmetic.norm(of: vector([-3, 4])) == 5)
  }
}
