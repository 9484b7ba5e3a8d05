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
  /// Other signed headers that went around.
  public let sightings: [SignedHeader]

  /// From its parts.
  public init(
    state: ChainState, block: SignedHeader, parent: ModelState, trainingBeacon: Digest,
    challengeBeacon: Digest, sightings: [SignedHeader] = []
  ) {
    self.state = state
    self.block = block
    self.parent = parent
    self.trainingBeacon = trainingBeacon
    self.challengeBeacon = challengeBeacon
    self.sightings = sightings
  }

  /// What a verifier's random function is applied to.
  public var challengeInput: [UInt8] {
    Randomness.challengeInput(block: block.header.digest, beaconValue: challengeBeacon)
  }

  /// The seed of the data that the miner had to train on.
  public var trainingSeed: Digest {
    Randomness.trainingSeed(
      of: block.header, beaconValue: trainingBeacon, rules: state.genesis.constants.randomness)
  }

  /// What `verifier` must look at, given the output of its random function.
  func challenge(of verifier: PublicKey, output: Digest) -> Challenge {
    let constants = state.genesis.constants
    return Challenge(
      output: constants.randomness.challenge == .afterCommitment
        ? output
        : Randomness.earlyChallengeOutput(block: block.header.digest, verifier: verifier),
      task: state.genesis.task, constants: constants)
  }
}

/// One verifier with its keys.
public struct Verifier: Sendable {
  /// Name in spec and report.
  public let name: String
  /// Whether it looks at all, and whether it says what it saw.
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
  ///
  /// - Parameter earlier: what others have signed about the block; only a copycat reads it.
  public func verify(
    _ context: BlockContext, server: some BlockServer, trainer: Trainer, clock: any Stopwatch,
    earlier: [Outcome] = []
  ) throws -> Outcome {
    let (proof, output) = try vrfKey.evaluate(context.challengeInput)
    let challenge = context.challenge(
      of: key.publicKey, output: output.beta)
    var examination = Examination(context: context, challenge: challenge, clock: clock)
    var failure: CheckFailure?
    if behaviour.looks {
      do { try examination.run(server: server, trainer: trainer) } catch let found as CheckFailure {
        failure = found
      }
    }
    let evidence = examination.evidence(for: failure, block: context.block.header.digest)
    let honest = Attestation(
      block: context.block.header.digest, verifier: key.publicKey, randomness: proof,
      reason: failure == nil ? .positive : examination.reason(for: failure),
      evidence: evidence?.digest, transcript: examination.transcript.digest,
      checkedLeaves: examination.transcript.answers.count,
      replayedSteps: examination.replayedSteps,
      evaluatedTokens: examination.progress == nil
        ? 0 : challenge.evaluationStarts.count * Int(trainer.task.contextLength),
      losses: examination.progress, work: examination.meter.totalWork,
      // The chain's own round: a header may lie about its.
      attestedAt: context.state.genesis.constants.time(ofRound: context.state.challengeRound)
        + examination.waitedMilliseconds)
    let said = behaviour.word(
      VerifierBehaviour.Word(
        attestation: honest, evidence: evidence, transcript: examination.transcript),
      context: context, server: server, challenge: challenge, earlier: earlier)
    return Outcome(
      attestation: try SignedAttestation(signing: said.attestation, with: key),
      evidence: said.evidence, transcript: said.transcript, challenge: challenge,
      failure: failure, meter: examination.meter)
  }
}
