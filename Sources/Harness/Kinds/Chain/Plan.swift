import Foundation
import Kernels
import Models
import Proofs
import Protocol
import Quant

/// Everything that a run needs, with all seeds fixed: a pure function of spec and corpus.
public struct Plan: Sendable {
  /// What was asked for.
  public let spec: ChainExperiment
  /// What training means in this run.
  public let task: TrainingTask
  /// Constants of the chain.
  public let constants: ProtocolConstants
  /// The text that is trained on.
  public let corpus: Corpus
  /// All parameters of the model that training starts from; nil where they are drawn from the seed.
  public let start: FloatBuffer?
  /// Who proposes, in turn.
  public let miners: [Miner]
  /// Who attests.
  public let verifiers: [Protocol.Verifier]
  /// Stakes in the order of `miners` and of `verifiers`.
  let minerStakes: [Stake]
  let verifierStakes: [Stake]
  let beacon: HashChainBeacon

  /// Bytes of a leaf of the corpus's commitment.
  static let corpusLeafSize = 4096

  /// Works the plan out; throws ``PlanError`` when values that are fine alone do not fit together.
  ///
  /// - Parameters:
  ///   - files: what the files of the spec's `data` hold, in its order.
  ///   - start: the model that the spec's `start` names; nil if it has none.
  public init(
    spec: ChainExperiment, corpus files: [[UInt8]], start: WholeModel? = nil, workers: Workers
  ) throws(PlanError) {
    self.spec = spec
    try Self.check(start, spec)
    self.start = start?.parameters
    let data = try TrainingData(
      spec.data, files: files, vocabularySize: spec.model.shape.vocabularySize)
    guard data.corpus.tokenCount > spec.data.contextLength else {
      throw .impossible(
        "the corpus has \(data.corpus.tokenCount) tokens, but data.context: "
          + "\(spec.data.contextLength) needs at least \(spec.data.contextLength + 1); use a longer "
          + "text or a smaller context")
    }
    corpus = data.corpus
    let constants = try Self.constants(spec)
    self.constants = constants
    task = try Self.task(spec, data: data, start: start, workers: workers)
    guard constants.tolerance == .exact || task.isWalkable else {
      throw .impossible(
        "arithmetic.tolerance needs states that follow from published gradients: "
          + "training.quantize: step without error_feedback")
    }
    guard constants.tolerance == .exact || !task.recipe.commitsMicrobatches else {
      throw .impossible(
        "arithmetic.tolerance compares the gradients of whole steps, but "
          + "training.commit_microbatches has single microbatches replayed")
    }
    try Self.checkMemory(task)
    miners = spec.chain.miners.map { miner in
      Miner(
        name: miner.name,
        key: PrivateKey(seed: Self.secret(spec, "miner", miner.name)),
        behaviour: Self.behaviour(miner, spec, constants))
    }
    var verifiers: [Protocol.Verifier] = []
    for verifier in spec.chain.verifiers {
      do {
        verifiers.append(
          Protocol.Verifier(
            name: verifier.name, behaviour: Self.behaviour(verifier, spec),
            key: PrivateKey(seed: Self.secret(spec, "verifier", verifier.name)),
            vrfKey: try VRFPrivateKey(seed: Self.secret(spec, "vrf", verifier.name))))
      } catch { throw .impossible("no key for \(verifier.name): \(error)") }
    }
    self.verifiers = verifiers
    minerStakes = spec.chain.miners.map { Stake(UInt64($0.stake)) }
    verifierStakes = spec.chain.verifiers.map { Stake(UInt64($0.stake)) }
    beacon = HashChainBeacon(
      secret: Self.secret(spec, "beacon", ""), rounds: try Self.roundCount(spec, constants))
  }

  /// Genesis of the chain: who takes part, and the first model.
  public func genesis(initial: ModelState) -> Genesis {
    Genesis(
      task: task, constants: constants,
      miners: zip(miners, minerStakes).map {
        MinerRegistration(key: $0.key.publicKey, stake: $1)
      },
      verifiers: zip(verifiers, verifierStakes).map {
        VerifierRegistration(key: $0.key.publicKey, vrfKey: $0.vrfKey.publicKey, stake: $1)
      },
      beaconAnchor: beacon.anchor, parameters: initial.parameterCommitment,
      quantizedModel: initial.quantizedCommitment, auxiliary: initial.auxiliaryCommitment)
  }

  /// Computes the task's steps.
  func makeTrainer(_ arithmetic: Arithmetic) throws(TrainingError) -> Trainer {
    try Trainer(task: task, corpus: corpus, start: start, arithmetic: arithmetic)
  }

  /// The model of genesis.
  func initialModel(_ arithmetic: Arithmetic) throws(TrainingError) -> ModelState {
    try ModelState.initial(task: task, start: start, arithmetic: arithmetic)
  }

