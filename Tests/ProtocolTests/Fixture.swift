import Kernels
import Models
import Proofs
import Protocol
import Quant

/// Time stands still, so that no test depends on the machine.
struct StoppedClock: Stopwatch {
  func seconds() -> Double { 0 }
}

/// What a test may choose about its chain.
struct FixtureOptions {
  var seed: UInt64 = 1
  var leafRate: UInt32 = 1_000_000
  var replayRate: UInt32 = 1_000_000
  var progressTokens: UInt32 = 0
  var progressMargin: Float = 0.05
  var verifierStakes: [UInt64] = [100, 100, 100]
  var minerStake: UInt64 = 1001
  var lazy: Set<Int> = []
  var behaviour: any MinerBehaviour = HonestMiner()
  var verifierBehaviours: [Int: VerifierBehaviour] = [:]
  var checks: Checks = .all
  var randomness = RandomnessRules.strong
  var tolerance = Tolerance.exact
  var recipe = TrainingRecipe(schedule: LearningRateSchedule(peak: 0.05))
  var fineTuning = FineTuning.full
  var shape = Fixture.shape
  var gradientFormat = Fixture.gradientFormat
  var modelFormat = Fixture.modelFormat
  var data: DataRule?
  var corpus: Corpus?
  var batchSize = 2
}

/// A tiny chain: one miner, some verifiers, all keys from seeds.
struct Fixture {
  let options: FixtureOptions
  let task: TrainingTask
  let genesis: Genesis
  let beacon: HashChainBeacon
  let trainer: Trainer
  let miner: Miner
  let verifiers: [Verifier]
  /// The chain and its model; tests move them on.
  var state: ChainState
  var parent: ModelState

  static let arithmetic = Arithmetic(workers: Workers(threads: 1))

  static func digest(_ name: String, _ number: UInt64) -> Digest {
    Digest.tagged("PoGO/test", name, number)
  }

  static func corpus(seed: UInt64) -> Corpus {
    var sampler = SeededSampler(seed: digest("corpus", seed), domain: "corpus")
    // Few letters, so that there is something to learn.
    return Corpus(bytes: (0..<2048).map { _ in 97 + UInt8(sampler.uniform(below: 8)) })
  }

  static let shape: ModelShape = {
    do {
      return try ModelShape.gpt3(
        layerCount: 1, dModel: 8, headCount: 2, contextLength: 8, vocabularySize: 256)
    } catch { fatalError("\(error)") }
  }()
  static let gradientFormat = format("int8:g16")
  static let modelFormat = format("int4:g16")

  static func format(_ name: String) -> QuantizationFormat {
    do { return try QuantizationFormat(named: name) } catch { fatalError("\(error)") }
  }

  static func task(
    seed: UInt64, recipe: TrainingRecipe = FixtureOptions().recipe,
    fineTuning: FineTuning = .full, shape: ModelShape = Fixture.shape,
    gradientFormat: QuantizationFormat = Fixture.gradientFormat,
    modelFormat: QuantizationFormat = Fixture.modelFormat, corpus: Corpus? = nil,
    data: DataRule? = nil, batchSize: Int = 2
  ) throws -> TrainingTask {
    let bytes = (corpus ?? Self.corpus(seed: seed)).bytes
    let tree = bytes.withUnsafeBytes {
      MerkleTree(bytes: $0, leafSize: 256, concurrently: MerkleTree.serially)
    }
    return try TrainingTask(
      arithmeticVersion: 1, shape: shape, initializationSeed: seed,
      corpus: Commitment(kind: .corpus, tree: tree, byteCount: bytes.count, leafSize: 256),
      contextLength: 8, batchSize: batchSize, stepsPerBlock: 4, recipe: recipe,
      gradientFormat: gradientFormat, modelFormat: modelFormat, leafValueCount: 64,
      fineTuning: fineTuning, data: data)
  }

