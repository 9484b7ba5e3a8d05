import Proofs

/// What finalization decides about a block.
public enum Verdict: Sendable, Hashable, CustomStringConvertible {
  /// At least 2/3 of all stake found nothing wrong: the model moves on.
  case confirmed
  /// Fraud was proven.
  case slashedByProof(Finding)
  /// At least 1/3 of all stake attested negative.
  case slashedByStake
  /// Neither side reached its share in time.
  case expired

  /// One word, as reports and result files use it.
  public var word: String {
    switch self {
    case .confirmed: "confirmed"
    case .slashedByProof, .slashedByStake: "slashed"
    case .expired: "expired"
    }
  }

  public var description: String {
    switch self {
    case .confirmed: "confirmed"
    case .slashedByProof(let finding): "slashed: \(finding)"
    case .slashedByStake: "slashed: 1/3 of the stake attested negative"
    case .expired: "expired"
    }
  }
}

/// Why the chain refuses a block or an attestation. The state stays as it was.
public enum RuleViolation: Error, Sendable, Hashable, CustomStringConvertible {
  case unknownMiner(PublicKey)
  case minerWithoutStake(PublicKey)
  case invalidSignature(PublicKey)
  case wrongParent(expected: Digest, actual: Digest)
  case wrongHeight(expected: Height, actual: Height)
  case blockAlreadyOpen(Digest)
  case noOpenBlock
  case unknownBlock(Digest)
  case unknownVerifier(PublicKey)
  case invalidRandomness(PublicKey)
  case beforeChallenge(opensAt: VirtualTime, attestedAt: VirtualTime)
  case windowClosed(closedAt: VirtualTime, attestedAt: VirtualTime)
  case windowOpen(closesAt: VirtualTime, now: VirtualTime)
  case secondAttestation(PublicKey)
  case evidenceDoesNotMatch(PublicKey)

  public var description: String {
    switch self {
    case .unknownMiner(let key): "miner \(key) is not registered"
    case .minerWithoutStake(let key): "miner \(key) has no stake left"
    case .invalidSignature(let key): "the signature is not that of \(key)"
    case .wrongParent(let expected, let actual):
      "the parent must be \(expected), but is \(actual)"
    case .wrongHeight(let expected, let actual):
      "the height must be \(expected), but is \(actual)"
    case .blockAlreadyOpen(let digest): "block \(digest) is not finalized yet"
    case .noOpenBlock: "no block is open"
    case .unknownBlock(let digest): "block \(digest) is not the open one"
    case .unknownVerifier(let key): "verifier \(key) is not registered"
    case .invalidRandomness(let key): "the random output of \(key) does not verify"
    case .beforeChallenge(let opens, let at):
      "an attestation at \(at) cannot know the challenge of \(opens)"
    case .windowClosed(let closed, let at): "the window closed at \(closed), before \(at)"
    case .windowOpen(let closes, let now): "the window is open until \(closes), and it is \(now)"
    case .secondAttestation(let key): "\(key) has attested already"
    case .evidenceDoesNotMatch(let key): "\(key) signed another evidence than it brings"
    }
  }
}
