import Proofs
import Protocol
import Testing

@Suite("Randomness and challenges")
struct RandomnessTests {
  @Test("the training seed differs by parent, beacon and miner")
  func trainingSeeds() {
    let keys = (0..<4 as Range<UInt64>).map {
      PrivateKey(seed: Fixture.digest("key", $0)).publicKey
    }
    let values = (0..<4 as Range<UInt64>).map { Fixture.digest("value", $0) }
    var seen = Set<Digest>()
    for parent in values {
      for beacon in values {
        for key in keys {
          let seed = Randomness.trainingSeed(parent: parent, beaconValue: beacon, miner: key)
          #expect(
            seed == Randomness.trainingSeed(parent: parent, beaconValue: beacon, miner: key))
          seen.insert(seed)
        }
      }
    }
    #expect(seen.count == 64)
  }

  @Test("the challenge input differs by block and beacon")
  func challengeInputs() {
    let values = (0..<4 as Range<UInt64>).map { Fixture.digest("value", $0) }
    var seen = Set<[UInt8]>()
    for block in values {
      for beacon in values {
        seen.insert(Randomness.challengeInput(block: block, beaconValue: beacon))
      }
    }
    #expect(seen.count == 16)
    #expect(seen.allSatisfy { $0.count == 32 })
  }

  @Test("minibatches lie in the corpus and differ by step")
  func batches() {
    let seed = Fixture.digest("seed", 1)
    var all: [[Int]] = []
    for step in 0..<20 {
      let starts = Randomness.batchStarts(trainingSeed: seed, step: step, count: 50, windows: 7)
      #expect(starts.count == 50)
      #expect(Set(starts).isSubset(of: 0..<7))
      #expect(
        starts
          == Randomness.batchStarts(trainingSeed: seed, step: step, count: 50, windows: 7))
      all.append(starts)
    }
    #expect(Set(all).count == 20)
    #expect(Set(all.joined()) == Set(0..<7))
  }

  struct Rates: Sendable {
    let leaf: UInt32
    let replay: UInt32
    let tokens: UInt32
    let leaves: Int
    let steps: Int
    let sequences: Int
  }

  /// The fixture's model has 3000 parameters: 47 leaves of 64, the last one short.
  @Test(
    "a challenge has as many leaves, steps and sequences as the rates say",
    arguments: [
      Rates(leaf: 0, replay: 0, tokens: 0, leaves: 0, steps: 0, sequences: 0),
      Rates(leaf: 1, replay: 1, tokens: 1, leaves: 1, steps: 1, sequences: 2),
      Rates(leaf: 510_638, replay: 500_000, tokens: 16, leaves: 24, steps: 2, sequences: 2),
      Rates(leaf: 510_639, replay: 500_001, tokens: 17, leaves: 25, steps: 3, sequences: 4),
      Rates(
        leaf: 1_000_000, replay: 1_000_000, tokens: 4096, leaves: 47, steps: 4, sequences: 512),
    ])
  func counts(rates: Rates) throws {
    let fixture = try Fixture(
      FixtureOptions(
        leafRate: rates.leaf, replayRate: rates.replay, progressTokens: rates.tokens))
    #expect(fixture.task.leafCount == 47)
    var seen = Set<Challenge>()
    for number in 0..<50 as Range<UInt64> {
      func derive() -> Challenge {
        Challenge(
          output: Fixture.digest("output", number), task: fixture.task,
          constants: fixture.genesis.constants)
      }
      let challenge = derive()
      #expect(challenge == derive())
      #expect(challenge.leaves.count == rates.leaves)
      #expect(challenge.steps.count == rates.steps)
      #expect(challenge.evaluationStarts.count == rates.sequences)
      #expect(challenge.leaves == Set(challenge.leaves).sorted())
      #expect(challenge.steps == Set(challenge.steps).sorted())
      #expect(challenge.leaves.allSatisfy { (0..<47).contains($0) })
      #expect(challenge.steps.allSatisfy { (0..<4).contains($0) })
      #expect(challenge.evaluationStarts.allSatisfy { (0..<2040).contains($0) })
      seen.insert(challenge)
    }
    // Rates of nothing leave one challenge; with sequences or some leaves they differ.
    if rates.leaf == 0 { #expect(seen.count == 1) } else { #expect(seen.count > 40) }
  }

  @Test("everyone derives a verifier's challenge from its proof; verifiers get different ones")
  func proofs() throws {
    let fixture = try Fixture(FixtureOptions(leafRate: 200_000))
    let mined = try fixture.mine()
    let input = try fixture.context(mined.signed).challengeInput
    var seen = Set<Challenge>()
    for index in 0..<3 {
      let outcome = try fixture.verify(index, mined.signed, server: mined)
      let proof = outcome.attestation.attestation.randomness
      let output = try fixture.genesis.verifiers[index].vrfKey.verify(proof, input)
      let derived = Challenge(
        output: output.beta, task: fixture.task, constants: fixture.genesis.constants)
      #expect(derived == outcome.challenge)
      seen.insert(derived)
    }
    #expect(seen.count == 3)
  }

  @Test("rates round as documented, in integers")
  func rates() {
    #expect(PartsPerMillion(1_000_001) == nil)
    #expect(PartsPerMillion(fraction: 1.1) == nil)
    #expect(PartsPerMillion(fraction: -0.1) == nil)
    #expect(PartsPerMillion(fraction: .nan) == nil)
    #expect(PartsPerMillion(fraction: 0.125) == PartsPerMillion(125_000))
    let third = PartsPerMillion(333_333)!
    #expect(third.sampleCount(of: 3) == 1)
    #expect(third.sampleCount(of: 4) == 2)
    #expect(third.sampleCount(of: 0) == 0)
    #expect(PartsPerMillion(1_000_000)!.sampleCount(of: .max) == .max)
    #expect(Stake(3).share(of: third) == .zero)
    #expect(Stake(4).share(of: third) == Stake(1))
    #expect(Stake(.max).share(of: PartsPerMillion(1_000_000)!) == Stake(.max))
    #expect(Stake(.max).share(of: PartsPerMillion(0)!) == .zero)
  }

  @Test("rounds after and not before a time")
  func rounds() {
    let constants = Fixture.constants(FixtureOptions())
    for (time, after, notBefore) in [(0, 1, 0), (1, 1, 1), (599, 1, 1), (600, 2, 1), (601, 2, 2)]
      as [(UInt64, UInt64, UInt64)]
    {
      #expect(constants.firstRound(after: VirtualTime(milliseconds: time)) == after)
      #expect(constants.firstRound(notBefore: VirtualTime(milliseconds: time)) == notBefore)
    }
    #expect(constants.time(ofRound: 3) == VirtualTime(milliseconds: 1800))
  }
}
