import Proofs

/// The chain as everyone sees it between two blocks, and the rules that change it
/// (`docs/protocol.md`, section 7). A refused change leaves it as it was.
public struct ChainState: Sendable, Hashable {
  /// What everyone knew before the first block.
  public let genesis: Genesis
  /// Digest of the task, which every header names.
  public let taskDigest: Digest
  /// Stakes and earnings.
  public private(set) var ledger: Ledger
  /// Digest and height of the newest confirmed block.
  public private(set) var tip: Digest
  /// Height of the newest confirmed block.
  public private(set) var height: Height
  /// The tip's model.
  public private(set) var parameters: Commitment
  /// Quantized twin of the tip's model.
  public private(set) var quantizedModel: Commitment
  /// The tip's optimizer state and residual; nil if the task has neither.
  public private(set) var auxiliary: Commitment?
  /// Beacon round that fixes the training data of the next block: the first that appears after
  /// the last finalization.
  public private(set) var miningRound: UInt64
  /// Time of the last finalization.
  public private(set) var now: VirtualTime
  /// The block that is being attested.
  public private(set) var open: OpenBlock?

  /// A proposed block with the attestations that came so far.
  public struct OpenBlock: Sendable, Hashable {
    /// The header that was proposed.
    public let header: BlockHeader
    /// When the challenge round appears: no attestation can be earlier.
    public let opensAt: VirtualTime
    /// When the attestation window ends.
    public let closesAt: VirtualTime
    /// In the order of arrival.
    public internal(set) var ballots: [Ballot] = []
  }

  /// A counted attestation.
  public struct Ballot: Sendable, Hashable {
    /// What the verifier signed.
    public let attestation: Attestation
    /// What its evidence proves.
    public let finding: Finding?
    /// What the verifier had to look at.
    public let challenge: Challenge
    /// It came with evidence that proves nothing.
    public let broughtFalseEvidence: Bool
    /// A positive that does not show what its challenge asked for.
    public let isBaseless: Bool

    /// Whether it speaks for the block.
    public var countsFor: Bool { attestation.isPositive && !isBaseless }
    /// Whether it speaks against the block: a negative with false evidence is no word.
    public var countsAgainst: Bool { !attestation.isPositive && !broughtFalseEvidence }
  }

  /// The chain before its first block.
  public init(_ genesis: Genesis) {
    self.genesis = genesis
    taskDigest = Digest.tagged("PoGO/task", genesis.task)
    ledger = Ledger(genesis)
    tip = genesis.digest
    height = Height(0)
    parameters = genesis.parameters
    quantizedModel = genesis.quantizedModel
    auxiliary = genesis.auxiliary
    miningRound = 0
    now = VirtualTime(milliseconds: 0)
  }

  /// Opens a block for attestation. What a signed header says wrongly is no reason to refuse it:
  /// that is evidence.
  public mutating func propose(_ block: SignedHeader) throws(RuleViolation) {
    let header = block.header
    if let open { throw .blockAlreadyOpen(open.header.digest) }
    guard genesis.miners.contains(where: { $0.key == header.miner }) else {
      throw .unknownMiner(header.miner)
    }
    guard ledger.stake(of: header.miner) > .zero else { throw .minerWithoutStake(header.miner) }
    guard block.hasValidSignature else { throw .invalidSignature(header.miner) }
    guard header.parent == tip else {
      throw .wrongParent(expected: tip, actual: header.parent)
    }
    guard header.height == height.next else {
      throw .wrongHeight(expected: height.next, actual: header.height)
    }
    let constants = genesis.constants
    // The chain's own times, not the header's, so that a lying header cannot stretch its window.
    let committed =
      constants.time(ofRound: miningRound) + constants.blockTimeMilliseconds
    open = OpenBlock(
      header: header, opensAt: constants.time(ofRound: constants.firstRound(after: committed)),
      closesAt: committed + constants.attestationWindowMilliseconds)
  }

  /// The beacon round from which the open block's challenges are drawn.
  public var challengeRound: UInt64 {
    let constants = genesis.constants
    return constants.firstRound(
      after: constants.time(ofRound: miningRound) + constants.blockTimeMilliseconds)
  }

