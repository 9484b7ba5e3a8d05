import Proofs

/// Which of several blocks at one height the chain goes on with (`docs/protocol.md`, section 14).
public enum ForkChoice {
  /// The ticket of a block: lowest wins. The beacon value is born after the commitment, so no miner
  /// can grind for a low one; each miner gets one ticket, as two headers are fraud.
  public static func ticket(of header: Digest, challengeBeacon: Digest) -> Digest {
    Digest.tagged("PoGO/choice", challengeBeacon, header)
  }

  /// The header with the lowest ticket among those that came in time; nil of none.
  public static func choose(_ headers: [Digest], challengeBeacon: Digest) -> Digest? {
    headers.min {
      let (a, b) = (
        ticket(of: $0, challengeBeacon: challengeBeacon),
        ticket(of: $1, challengeBeacon: challengeBeacon)
      )
      return a.bytes.lexicographicallyPrecedes(b.bytes)
    }
  }
}
