import Glibc
import Kernels
import Testing

/// The binary64 functions against the C library's, within the few units of the last place that
/// docs/arithmetic.md states, and against golden bits that every machine must give.
@Suite struct ScalarMathTests {
  private func ulps(_ y: Double, _ exact: Double) -> Double {
    abs(y - exact) / max(exact.magnitude.ulp, Double.leastNormalMagnitude)
  }

  @Test func sineAndCosine() {
    var data = TestData(seed: 11)
    for i in 0..<20_000 {
      // An eighth of a turn is reduced exactly, so that pi of the C library's argument is small.
      let fraction = Double(data.number()) * 0.125 + Double(data.number()) * 0x1p-30
      let turns = Double(i % 4) * 0.25 + fraction + Double(i / 4 % 7) * 1024
      let exact = turns - turns.rounded(.down)
      let quarter = (exact * 4).rounded(.toNearestOrEven)
      let angle = (exact - quarter * 0.25) * (2 * Double.pi)
      let (s, c) = (Glibc.sin(angle), Glibc.cos(angle))
      let expected = [(s, c), (c, -s), (-s, -c), (-c, s)][Int(quarter) & 3]
      let actual = ScalarMath.sineAndCosine(turns: turns)
      #expect(abs(actual.sine - expected.0) <= 2.3e-16)
      #expect(abs(actual.cosine - expected.1) <= 2.3e-16)
    }
    #expect(ScalarMath.sineAndCosine(turns: 0) == (0, 1))
    #expect(ScalarMath.sineAndCosine(turns: 0.25) == (1, 0))
    #expect(ScalarMath.sineAndCosine(turns: -0.5) == (0, -1))
    #expect(ScalarMath.sineAndCosine(turns: 1e300) == (0, 1))
  }

  @Test func exponentialAndLogarithm() {
    var data = TestData(seed: 12)
    var (worstExp, worstLog) = (0.0, 0.0)
    for _ in 0..<20_000 {
      let x = Double(data.number()) * 700
      worstExp = max(worstExp, ulps(ScalarMath.exponential(x), Glibc.exp(x)))
      let y = Glibc.exp(x)
      worstLog = max(worstLog, ulps(ScalarMath.logarithm(y), Glibc.log(y)))
      let nearOne = 1 + Double(data.number()) * 0.4
      worstLog = max(worstLog, ulps(ScalarMath.logarithm(nearOne), Glibc.log(nearOne)))
    }
    #expect(worstExp <= 2)
    #expect(worstLog <= 3)
    #expect(ScalarMath.exponential(0) == 1 && ScalarMath.logarithm(1) == 0)
    #expect(ScalarMath.exponential(.infinity) == .infinity)
    #expect(ScalarMath.exponential(-.infinity) == 0 && ScalarMath.exponential(.nan).isNaN)
    #expect(ScalarMath.exponential(-745) == Double.leastNonzeroMagnitude)
    #expect(abs(ScalarMath.logarithm(.leastNonzeroMagnitude) + 744.4400719213812) < 1e-12)
  }
}