  /// The miner that proposes block number `index`, counted from 0 over all proposals: they take
  /// turns in the order of the spec.
  public func miner(ofProposal index: Int) -> Miner { miners[index % miners.count] }

  // MARK: parts

  /// Refuses a start that is missing, was not asked for, or is another model than the spec's.
  private static func check(_ start: WholeModel?, _ spec: ChainExperiment) throws(PlanError) {
    guard (start == nil) == (spec.start == nil) else {
      throw .impossible("the spec's start and the model to start from do not belong together")
    }
    guard let start, start.shape != spec.model.shape else { return }
    throw .impossible(
      "start holds another model than the spec: \(words(start.shape)) instead of "
        + "\(words(spec.model.shape)); give model the shape of the start")
  }

  private static func words(_ shape: ModelShape) -> String {
    "\(shape.family) with n_layers \(shape.layerCount), d_model \(shape.dModel), n_heads "
      + "\(shape.headCount), n_kv_heads \(shape.kvHeadCount), head_dim \(shape.headDimension), d_ff "
      + "\(shape.feedForwardWidth), context \(shape.contextLength), vocab_size "
      + "\(shape.vocabularySize), window \(shape.window.map(String.init) ?? "none")"
  }

  private static func secret(_ spec: ChainExperiment, _ role: String, _ name: String) -> Digest {
    Digest.tagged("PoGO/secret", spec.seed, role, name)
  }

  private static func behaviour(
    _ verifier: Spec.Verifier, _ spec: ChainExperiment
  ) -> VerifierBehaviour {
    switch verifier.behaviour {
    case .honest: .honest
    case .lazy: .lazy
    case .copycat: .copycat
    case .griefer: .griefer
    case .forger: .forger
    case .colluding:
      .colluding(
        with: PrivateKey(seed: secret(spec, "miner", verifier.accomplice ?? "")).publicKey)
    }
  }

  private static func behaviour(
    _ miner: Spec.Miner, _ spec: ChainExperiment, _ constants: ProtocolConstants
  ) -> any MinerBehaviour {
    func rate(_ fraction: Double) -> PartsPerMillion {
      PartsPerMillion(fraction: min(max(fraction, 0), 1)) ?? PartsPerMillion(fraction: 1)!
    }
    switch miner.behaviour {
    case .honest: return HonestMiner()
    case .tamperedLeaves(let fraction): return TamperedLeaves(fraction: rate(fraction))
    case .fakedSteps(let fraction): return FakedSteps(fraction: rate(fraction))
    case .adversary(let adversary, let fraction):
      // A copier copies the first other miner, or one that is not in the chain.
      let victim = spec.chain.miners.first { $0.name != miner.name }?.name ?? "victim"
      return adversary.behaviour(
        fraction: rate(fraction),
        victim: PrivateKey(seed: secret(spec, "miner", victim)).publicKey,
        deadlineMilliseconds: constants.answerDeadlineMilliseconds)
    }
  }

  private static func constants(_ spec: ChainExperiment) throws(PlanError) -> ProtocolConstants {
    func rate(_ fraction: Double, _ key: String) throws(PlanError) -> PartsPerMillion {
      guard let rate = PartsPerMillion(fraction: fraction) else {
        throw .impossible("\(key) must be in 0...1, but is \(fraction)")
      }
      return rate
    }
    let (chain, check) = (spec.chain, spec.verification)
    let constants = ProtocolConstants(
      blockTimeMilliseconds: UInt64(chain.blockTimeMilliseconds),
      beaconPeriodMilliseconds: UInt64(chain.beaconPeriodMilliseconds),
      attestationWindowMilliseconds: UInt64(chain.attestationWindowMilliseconds),
      leafRate: try rate(check.leafRate, "verification.leaf_rate"),
      replayRate: try rate(check.replayRate, "verification.replay_rate"),
      progressTokens: UInt32(check.progressTokens), progressMargin: Float(check.progressMargin),
      blockReward: Stake(UInt64(chain.blockReward)),
      verifierReward: Stake(UInt64(chain.verifierReward)),
      minerSlashRate: try rate(chain.minerSlashRate, "chain.miner_slash_rate"),
      reporterRate: try rate(chain.reporterRate, "chain.reporter_rate"),
      verifierPenaltyRate: try rate(chain.verifierPenaltyRate, "chain.verifier_penalty_rate"),
      // Short windows leave half of what follows the challenge for answers.
      answerDeadlineMilliseconds: UInt64(
        chain.answerDeadlineMilliseconds
          ?? min(
            60_000,
            max(0, chain.attestationWindowMilliseconds - chain.beaconPeriodMilliseconds) / 2)),
      checks: Checks.named.reduce(into: []) { checks, entry in
        if check.checks.contains(entry.name) { checks.insert(entry.check) }
      },
      randomness: RandomnessRules(
        training: chain.trainingRandomness == .beacon ? .beacon : .minerChosen,
        challenge: chain.challengeRandomness == .afterCommitment ? .afterCommitment : .knownEarly),
      tolerance: Tolerance(Float(spec.arithmetic.tolerance)) ?? .exact)
    guard
      constants.answerDeadlineMilliseconds + constants.beaconPeriodMilliseconds
        <= constants.attestationWindowMilliseconds
        || constants.attestationWindowMilliseconds <= constants.beaconPeriodMilliseconds
    else {
      throw .impossible(
        "chain.answer_deadline and chain.beacon_period together must fit into "
          + "chain.attestation_window, or no negative for a missing answer comes in time")
    }
    guard constants.attestationWindowMilliseconds > constants.beaconPeriodMilliseconds else {
      throw .impossible(
        "chain.attestation_window must be longer than chain.beacon_period: the challenge is drawn "
          + "from the first beacon value after the commitment and must leave time to attest")
    }
    return constants
  }

