import Proofs

/// What a verifier hands in about a block.
public struct Submission: Sendable, Hashable {
  /// Its signed word.
  public let attestation: SignedAttestation
  /// What it brings against the block.
  public let evidence: Evidence?
  /// What it was shown.
  public let transcript: Transcript

  /// From its parts.
  public init(attestation: SignedAttestation, evidence: Evidence?, transcript: Transcript) {
    self.attestation = attestation
    self.evidence = evidence
    self.transcript = transcript
  }

  /// What came out of a verification.
  public init(_ outcome: Verifier.Outcome) {
    self.init(
      attestation: outcome.attestation, evidence: outcome.evidence,
      transcript: outcome.transcript)
  }
}

extension ChainState {
  /// The whole life of one block as a pure function (`docs/protocol.md`, section 7): state, block,
  /// submissions, beacon value and time in, new state and verdict out.
  ///
  /// Throws the first ``RuleViolation``. `self` never changes.
  public func advanced(
    by block: SignedHeader, submissions: [Submission], challengeBeacon: Digest,
    judge: EvidenceJudge, at time: VirtualTime
  ) throws -> (state: ChainState, verdict: Verdict) {
    var next = self
    try next.propose(block)
    for submission in submissions {
      try next.process(submission, challengeBeacon: challengeBeacon, judge: judge)
    }
    let verdict = try next.finalize(at: time)
    return (next, verdict)
  }

  /// Counts one submission after `judge` has looked at what it brings. The block must be open.
  public mutating func process(
    _ submission: Submission, challengeBeacon: Digest, judge: EvidenceJudge
  ) throws(RuleViolation) {
    guard let header = open?.header else { throw .noOpenBlock }
    let task = genesis.task
    try process(
      submission.attestation, evidence: submission.evidence,
      finding: submission.evidence.flatMap { try? judge.judge($0, against: header) },
      challengeInput: Randomness.challengeInput(
        block: header.digest, beaconValue: challengeBeacon),
      isGrounded: { challenge in
        TranscriptCheck.isGrounded(
          submission.attestation.attestation, transcript: submission.transcript,
          challenge: challenge, header: header, records: judge.publication?.records ?? [],
          task: task)
      })
  }
}