  init(_ options: FixtureOptions = FixtureOptions()) throws {
    self.options = options
    let seed = options.seed
    task = try Self.task(
      seed: seed, recipe: options.recipe, fineTuning: options.fineTuning, shape: options.shape,
      gradientFormat: options.gradientFormat, modelFormat: options.modelFormat,
      corpus: options.corpus, data: options.data, batchSize: options.batchSize)
    trainer = try Trainer(
      task: task, corpus: options.corpus ?? Self.corpus(seed: seed), arithmetic: Self.arithmetic)
    beacon = HashChainBeacon(secret: Self.digest("beacon", seed), rounds: 300)
    miner = Miner(
      name: "miner", key: PrivateKey(seed: Self.digest("miner", seed)),
      behaviour: options.behaviour)
    verifiers = try options.verifierStakes.indices.map { index in
      Verifier(
        name: "verifier \(index)",
        behaviour: options.lazy.contains(index)
          ? .lazy : options.verifierBehaviours[index] ?? .honest,
        key: PrivateKey(seed: Self.digest("verifier \(index)", seed)),
        vrfKey: try VRFPrivateKey(seed: Self.digest("vrf \(index)", seed)))
    }
    parent = try ModelState.initial(task: task, arithmetic: Self.arithmetic)
    genesis = Genesis(
      task: task, constants: Self.constants(options),
      miners: [MinerRegistration(key: miner.key.publicKey, stake: Stake(options.minerStake))],
      verifiers: zip(verifiers, options.verifierStakes).map { verifier, stake in
        VerifierRegistration(
          key: verifier.key.publicKey, vrfKey: verifier.vrfKey.publicKey, stake: Stake(stake))
      },
      beaconAnchor: beacon.anchor, parameters: parent.parameterCommitment,
      quantizedModel: parent.quantizedCommitment, auxiliary: parent.auxiliaryCommitment)
    state = ChainState(genesis)
  }

  static func constants(_ options: FixtureOptions) -> ProtocolConstants {
    ProtocolConstants(
      blockTimeMilliseconds: 7200, beaconPeriodMilliseconds: 600,
      attestationWindowMilliseconds: 3600, leafRate: PartsPerMillion(options.leafRate)!,
      replayRate: PartsPerMillion(options.replayRate)!, progressTokens: options.progressTokens,
      progressMargin: options.progressMargin, blockReward: Stake(1000),
      verifierReward: Stake(100), minerSlashRate: PartsPerMillion(500_000)!,
      reporterRate: PartsPerMillion(100_000)!, verifierPenaltyRate: PartsPerMillion(150_000)!,
      answerDeadlineMilliseconds: 600, checks: options.checks, randomness: options.randomness,
      tolerance: options.tolerance)
  }

  /// Units that exist at genesis.
  var genesisTotal: UInt64 { options.minerStake + options.verifierStakes.reduce(0, +) }

  var minerKey: PublicKey { miner.key.publicKey }
  func verifierKey(_ index: Int) -> PublicKey { verifiers[index].key.publicKey }

  /// Seed of the data of the next block.
  func trainingSeed() throws -> Digest {
    Randomness.trainingSeed(
      parent: state.tip, beaconValue: try trainingBeacon(), miner: minerKey)
  }

  func trainingBeacon() throws -> Digest { try beacon.value(round: Int(state.miningRound)) }

  func mine() throws -> MinedBlock {
    try miner.mine(
      on: state, parent: parent, trainingBeacon: trainingBeacon(), trainer: trainer,
      clock: StoppedClock())
  }

  func context(
    _ block: SignedHeader, sightings: [SignedHeader] = []
  ) throws -> BlockContext {
    BlockContext(
      state: state, block: block, parent: parent, trainingBeacon: try trainingBeacon(),
      challengeBeacon: try beacon.value(round: Int(state.challengeRound)), sightings: sightings)
  }

  /// All verifiers verify a block, a stranger judges what they bring, and the chain decides.
  func decide(
    _ mined: MinedBlock
  ) throws -> (outcomes: [Verifier.Outcome], chain: ChainState, verdict: Verdict) {
    var outcomes: [Verifier.Outcome] = []
    for verifier in verifiers {
      outcomes.append(
        try verifier.verify(
          context(mined.signed, sightings: mined.rivals), server: mined.server, trainer: trainer,
          clock: StoppedClock(), earlier: outcomes))
    }
    let close =
      genesis.constants.time(ofRound: state.miningRound)
      + (genesis.constants.blockTimeMilliseconds + genesis.constants.attestationWindowMilliseconds)
    let (chain, verdict) = try state.advanced(
      by: mined.signed, submissions: outcomes.map { Submission($0) },
      challengeBeacon: beacon.value(round: Int(state.challengeRound)),
      judge: stranger(mined.server.publication()), at: close)
    return (outcomes, chain, verdict)
  }

  func verify(
    _ index: Int, _ block: SignedHeader, server: some BlockServer
  ) throws -> Verifier.Outcome {
    try verifiers[index].verify(
      context(block), server: server, trainer: trainer, clock: StoppedClock())
  }

  /// A judge who was not there: it makes everything again from what is public.
  func stranger(_ publication: Publication?) throws -> EvidenceJudge {
    let genesis = try Genesis(canonicalBytes: genesis.canonicalBytes)
    let arithmetic = Arithmetic(workers: Workers(threads: 1))
    let copy = FloatBuffer(parent.parameters.array)
    let round = Int(state.miningRound)
    let value = try beacon.value(round: round)
    if round > 0 {
      try HashChainBeacon.verify(value: value, round: round, anchor: genesis.beaconAnchor)
    } else if value != genesis.beaconAnchor {
      throw FixtureError.wrongAnchor
    }
    return EvidenceJudge(
      state: state,
      publication: try publication.map { try Publication(canonicalBytes: $0.canonicalBytes) },
      parent: try ModelState(
        parameters: copy, auxiliary: parent.auxiliary, task: genesis.task,
        workers: arithmetic.workers),
      trainingBeacon: value,
      trainer: try Trainer(
        task: genesis.task, corpus: options.corpus ?? Self.corpus(seed: options.seed),
        arithmetic: arithmetic),
      clock: StoppedClock())
  }