  private static func task(
    _ spec: ChainExperiment, data: TrainingData, start: WholeModel?, workers: Workers
  ) throws(PlanError) -> TrainingTask {
    let tree = data.corpus.bytes.withUnsafeBytes {
      MerkleTree(bytes: $0, leafSize: corpusLeafSize, concurrently: workers.run)
    }
    do {
      let formats = (spec.quantization.gradient, spec.quantization.model)
      return try TrainingTask(
        arithmeticVersion: UInt32(arithmeticVersion), shape: spec.model.shape,
        initializationSeed: Digest.tagged("PoGO/initialization", spec.seed).littleEndianWord(0),
        corpus: Proofs.Commitment(
          .corpus, byteCount: data.corpus.bytes.count, leafSize: corpusLeafSize, root: tree.root),
        contextLength: spec.data.contextLength, batchSize: spec.training.batchSize,
        stepsPerBlock: spec.training.stepsPerBlock, recipe: spec.training.recipe,
        gradientFormat: formats.0.value, modelFormat: formats.1.value,
        leafValueCount: spec.commitment.leafByteCount / 4,
        start: start.map { TrainingTask.startCommitment($0.parameters, workers: workers) },
        fineTuning: spec.fineTuning?.value ?? .full, data: data.rule)
    } catch {
      throw .impossible("\(error)")
    }
  }

  /// Bytes of memory that a run takes at its peak.
  static func memoryByteCount(_ task: TrainingTask) -> Double {
    // Parameters: parent's, the block's, a replay's and an audit's copy, one gradient, and the
    // quantized twins; published gradients of a block are held packed.
    let parameters = 5.5 * Double(task.parameterByteCount)
    let published = Double(task.stepsPerBlock) * Double(task.gradientByteCount)
    // What a miner keeps of microbatches to answer with.
    let accumulations =
      task.accumulationCount == 0
      ? 0
      : Double(Int(task.stepsPerBlock) * task.accumulationCount) * Double(task.accumulationByteCount)
    // The start, and what a frozen rest adds: the model that is computed with, its gradient, and a
    // merged copy.
    let whole = 4 * Double(ParameterLayout(task.shape).count)
    let rest = whole * (task.fineTuning.trainsEverything ? task.start == nil ? 0 : 1 : 4)
    return parameters + published + accumulations + rest
      + task.shape.activationBytes(
        sequenceCount: Int(task.batchSize), contextLength: Int(task.contextLength))
  }

  /// Refuses what does not fit this machine, before anything is allocated.
  private static func checkMemory(_ task: TrainingTask) throws(PlanError) {
    let needed = memoryByteCount(task)
    let available = Double(ProcessInfo.processInfo.physicalMemory)
    guard needed <= available else {
      func gib(_ bytes: Double) -> String { String(format: "%.1f GiB", bytes / 1_073_741_824) }
      throw .impossible(
        "the run needs about \(gib(needed)) of memory, but this machine has \(gib(available)); "
          + "a smaller model, training.batch, data.context or training.steps_per_block needs less")
    }
  }

  /// Beacon rounds that the whole chain can need.
  private static func roundCount(
    _ spec: ChainExperiment, _ constants: ProtocolConstants
  ) throws(PlanError) -> Int {
    let span = spec.chain.blockTimeMilliseconds + spec.chain.attestationWindowMilliseconds
    // Each block may wait up to a period for its first round; two more for the last challenge.
    let rounds =
      (span / spec.chain.beaconPeriodMilliseconds + 2) * spec.chain.blockCount + 2
    guard rounds <= HashChainBeacon.maximumDistance else {
      throw .impossible(
        "the chain needs \(rounds) beacon rounds, but at most \(HashChainBeacon.maximumDistance) "
          + "can be checked; a longer chain.beacon_period or fewer chain.blocks need fewer")
    }
    return rounds
  }
}

/// Why a spec that reads well cannot be run.
public enum PlanError: Error, Sendable, Equatable, CustomStringConvertible {
  case impossible(String)

  /// What is wrong, and what helps.
  public var description: String {
    switch self {
    case .impossible(let text): text
    }
  }
}
