/// What the owner of a hash-chain beacon publishes before the first round: the commitment to all
/// values.
public struct BeaconAnnouncement: Sendable, Hashable {
  /// Value of round 0.
  public let anchor: Digest
  /// Rounds that will be opened.
  public let rounds: Int

  /// An announcement with these fields.
  public init(anchor: Digest, rounds: Int) {
    self.anchor = anchor
    self.rounds = rounds
  }
}

/// anchor 32 bytes, rounds u64.
extension BeaconAnnouncement: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 40 }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(anchor)
    writer.append(UInt64(bitPattern: Int64(rounds)))
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    anchor = try reader.readDigest()
    rounds = try reader.readCount64("rounds")
  }
}

/// What the owner publishes for a round: its value, which anyone can hash back to the anchor.
public struct BeaconOpening: Sendable, Hashable {
  /// The round, from 1.
  public let round: Int
  /// Its value.
  public let value: Digest

  /// An opening with these fields, unverified.
  public init(round: Int, value: Digest) {
    self.round = round
    self.value = value
  }
}

/// round u64, value 32 bytes.
extension BeaconOpening: CanonicalCodable {
  public static var minimumEncodedByteCount: Int { 40 }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(UInt64(bitPattern: Int64(round)))
    writer.append(value)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    round = try reader.readCount64("round")
    value = try reader.readDigest()
  }
}

/// What someone who watches a hash-chain beacon knows: the announcement and the last opening.
///
/// Rounds may be skipped; the values between follow from the later one.
public struct BeaconTranscript: Sendable, Hashable {
  /// What was announced.
  public let announcement: BeaconAnnouncement
  /// The last round that was opened, with its value; round 0 at first.
  public private(set) var last: BeaconOpening

  /// Nothing opened yet.
  public init(_ announcement: BeaconAnnouncement) {
    self.announcement = announcement
    last = BeaconOpening(round: 0, value: announcement.anchor)
  }

  /// Takes the opening of a later round. Throws `BeaconError` when there is no such round to come or
  /// the value does not lead to the known one, and then stays as it was.
  public mutating func accept(_ opening: BeaconOpening) throws(BeaconError) {
    guard opening.round > last.round, opening.round <= announcement.rounds else {
      throw .roundOutOfRange(
        round: opening.round, first: last.round + 1, last: announcement.rounds)
    }
    try HashChainBeacon.verify(
      value: opening.value, round: opening.round, known: last.value, knownRound: last.round)
    last = opening
  }
}

extension HashChainBeacon {
  /// The commitment to all rounds, public from the start.
  public var announcement: BeaconAnnouncement {
    BeaconAnnouncement(anchor: anchor, rounds: rounds)
  }

  /// The opening of `round`. Throws `roundOutOfRange` unless it is in 1...rounds.
  public func opening(round: Int) throws(BeaconError) -> BeaconOpening {
    guard 1 <= round, round <= rounds else {
      throw .roundOutOfRange(round: round, first: 1, last: rounds)
    }
    return BeaconOpening(round: round, value: try value(round: round))
  }
}
