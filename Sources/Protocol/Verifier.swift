import Models
import Proofs

/// What every verifier knows about a block before it looks inside.
public struct BlockContext {
  /// The chain before the block.
  public let state: ChainState
  /// The block that is verified.
  public let block: SignedHeader
  /// The parent's model, which every verifier holds.
  public let parent: ModelState
  /// Beacon values: the one that fixed the training data, and the one born after the commitment.
  public let trainingBeacon: Digest
  /// Value of the round born after the commitment.
  public let challengeBeacon: Digest

  /// From its parts.
  public init(
    state: ChainState, block: SignedHeader, parent: ModelState, trainingBeacon: Digest,
    challengeBeacon: Digest
  ) {
    self.state = state
    self.block = block
    self.parent = parent
    self.trainingBeacon = trainingBeacon
    self.challengeBeacon = challengeBeacon
  }

  /// What a verifier's random function is applied to.
  public var challengeInput: [UInt8] {
    Randomness.challengeInput(block: block.header.digest, beaconValue: challengeBeacon)
  }

  /// The seed of the data that the miner had to train on.
  public var trainingSeed: Digest {
    Randomness.trainingSeed(
      parent: block.header.parent, beaconValue: trainingBeacon, miner: block.header.miner)
  }
}

/// How a verifier behaves.
public enum VerifierBehaviour: String, Sendable, CaseIterable {
  case honest
  /// Signs a positive without looking at anything.
  case lazy
}

/// One verifier with its keys.
public struct Verifier: Sendable {
  /// Name in spec and report.
  public let name: String
  /// Whether it looks at all.
  public let behaviour: VerifierBehaviour
  /// Key that signs its attestations.
  public let key: PrivateKey
  /// Key of its random function.
  public let vrfKey: VRFPrivateKey

  /// From its parts.
  public init(
    name: String, behaviour: VerifierBehaviour, key: PrivateKey, vrfKey: VRFPrivateKey
  ) {
    self.name = name
    self.behaviour = behaviour
    self.key = key
    self.vrfKey = vrfKey
  }

  /// Everything that comes out of one verification.
  public struct Outcome: Sendable {
    /// Its signed word.
    public let attestation: SignedAttestation
    /// What lets a stranger see the fraud.
    public let evidence: Evidence?
    /// What it was shown.
    public let transcript: Transcript
    /// What it had to look at.
    public let challenge: Challenge
    /// What went wrong, in words.
    public let failure: CheckFailure?
    /// Work and seconds by phase.
    public let meter: PhaseMeter
  }

  /// Verifies a block, cheapest check first, and stops at the first that fails
  /// (`docs/protocol.md`, section 6).
  public func verify(
    _ context: BlockContext, server: some BlockServer, trainer: Trainer, clock: any Stopwatch
  ) throws -> Outcome {
    let (proof, output) = try vrfKey.evaluate(context.challengeInput)
    let challenge = Challenge(
      output: output.beta, task: trainer.task, constants: context.state.genesis.constants,
      corpusWindows: trainer.corpusWindows)
    var examination = Examination(context: context, challenge: challenge, clock: clock)
    var failure: CheckFailure?
    if behaviour == .honest {
      do { try examination.run(server: server, trainer: trainer) } catch let found as CheckFailure {
        failure = found
      }
    }
    let evidence = examination.evidence(for: failure, block: context.block.header.digest)
    let attestation = Attestation(
      block: context.block.header.digest, verifier: key.publicKey, randomness: proof,
      reason: failure == nil ? .positive : examination.reason(for: failure),
      evidence: evidence?.digest, transcript: examination.transcript.digest,
      checkedLeaves: examination.transcript.answers.count,
      replayedSteps: examination.replayedSteps,
      evaluatedTokens: examination.progress == nil
        ? 0 : challenge.evaluationStarts.count * Int(trainer.task.contextLength),
      losses: examination.progress, work: examination.meter.totalWork,
      // The chain's own round: a header may lie about its.
      attestedAt: context.state.genesis.constants.time(ofRound: context.state.challengeRound))
    return Outcome(
      attestation: try SignedAttestation(signing: attestation, with: key), evidence: evidence,
      transcript: examination.transcript, challenge: challenge, failure: failure,
      meter: examination.meter)
  }
}
