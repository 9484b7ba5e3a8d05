import Proofs
import Protocol
import Testing

@Suite("Odds and intervals")
struct OddsTests {
  @Test("miss probabilities are SciPy's hypergeom.pmf(0, N, t, k)")
  func hypergeometric() {
    let known: [(Int, Int, Int, Double)] = [
      (22, 6, 2, 0.5194805194805195), (100, 1, 2, 0.98), (118, 30, 3, 0.41112559756627554),
      (1000, 10, 50, 0.5973112929066543), (170_000, 17, 3400, 0.709310184750777),
      (5, 5, 1, 0), (5, 0, 5, 1), (0, 0, 0, 1), (5, 9, 1, 0), (5, 2, 9, 0), (5, -1, 3, 1),
    ]
    for (n, t, k, miss) in known {
      #expect(abs(Odds.miss(population: n, marked: t, draws: k) - miss) < 1e-10, "\(n) \(t) \(k)")
      #expect(
        abs(
          Odds.miss(population: n, marked: t, draws: k)
            - Odds.miss(population: n, marked: k, draws: t)) < 1e-15)
    }
    #expect(
      Odds.detection(population: 100, marked: 1, draws: 2, verifiers: 3) == 1 - 0.98 * 0.98 * 0.98)
    #expect(Odds.detection(population: 100, marked: 1, draws: 2, verifiers: 0) == 0)
  }

  @Test("are what counting all draws gives")
  func enumeration() {
    for n in 1...7 {
      for t in 0...n {
        for k in 0...n {
          var (all, missed) = (0, 0)
          for set in 0..<(1 << n) where set.nonzeroBitCount == k {
            all += 1
            if set & ((1 << t) - 1) == 0 { missed += 1 }
          }
          let expected = Double(missed) / Double(all)
          #expect(abs(Odds.miss(population: n, marked: t, draws: k) - expected) < 1e-12)
        }
      }
    }
  }

  @Test("majorities are SciPy's binom.sf")
  func binomial() {
    for (least, v, p, expected) in [
      (2, 5, 0.3, 0.47178), (34, 100, 0.4, 0.9087463990071449), (1, 1, 0.2, 0.2), (0, 3, 0.1, 1),
      (4, 3, 0.9, 0),
    ] {
      #expect(abs(Odds.atLeast(least, of: v, each: p) - expected) < 1e-9)
    }
  }

  @Test("draws needed are the fewest that reach the target")
  func drawsNeeded() throws {
    for (n, t, v, target) in [
      (118, 30, 4, 0.99), (100, 1, 1, 0.5), (1000, 10, 3, 0.9), (22, 6, 3, 1.0),
    ] {
      let draws = try #require(
        Odds.drawsNeeded(population: n, marked: t, verifiers: v, target: target))
      #expect(Odds.detection(population: n, marked: t, draws: draws, verifiers: v) >= target)
      #expect(Odds.detection(population: n, marked: t, draws: draws - 1, verifiers: v) < target)
    }
    #expect(Odds.drawsNeeded(population: 10, marked: 0, verifiers: 3, target: 0.5) == nil)
  }

  @Test("Wilson intervals are SciPy's")
  func wilson() {
    for (k, n, low, high) in [
      (0, 10, 0.0, 0.27753279986288926), (1, 10, 0.017876213095072896, 0.4041500267952385),
      (10, 100, 0.05522913706067508, 0.17436566150491345),
      (500, 1000, 0.4690696003681042, 0.5309303996318958),
      (1000, 1000, 0.9961732415144449, 1.0),
    ] {
      let interval = WilsonInterval(successes: k, trials: n)
      #expect(abs(interval.lower - low) < 1e-12)
      #expect(abs(interval.upper - high) < 1e-12)
      #expect(interval.contains(Double(k) / Double(n)))
      #expect(!interval.contains(high + 1e-9))
    }
    let nothing = WilsonInterval(successes: 0, trials: 0)
    #expect(nothing.estimate.isNaN && nothing.lower == 0 && nothing.upper == 1)
  }
}

@Suite("Detection by the real verifier")
struct DetectionTrialTests {
  static func trial(
    _ behaviour: any MinerBehaviour, checks: Checks, leafRate: UInt32, replayRate: UInt32
  ) throws -> (Fixture, DetectionTrial) {
    let fixture = try Fixture(
      FixtureOptions(
        leafRate: leafRate, replayRate: replayRate, behaviour: behaviour, checks: checks))
    let mined = try fixture.mine()
    return (
      fixture,
      DetectionTrial(
        state: fixture.state, block: mined, trainingBeacon: try fixture.trainingBeacon(),
        verifiers: fixture.verifiers, corpus: Fixture.corpus(seed: 1))
    )
  }

  @Test("of tampered leaves is what the closed form says, for one to three verifiers")
  func leaves() throws {
    let tampering = TamperedLeaves(fraction: PartsPerMillion(100_000)!)
    let (fixture, trial) = try Self.trial(
      tampering, checks: [.leaf, .update], leafRate: 90_000, replayRate: 0)
    let outcome = try trial.run(
      count: 400, seed: Fixture.digest("trial", 1), arithmetic: Fixture.arithmetic)
    #expect(outcome.trials == 400)
    let marked = tampering.leaves(task: fixture.task, seed: try fixture.trainingSeed()).count
    let draws = fixture.genesis.constants.challengedLeaves(fixture.task)
    for verifiers in 1...3 {
      let expected = Odds.detection(
        population: fixture.task.leafCount, marked: marked, draws: draws, verifiers: verifiers)
      #expect(expected > 0.05 && expected < 0.95)
      // One in 10^5 intervals this wide would miss.
      let interval = WilsonInterval(
        successes: outcome.detections[verifiers - 1], trials: 400, z: 4.4)
      #expect(interval.contains(expected), "\(verifiers): \(interval) and \(expected)")
    }
    #expect(Set(outcome.reasons.keys) == [.positive, .update])
  }

  @Test("of faked steps is what the closed form says")
  func steps() throws {
    let faking = FakedSteps(fraction: PartsPerMillion(250_000)!)
    let (fixture, trial) = try Self.trial(
      faking, checks: .replay, leafRate: 0, replayRate: 250_000)
    let outcome = try trial.run(
      count: 150, seed: Fixture.digest("trial", 2), arithmetic: Fixture.arithmetic)
    #expect(fixture.genesis.constants.challengedSegments(fixture.task) == 1)
    for verifiers in 1...3 {
      let expected = Odds.detection(population: 4, marked: 1, draws: 1, verifiers: verifiers)
      let interval = WilsonInterval(
        successes: outcome.detections[verifiers - 1], trials: 150, z: 4.4)
      #expect(interval.contains(expected))
    }
    #expect(Set(outcome.reasons.keys) == [.positive, .replay])
  }

  @Test("finds nothing in an honest block, and does not depend on threads")
  func honest() throws {
    let (_, trial) = try Self.trial(
      HonestMiner(), checks: [.leaf, .update], leafRate: 90_000, replayRate: 0)
    let seed = Fixture.digest("trial", 3)
    let outcome = try trial.run(count: 40, seed: seed, arithmetic: Fixture.arithmetic)
    #expect(outcome.detections == [0, 0, 0])
    #expect(outcome.reasons == [.positive: 120])
    let threaded = try trial.run(
      count: 40, seed: seed, arithmetic: .init(workers: .init(threads: 2)))
    #expect(threaded.reasons == outcome.reasons)
    #expect(threaded.work == outcome.work)
  }
}