  /// An attestation written by hand with everything right but what the test makes wrong.
  func attestation(
    by index: Int, on block: SignedHeader, _ reason: Attestation.Reason = .positive,
    evidence: Evidence? = nil, change: (inout Attestation) -> Void = { _ in }
  ) throws -> SignedAttestation {
    let verifier = verifiers[index]
    let proof = try verifier.vrfKey.prove(context(block).challengeInput)
    var attestation = Attestation(
      block: block.header.digest, verifier: verifier.key.publicKey, randomness: proof,
      reason: reason, evidence: evidence?.digest, transcript: Transcript().digest,
      checkedLeaves: 0, replayedSteps: 0, evaluatedTokens: 0, losses: nil, work: Work(),
      attestedAt: genesis.constants.time(ofRound: state.challengeRound))
    change(&attestation)
    return try SignedAttestation(signing: attestation, with: verifier.key)
  }

  /// Hands an attestation to the chain after a stranger has judged what it brings.
  func process(
    _ signed: SignedAttestation, evidence: Evidence?, block: SignedHeader,
    publication: Publication?, in chain: inout ChainState
  ) throws {
    var finding: Finding?
    if let evidence {
      let judge = try stranger(publication)
      do { finding = try judge.judge(evidence, against: block.header) } catch is EvidenceError {}
    }
    try chain.process(
      signed, evidence: evidence, finding: finding,
      challengeInput: context(block).challengeInput)
  }

  /// `block` with a changed header, signed anew by its miner.
  func resigned(
    _ block: SignedHeader, _ change: (inout BlockHeader) throws -> Void
  ) throws -> SignedHeader {
    var header = block.header
    try change(&header)
    return try SignedHeader(signing: header, with: miner.key)
  }
}

/// Serves a mined block with changes; nil from a change is no answer.
struct AlteredServer: BlockServer {
  let base: MinedBlock
  var changePublication: (Publication) -> Publication? = { $0 }
  var changeAnswer: (LeafAnswer) -> LeafAnswer? = { $0 }
  var changeQuantized: ([UInt8]) -> [UInt8]? = { $0 }
  var changeState: (SegmentState) -> SegmentState? = { $0 }
  var changeAccumulation: ([UInt8]) -> [UInt8]? = { $0 }

  func publication() -> Publication? { base.publication().flatMap(changePublication) }
  func answer(leaf index: Int) -> LeafAnswer? { base.answer(leaf: index).flatMap(changeAnswer) }
  func quantizedModel() -> [UInt8]? { base.quantizedModel().flatMap(changeQuantized) }
  func state(ofSegment index: Int) -> SegmentState? {
    base.state(ofSegment: index).flatMap(changeState)
  }
  func accumulation(beforeSegment index: Int) -> [UInt8]? {
    base.accumulation(beforeSegment: index).flatMap(changeAccumulation)
  }
}

extension LeafAnswer {
  func with(
    before: LeafOpening? = nil, after: LeafOpening? = nil, quantized: LeafOpening? = nil,
    gradients: [LeafOpening]? = nil
  ) -> LeafAnswer {
    LeafAnswer(
      leafIndex: Int(leafIndex), before: before ?? self.before, after: after ?? self.after,
      quantized: quantized ?? self.quantized, gradients: gradients ?? self.gradients,
      auxiliary: auxiliary)
  }
}

extension LeafOpening {
  /// With one bit of the leaf turned over.
  func flipped(byte: Int) -> LeafOpening {
    var bytes = leaf
    bytes[byte] ^= 1
    return LeafOpening(leaf: bytes, proof: proof)
  }
}

extension TraceRecord {
  func with(
    step: UInt32? = nil, parametersRoot: Digest? = nil, batchDigest: Digest? = nil,
    loss: Float? = nil, accumulationRoots: [Digest]? = nil
  ) -> TraceRecord {
    TraceRecord(
      step: step ?? self.step, parametersRoot: parametersRoot ?? self.parametersRoot,
      auxiliaryRoot: auxiliaryRoot, gradientRoot: gradientRoot,
      batchDigest: batchDigest ?? self.batchDigest,
      loss: loss ?? self.loss,
      accumulationRoots: accumulationRoots ?? self.accumulationRoots)
  }
}

enum FixtureError: Error { case wrongAnchor }
