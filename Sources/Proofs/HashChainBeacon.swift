/// Why a beacon value is refused.
public enum BeaconError: Error, Hashable, Sendable {
  /// There is no such round: rounds that can be asked for are `first` to `last`.
  case roundOutOfRange(round: Int, first: Int, last: Int)
  /// The value does not hash to the known value of `knownRound`.
  case chainMismatch(round: Int, knownRound: Int, computed: Digest, known: Digest)
}

extension BeaconError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .roundOutOfRange(let round, let first, let last):
      "beacon round must be in \(first)...\(last), but is \(round)"
    case .chainMismatch(let round, let knownRound, let computed, let known):
      "value of round \(round) leads to \(computed) at round \(knownRound), but \(known) is known"
    }
  }
}

/// A randomness beacon: a hash chain that is revealed backwards.
///
/// value(r - 1) = tagged("PoGO/beacon", u64 r, value(r)). Value 0, the anchor, is public from the
/// start. Nobody but the owner of the secret can tell round r before it is revealed, and everyone
/// can check it against any earlier round.
public struct HashChainBeacon: Sendable {
  /// Most rounds that a verifier hashes back to a known value, so that a claimed round cannot keep
  /// it busy.
  public static let maximumDistance = 1 << 20

  /// values[r] is the value of round r.
  private let values: [Digest]

  /// The chain of `rounds` (0 or more) rounds that ends in a value derived from `secret`.
  public init(secret: Digest, rounds: Int) {
    precondition(rounds >= 0, "a beacon has no negative rounds")
    var values = [Digest](repeating: .tagged("PoGO/beacon secret", secret), count: rounds + 1)
    for round in stride(from: rounds, to: 0, by: -1) {
      values[round - 1] = HashChainBeacon.previous(of: values[round], round: round)
    }
    self.values = values
  }

  /// The last round.
  public var rounds: Int { values.count - 1 }

  /// The public value of round 0.
  public var anchor: Digest { values[0] }

  /// The value of `round`. Throws `roundOutOfRange` unless it is in 0...rounds.
  public func value(round: Int) throws(BeaconError) -> Digest {
    guard 0 <= round, round <= rounds else {
      throw .roundOutOfRange(round: round, first: 0, last: rounds)
    }
    return values[round]
  }

  /// Throws unless `value` is round `round` (1 or more) of the chain with this anchor.
  public static func verify(value: Digest, round: Int, anchor: Digest) throws(BeaconError) {
    try verify(value: value, round: round, known: anchor, knownRound: 0)
  }

  /// Throws unless `value` is round `round` of the chain whose round `knownRound` (0 or more) has
  /// the value `known`. `round` must be later, by at most `maximumDistance`.
  ///
  /// Throws `roundOutOfRange` or `chainMismatch`.
  public static func verify(
    value: Digest, round: Int, known: Digest, knownRound: Int
  ) throws(BeaconError) {
    let last = knownRound.addingReportingOverflow(maximumDistance)
    guard 0 <= knownRound, !last.overflow, knownRound < round, round <= last.partialValue else {
      throw .roundOutOfRange(
        round: round, first: max(knownRound, 0) + (knownRound == .max ? 0 : 1),
        last: last.overflow ? .max : last.partialValue)
    }
    var computed = value
    for step in stride(from: round, to: knownRound, by: -1) {
      computed = previous(of: computed, round: step)
    }
    guard computed == known else {
      throw .chainMismatch(
        round: round, knownRound: knownRound, computed: computed, known: known)
    }
  }

  private static func previous(of value: Digest, round: Int) -> Digest {
    .tagged("PoGO/beacon", UInt64(round), value)
  }
}
