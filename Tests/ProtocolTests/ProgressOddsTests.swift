import Proofs
import Protocol
import Testing

@Suite struct ProgressOddsTests {
  /// scipy.stats.norm.sf, 1.16.
  static let tails: [(z: Double, tail: Double)] = [
    (0, 0.5), (0.5, 0.3085375387259869), (1, 0.15865525393145707), (1.999, 0.02280417693265888),
    (2, 0.022750131948179212), (3, 0.0013498980316300957), (6, 9.865876450376946e-10),
    (-1, 0.8413447460685429), (-3, 0.9986501019683699),
  ]

  @Test(arguments: tails) func tailsAreThoseOfTheNormalDistribution(z: Double, tail: Double) {
    #expect(abs(ProgressOdds.upperTail(z) - tail) <= 1e-10 * tail)
    #expect(abs(ProgressOdds.quantile(ofTail: tail) - z) <= 1e-6)
  }

  @Test func tailsFallAndJoin() {
    var last = 1.0
    for step in -600...600 {
      let tail = ProgressOdds.upperTail(Double(step) / 100)
      #expect(tail < last && tail > 0)
      last = tail
    }
    // The series and the continued fraction meet at 2.
    let (below, above) = (
      ProgressOdds.upperTail(2.0.nextDown), ProgressOdds.upperTail(2)
    )
    #expect(abs(below - above) <= 1e-13 * above)
    #expect(ProgressOdds.upperTail(.nan).isNaN && ProgressOdds.upperTail(.infinity) == 0)
  }

  @Test func aSpreadRejectsWhatLiesAboveTheMargin() {
    let spread = ProgressOdds.Spread([-0.3, -0.1, -0.2, -0.2, -0.4, 0])
    #expect(abs(spread.mean + 0.2) < 1e-15 && abs(spread.deviation - 0.02.squareRoot()) < 1e-15)
    #expect(abs(spread.rejection(margin: -0.2) - 0.5) < 1e-12)
    let margin = spread.margin(rejecting: 0.001)
    #expect(abs(spread.rejection(margin: margin) - 0.001) < 1e-9)
    // A loss that always falls far enough needs no margin.
    #expect(ProgressOdds.Spread([-1, -1.01]).margin(rejecting: 0.001) == 0)
    #expect(ProgressOdds.Spread([1]).rejection(margin: 0).isNaN)
    #expect(ProgressOdds.Spread([1, 1]).rejection(margin: 0.5) == 1)
    #expect(ProgressOdds.Spread([1, 1]).rejection(margin: 1) == 0)
  }
}