  /// Counts one attestation.
  ///
  /// - Parameters:
  ///   - evidence: what the verifier brought, if anything.
  ///   - finding: what a judge found that the evidence proves; nil if it proves nothing.
  ///   - challengeInput: what the verifier's random function was to be applied to.
  ///   - isGrounded: whether a positive shows what the challenge given to it asked for; asked only
  ///     where the chain checks transcripts.
  public mutating func process(
    _ signed: SignedAttestation, evidence: Evidence?, finding: Finding?, challengeInput: [UInt8],
    isGrounded: (Challenge) -> Bool = { _ in true }
  ) throws(RuleViolation) {
    let attestation = signed.attestation
    let key = attestation.verifier
    guard var block = open else { throw .noOpenBlock }
    guard attestation.block == block.header.digest else {
      throw .unknownBlock(attestation.block)
    }
    guard let registered = genesis.verifiers.first(where: { $0.key == key }) else {
      throw .unknownVerifier(key)
    }
    guard signed.hasValidSignature else { throw .invalidSignature(key) }
    guard attestation.attestedAt >= block.opensAt else {
      throw .beforeChallenge(opensAt: block.opensAt, attestedAt: attestation.attestedAt)
    }
    guard attestation.attestedAt <= block.closesAt else {
      throw .windowClosed(closedAt: block.closesAt, attestedAt: attestation.attestedAt)
    }
    guard !block.ballots.contains(where: { $0.attestation.verifier == key }) else {
      throw .secondAttestation(key)
    }
    guard attestation.evidence == evidence?.digest else { throw .evidenceDoesNotMatch(key) }
    var output: Digest
    do {
      output = try registered.vrfKey.verify(attestation.randomness, challengeInput).beta
    } catch { throw .invalidRandomness(key) }
    if genesis.constants.randomness.challenge == .knownEarly {
      output = Randomness.earlyChallengeOutput(block: attestation.block, verifier: key)
    }
    let challenge = Challenge(
      output: output, task: genesis.task, constants: genesis.constants)
    block.ballots.append(
      Ballot(
        attestation: attestation, finding: finding, challenge: challenge,
        broughtFalseEvidence: evidence != nil && finding == nil,
        isBaseless: attestation.isPositive && genesis.constants.checks.contains(.transcript)
          && !isGrounded(challenge)))
    open = block
  }

  /// Decides about the open block once its window has closed, pays and slashes.
  public mutating func finalize(at time: VirtualTime) throws(RuleViolation) -> Verdict {
    guard let block = open else { throw .noOpenBlock }
    guard time >= block.closesAt else {
      throw .windowOpen(closesAt: block.closesAt, now: time)
    }
    let verdict = Self.verdict(of: block.ballots, verifiers: genesis.verifiers, ledger: ledger)
    settle(verdict, block)
    if case .confirmed = verdict {
      tip = block.header.digest
      height = block.header.height
      parameters = block.header.after
      quantizedModel = block.header.quantizedAfter
      auxiliary = block.header.auxiliaryAfter
    }
    now = time
    miningRound = genesis.constants.firstRound(notBefore: time)
    open = nil
    return verdict
  }

  /// The verdict that `ballots` lead to. A proof needs no majority; a third of the stake against a
  /// block outweighs two thirds for it, as it holds at least one honest verifier.
  static func verdict(
    of ballots: [Ballot], verifiers: [VerifierRegistration], ledger: Ledger
  ) -> Verdict {
    for ballot in ballots { if let finding = ballot.finding { return .slashedByProof(finding) } }
    func stake(_ included: (Ballot) -> Bool) -> UInt64 {
      ballots.filter(included).reduce(0) { $0 + ledger.stake(of: $1.attestation.verifier).units }
    }
    let total = verifiers.reduce(0) { $0 + ledger.stake(of: $1.key).units }
    let negative = stake(\.countsAgainst)
    let positive = stake(\.countsFor)
    let slash = ProtocolConstants.slashThreshold
    let confirm = ProtocolConstants.confirmThreshold
    func reaches(_ part: UInt64, _ threshold: (numerator: UInt64, denominator: UInt64)) -> Bool {
      // In 128 bits: a multiple of a large stake fits no 64.
      part.multipliedFullWidth(by: threshold.denominator)
        >= total.multipliedFullWidth(by: threshold.numerator)
    }
    if total > 0, reaches(negative, slash) { return .slashedByStake }
    if total > 0, reaches(positive, confirm) { return .confirmed }
    return .expired
  }

  /// Rewards and penalties: `docs/protocol.md`, section 9.
  private mutating func settle(_ verdict: Verdict, _ block: OpenBlock) {
    let constants = genesis.constants
    func keys(_ included: (Ballot) -> Bool) -> [PublicKey] {
      block.ballots.filter(included).map(\.attestation.verifier)
    }
    var wrong = keys { $0.broughtFalseEvidence || $0.isBaseless }
    switch verdict {
    case .confirmed:
      ledger.mint(constants.blockReward, to: block.header.miner)
      ledger.mint(constants.verifierReward, equallyTo: keys(\.countsFor))
    case .slashedByProof(let proven):
      let provers = keys { $0.finding != nil }
      ledger.slash(
        block.header.miner, rate: constants.minerSlashRate, reporter: provers.first,
        reporterRate: constants.reporterRate)
      ledger.mint(constants.verifierReward, equallyTo: provers)
      // Who was bound to see what is now proven, and signed that all was well, did not look.
      let findings = block.ballots.compactMap(\.finding)
      precondition(findings.contains(proven))
      wrong += keys { ballot in
        ballot.attestation.isPositive && findings.contains {
            $0.isInside(ballot.challenge, task: genesis.task)
          }
      }
    case .slashedByStake:
      ledger.slash(
        block.header.miner, rate: constants.minerSlashRate, reporter: nil,
        reporterRate: constants.reporterRate)
      ledger.mint(constants.verifierReward, equallyTo: keys(\.countsAgainst))
    case .expired: break
    }
    // Once a block, however much was wrong with a verifier's word.
    for (index, key) in wrong.enumerated() where !wrong[..<index].contains(key) {
      ledger.slash(
        key, rate: constants.verifierPenaltyRate, reporter: nil,
        reporterRate: constants.reporterRate)
    }
  }
}
