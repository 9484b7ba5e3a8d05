import Proofs
import Testing

@Suite struct BeaconTranscriptTests {
  @Test func openingsAreTakenInOrderAndSkipsAllowed() throws {
    let beacon = HashChainBeacon(secret: countingSeed, rounds: 9)
    var transcript = BeaconTranscript(beacon.announcement)
    for round in [1, 2, 5, 9] {
      try transcript.accept(beacon.opening(round: round))
      #expect(transcript.last == BeaconOpening(round: round, value: try beacon.value(round: round)))
    }
    #expect(throws: BeaconError.roundOutOfRange(round: 9, first: 10, last: 9)) {
      try transcript.accept(beacon.opening(round: 9))
    }
    for round in [0, 10, -1] {
      #expect(throws: BeaconError.roundOutOfRange(round: round, first: 1, last: 9)) {
        try beacon.opening(round: round)
      }
    }
  }

  @Test func wrongOpeningsChangeNothing() throws {
    let beacon = HashChainBeacon(secret: countingSeed, rounds: 9)
    let other = HashChainBeacon(secret: .zero, rounds: 9)
    var transcript = BeaconTranscript(beacon.announcement)
    try transcript.accept(beacon.opening(round: 3))
    let before = transcript
    let good = try beacon.opening(round: 6)
    var wrong = [
      try other.opening(round: 6), BeaconOpening(round: 5, value: good.value),
      BeaconOpening(round: 7, value: good.value), BeaconOpening(round: 3, value: good.value),
      BeaconOpening(round: .max, value: good.value), BeaconOpening(round: -4, value: good.value),
    ]
    wrong += (0..<256).map { BeaconOpening(round: 6, value: flipping($0, of: good.value)) }
    for opening in wrong {
      #expect(throws: BeaconError.self) { try transcript.accept(opening) }
      #expect(transcript == before)
    }
    try transcript.accept(good)
    #expect(try BeaconOpening(canonicalBytes: good.canonicalBytes) == good)
    let announcement = beacon.announcement
    #expect(try BeaconAnnouncement(canonicalBytes: announcement.canonicalBytes) == announcement)
  }
}

@Suite struct RecordedBeaconTests {
  /// Rounds 367 and 5347804 of drand's main network, as its documentation shows them.
  static let published: [(round: Int, randomness: String, signature: String)] = [
    (
      367, "3439d92d58e47d342131d446a3abe264396dd264717897af30525c98408c834f",
      "90957ebc0719f8bfb67640aff8ca219bf9f2c5240e60a8711c968d93370d38f87b38ed234a8c63863eb81f234e"
        + "fce55b047478848c0de025527b3d3476dfe860632c1b799550de50a6b9540463e9fb66c8016b89c04a9f52da"
        + "bdc988e69463c1"
    ),
    (
      5_347_804, "a87619810b1b41e70a01b8f903cf69977e026f80d9fd5e4c197c298a96c61cfe",
      "92daf5745411a415b539caebda0b523fa20d4d12b28eb2fe427decdf5dcc976046a9c83b54f1db991fa191ffca"
        + "8fcbdc07563036664f6ba47dcf00593559286f667574f6b0a2ba0be2683463b5bf3472e5696ac28b75d5b222"
        + "3dbb98a56c96a3"
    ),
  ]

  @Test(arguments: published.indices)
  func publishedRounds(number: Int) throws {
    let (round, randomness, signature) = Self.published[number]
    let recorded = RecordedRound(
      round: round, randomness: try digest(randomness), signature: try bytes(signature))
    let beacon = try RecordedBeacon([recorded])
    #expect(try beacon.value(round: round).hex == randomness)
    for other in [0, round - 1, round + 1, .max, .min] {
      #expect(throws: BeaconError.roundOutOfRange(round: other, first: round, last: round)) {
        try beacon.value(round: other)
      }
    }
    for bit in 0..<(8 * recorded.signature.count) {
      let changed = RecordedRound(
        round: round, randomness: recorded.randomness,
        signature: flipping(bit, of: recorded.signature))
      #expect(throws: RecordedBeaconError.self) { try RecordedBeacon([changed]) }
    }
  }

  static func chain(_ rounds: ClosedRange<Int>) -> [RecordedRound] {
    rounds.map { round in
      let signature = [UInt8](repeating: UInt8(round), count: 96)
      return RecordedRound(
        round: round, randomness: SHA256.hash(signature), signature: signature,
        previousSignature: [UInt8](repeating: UInt8(round - 1), count: 96))
    }
  }

  @Test func gapsSwapsAndBrokenChainsAreRefused() throws {
    let rounds = Self.chain(4...9)
    let beacon = try RecordedBeacon(rounds)
    #expect(try beacon.value(round: 9) == SHA256.hash([UInt8](repeating: 9, count: 96)))
    #expect(throws: RecordedBeaconError.noRounds) { try RecordedBeacon([]) }
    #expect(throws: RecordedBeaconError.wrongRound(7, expected: 6)) {
      try RecordedBeacon(rounds.filter { $0.round != 6 })
    }
    #expect(throws: RecordedBeaconError.wrongRound(4, expected: 5)) {
      try RecordedBeacon([rounds[0]] + rounds)
    }
    #expect(throws: RecordedBeaconError.self) { try RecordedBeacon(rounds.reversed()) }
    let unchained = RecordedRound(
      round: 10, randomness: SHA256.hash([1]), signature: [1], previousSignature: nil)
    #expect(throws: RecordedBeaconError.brokenChain(round: 10)) {
      try RecordedBeacon(rounds + [unchained])
    }
    let forked = RecordedRound(
      round: 10, randomness: SHA256.hash([1]), signature: [1], previousSignature: [8])
    #expect(throws: RecordedBeaconError.brokenChain(round: 10)) {
      try RecordedBeacon(rounds + [forked])
    }
    for count in [0, 257] {
      let signature = [UInt8](repeating: 1, count: count)
      let round = RecordedRound(
        round: 1, randomness: SHA256.hash(signature), signature: signature)
      #expect(throws: RecordedBeaconError.wrongSignatureByteCount(round: 1, count)) {
        try RecordedBeacon([round])
      }
    }
    for round in [0, -1, Int.min] {
      #expect(throws: RecordedBeaconError.wrongRound(round, expected: 1)) {
        try RecordedBeacon([
          RecordedRound(round: round, randomness: SHA256.hash([1]), signature: [1])
        ])
      }
    }
  }
}
