import Proofs

/// What a verifier does where an honest one looks and says what it saw.
public enum VerifierBehaviour: Sendable, Hashable {
  case honest
  /// Signs a positive without looking at anything.
  case lazy
  /// Signs what the first other verifier signed, as if it had looked itself.
  case copycat
  /// Always signs a negative, without looking.
  case griefer
  /// Brings evidence that it made up.
  case forger
  /// Looks, and signs a positive for the miner it colludes with whatever it saw; honest to others.
  case colluding(with: PublicKey)

  /// Whether it runs the checks.
  var looks: Bool {
    switch self {
    case .honest, .colluding: true
    case .lazy, .copycat, .griefer, .forger: false
    }
  }

  /// What a verifier signs and hands in.
  struct Word {
    var attestation: Attestation
    var evidence: Evidence?
    var transcript: Transcript
  }

  /// What it says when an honest verifier would say `honest`; for those that do not look, `honest`
  /// is a positive over nothing.
  func word(
    _ honest: Word, context: BlockContext, server: some BlockServer, challenge: Challenge,
    earlier: [Verifier.Outcome]
  ) -> Word {
    var word = honest
    switch self {
    case .honest, .lazy: return honest
    case .copycat:
      guard let other = earlier.first else { return honest }
      let seen = other.attestation.attestation
      word.attestation.reason = seen.reason
      word.attestation.transcript = seen.transcript
      word.attestation.checkedLeaves = seen.checkedLeaves
      word.attestation.replayedSteps = seen.replayedSteps
      word.attestation.evaluatedTokens = seen.evaluatedTokens
      word.attestation.lossBefore = seen.lossBefore
      word.attestation.lossAfter = seen.lossAfter
      word.attestation.evidence = seen.evidence
      word.evidence = other.evidence
      word.transcript = other.transcript
    case .griefer:
      word.attestation.reason = .unavailable
    case .forger:
      let forged = Self.forgedEvidence(context.block, server: server, challenge: challenge)
      word.attestation.reason = .leaf
      word.attestation.evidence = forged.digest
      word.evidence = forged
    case .colluding(let friend):
      guard context.block.header.miner == friend else { return honest }
      word.attestation.reason = .positive
      word.attestation.evidence = nil
      word.evidence = nil
      // It says that it did all it had to do, whether or not a failure stopped it.
      word.attestation.checkedLeaves = UInt32(challenge.leaves.count)
      word.attestation.replayedSteps = UInt32(challenge.steps.count)
      word.transcript.answers = challenge.leaves.compactMap { server.answer(leaf: $0) }
      word.attestation.transcript = word.transcript.digest
    }
    return word
  }

  /// A real leaf with one bit of its twin turned over, or a step that is said not to replay.
  private static func forgedEvidence(
    _ block: SignedHeader, server: some BlockServer, challenge: Challenge
  ) -> Evidence {
    let digest = block.header.digest
    guard let leaf = challenge.leaves.first, let answer = server.answer(leaf: leaf),
      !answer.quantized.leaf.isEmpty
    else { return Evidence(block: digest, proof: .segment(0, state: nil)) }
    var bytes = answer.quantized.leaf
    bytes[bytes.count - 1] ^= 1
    return Evidence(
      block: digest,
      proof: .quantizedLeaf(
        after: answer.after,
        quantized: LeafOpening(leaf: bytes, proof: answer.quantized.proof)))
  }
}
