/// One published round of a beacon as drand publishes it ("drand: Distributed Randomness Beacon",
/// https://drand.love): a threshold signature, and its SHA-256 as the random value.
public struct RecordedRound: Sendable, Hashable {
  /// Number of the round, from 1.
  public let round: Int
  /// SHA-256 of the signature.
  public let randomness: Digest
  /// The group's signature.
  public let signature: [UInt8]
  /// The signature of the round before, which a chained beacon signs; nil for an unchained one.
  public let previousSignature: [UInt8]?

  /// A round with these fields, unverified.
  public init(
    round: Int, randomness: Digest, signature: [UInt8], previousSignature: [UInt8]? = nil
  ) {
    self.round = round
    self.randomness = randomness
    self.signature = signature
    self.previousSignature = previousSignature
  }
}

/// A beacon that replays published rounds.
///
/// It checks what needs no pairing: rounds follow each other without a gap, each value is the SHA-256
/// of its signature, and in a chained beacon each signature is the one that the next round signs.
/// Whether the group made the first signature is not checked (BLS12-381 is not in OpenSSL): take the
/// rounds from a source that does.
public struct RecordedBeacon: Sendable {
  /// The rounds in order; at least one.
  public let rounds: [RecordedRound]

  /// Longest signature that is taken, in bytes; BLS12-381 has 48 or 96.
  public static let maximumSignatureByteCount = 256

  /// The beacon of these rounds. Throws ``RecordedBeaconError``.
  public init(_ rounds: [RecordedRound]) throws(RecordedBeaconError) {
    guard let first = rounds.first else { throw .noRounds }
    guard first.round >= 1 else { throw .wrongRound(first.round, expected: 1) }
    for (place, round) in rounds.enumerated() {
      let (expected, overflow) = first.round.addingReportingOverflow(place)
      guard !overflow, round.round == expected else {
        throw .wrongRound(round.round, expected: overflow ? .max : expected)
      }
      guard (1...Self.maximumSignatureByteCount).contains(round.signature.count) else {
        throw .wrongSignatureByteCount(round: round.round, round.signature.count)
      }
      let computed = SHA256.hash(round.signature)
      guard computed == round.randomness else {
        throw .wrongRandomness(round: round.round, computed: computed, claimed: round.randomness)
      }
      guard place > 0 else { continue }
      let before = rounds[place - 1]
      guard (round.previousSignature == nil) == (before.previousSignature == nil),
        round.previousSignature == nil || round.previousSignature == before.signature
      else { throw .brokenChain(round: round.round) }
    }
    self.rounds = rounds
  }

  /// The value of `round`. Throws `BeaconError.roundOutOfRange` unless it is recorded.
  public func value(round: Int) throws(BeaconError) -> Digest {
    let first = rounds[0].round
    guard first <= round, round - first < rounds.count else {
      throw .roundOutOfRange(round: round, first: first, last: first + rounds.count - 1)
    }
    return rounds[round - first].randomness
  }
}

/// Why recorded rounds are refused.
public enum RecordedBeaconError: Error, Hashable, Sendable {
  /// There are none.
  case noRounds
  /// A round is missing, twice there or out of order.
  case wrongRound(Int, expected: Int)
  /// A signature is empty or too long.
  case wrongSignatureByteCount(round: Int, Int)
  /// The value is not the SHA-256 of the signature.
  case wrongRandomness(round: Int, computed: Digest, claimed: Digest)
  /// The round does not sign the signature of the one before.
  case brokenChain(round: Int)
}

extension RecordedBeaconError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noRounds: "there are no beacon rounds"
    case .wrongRound(let round, let expected):
      "beacon round \(round) stands where round \(expected) must be"
    case .wrongSignatureByteCount(let round, let count):
      "signature of beacon round \(round) has \(count) bytes, but must have 1 to "
        + "\(RecordedBeacon.maximumSignatureByteCount)"
    case .wrongRandomness(let round, let computed, let claimed):
      "SHA-256 of the signature of beacon round \(round) is \(computed), but \(claimed) is claimed"
    case .brokenChain(let round):
      "beacon round \(round) does not continue the signature of the round before"
    }
  }
}
