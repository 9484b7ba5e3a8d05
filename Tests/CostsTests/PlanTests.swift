import Costs
import Protocol
import Testing

@Suite("Seconds, money and plans") struct PlanTests {
  static let fleet = Fleet(
    count: 4, flopsPerSecond: 1e12, hashedBytesPerSecond: 1e9, movedBytesPerSecond: 1e11,
    watts: 500, hourlyPrice: 3)

  @Test func workTakesSecondsMoneyAndEnergy() {
    let work = Workload(
      flops: 8_000_000_000_000, hashedBytes: 4_000_000_000, quantizedValues: 50_000_000_000)
    // 2 s of products, 1 s of hashing, 1 s of memory.
    #expect(Self.fleet.seconds(work) == 4)
    #expect(Self.fleet.hours(work) == 16.0 / 3600)
    #expect(Self.fleet.price(work) == 16.0 / 3600 * 3)
    #expect(Self.fleet.energy(work) == 16.0 / 3600 * 0.5)
    #expect(transferSeconds(1000, bitsPerSecond: 80) == 100)
  }

  static func costs(_ steps: Int) throws -> BlockCosts {
    try BlockCosts(PaperShapeTests.task("gpt3-1.3b", batch: 512, steps: steps))
  }

  static func setting(bitsPerSecond: Double) -> BlockSetting {
    var constants = ProtocolConstants.paper
    constants.replayRate = PartsPerMillion(10_000)!
    constants.leafRate = PartsPerMillion(1000)!
    let fleet = Fleet(
      count: 64, flopsPerSecond: 4e14, hashedBytesPerSecond: 1e9, movedBytesPerSecond: 3e12,
      watts: 900, hourlyPrice: 3)
    return BlockSetting(
      miner: fleet, verifier: fleet, verifierCount: 8, bitsPerSecond: bitsPerSecond,
      latencyMilliseconds: 50, propagation: .gossip(fanOut: 4), trainingShare: 0.9,
      windowShare: 0.5, constants: constants, mostSegments: 1)
  }

  @Test func theShortestBlockIsFeasibleAndOneSegmentLessIsNot() throws {
    var last = Double.infinity
    for speed in [8e7, 1e9, 1e10, 1e11] {
      let setting = Self.setting(bitsPerSecond: speed)
      let block = try #require(setting.shortestBlock(try Self.costs(8)))
      #expect(setting.isFeasible(block))
      if block.steps > 8 {
        #expect(!setting.isFeasible(setting.timing(try Self.costs(block.steps - 8))))
      }
      // A faster line never needs a longer block.
      #expect(block.blockSeconds <= last)
      last = block.blockSeconds
    }
  }

  @Test func aWindowThatVerificationFillsAnywayIsNeverLongEnough() throws {
    var setting = Self.setting(bitsPerSecond: 1e9)
    setting.mostSegments = nil
    setting.constants.replayRate = PartsPerMillion(1_000_000)!
    #expect(setting.shortestBlock(try Self.costs(8)) == nil)
  }

  static func goal(_ probability: Double) -> DetectionGoal {
    DetectionGoal(
      probability: probability, cheatedLeaves: 0.01, cheatedSegments: 0.1, lossRise: 0.05,
      lossDeviation: 0.25, lossQuantile: 2)
  }

  @Test func theCheapestPlanReachesItsGoalAndNoOtherIsCheaper() throws {
    let costs = try Self.costs(400)
    #expect(Self.goal(0.9).evaluationSequences == 100)
    var least = 0.0
    for probability in [0.5, 0.9, 0.99] {
      let goal = Self.goal(probability)
      let (plan, price) = try #require(
        costs.cheapestPlan(goal, verifiers: 3...24, price: Self.fleet.price))
      #expect(plan.leafDetection >= probability && plan.segmentDetection >= probability)
      for count in 3...24 {
        let other = try #require(costs.plan(goal, verifiers: count))
        #expect(
          Double(count) * Self.fleet.price(costs.verification(other).total) >= price * (1 - 1e-12))
      }
      // One draw less misses the goal.
      if plan.segments > 0 {
        let chance = Odds.detection(
          population: costs.task.segmentCount, marked: 5, draws: plan.segments - 1,
          verifiers: plan.verifiers)
        #expect(chance < probability)
      }
      #expect(price >= least)
      least = price
    }
  }
}
