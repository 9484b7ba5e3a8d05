import Proofs
import Testing

@Suite struct HashChainBeaconTests {
  static let beacon = HashChainBeacon(secret: countingSeed, rounds: 20)

  @Test func everyRoundLeadsToEveryEarlierOne() throws {
    #expect(Self.beacon.rounds == 20)
    #expect(try Self.beacon.value(round: 0) == Self.beacon.anchor)
    for round in 1...20 {
      let value = try Self.beacon.value(round: round)
      try HashChainBeacon.verify(value: value, round: round, anchor: Self.beacon.anchor)
      for earlier in 0..<round {
        try HashChainBeacon.verify(
          value: value, round: round, known: Self.beacon.value(round: earlier),
          knownRound: earlier)
      }
    }
  }

  @Test func aValueIsGoodForItsOwnRoundOnly() throws {
    for round in 1...20 {
      let value = try Self.beacon.value(round: round)
      for claimed in 1...25 where claimed != round {
        #expect(throws: BeaconError.self) {
          try HashChainBeacon.verify(value: value, round: claimed, anchor: Self.beacon.anchor)
        }
      }
    }
  }

  @Test func everyFlippedBitIsRefused() throws {
    let value = try Self.beacon.value(round: 7)
    for bit in 0..<256 {
      #expect(throws: BeaconError.self) {
        try HashChainBeacon.verify(
          value: flipping(bit, of: value), round: 7, anchor: Self.beacon.anchor)
      }
      #expect(throws: BeaconError.self) {
        try HashChainBeacon.verify(
          value: value, round: 7, anchor: flipping(bit, of: Self.beacon.anchor))
      }
    }
  }

  @Test func roundsOutOfRangeAreRefusedBeforeAnyHashing() {
    for round in [-1, 21, .min, .max] {
      #expect(throws: BeaconError.roundOutOfRange(round: round, first: 0, last: 20)) {
        try Self.beacon.value(round: round)
      }
    }
    let limit = HashChainBeacon.maximumDistance
    for round in [.min, -1, 0, limit + 1, .max] {
      #expect(throws: BeaconError.roundOutOfRange(round: round, first: 1, last: limit)) {
        try HashChainBeacon.verify(value: .zero, round: round, anchor: .zero)
      }
    }
    for (round, known) in [(3, 3), (2, 3), (5, -1), (5, .min), (5, .max), (.max, .max)] {
      #expect(throws: BeaconError.self) {
        try HashChainBeacon.verify(value: .zero, round: round, known: .zero, knownRound: known)
      }
    }
  }

  @Test func aBeaconWithoutRoundsIsItsAnchor() throws {
    let empty = HashChainBeacon(secret: .zero, rounds: 0)
    #expect(empty.rounds == 0)
    #expect(try empty.value(round: 0) == empty.anchor)
    #expect(empty.anchor != HashChainBeacon(secret: countingSeed, rounds: 0).anchor)
  }
}
