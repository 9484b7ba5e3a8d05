import Kernels
import Models
import Proofs
import Protocol
import Quant

/// Time stands still, so that no test depends on the machine.
struct StoppedClock: Stopwatch {
  func seconds() -> Double { 0 }
}

/// One miner and one verifier on a tiny model of either family.
struct TinyChain {
  /// A family of models.
  enum Family: String, CaseIterable {
    case gpt3, gemma3

    func shape() throws -> ModelShape {
      switch self {
      case .gpt3:
        try .gpt3(
          layerCount: 2, dModel: 8, headCount: 2, contextLength: 12, vocabularySize: 256,
          attention: .alternating(window: 4))
      case .gemma3:
        try .gemma3(
          layerCount: 3, dModel: 8, headCount: 4, kvHeadCount: 2, headDimension: 4,
          feedForwardWidth: 20, contextLength: 12, vocabularySize: 256,
          attention: .localThenGlobal(window: 5, localPerGlobal: 2),
          settings: Gemma3Settings(queryScale: 4))
      }
    }
  }

  let task: TrainingTask
  let trainer: Trainer
  let state: ChainState
  let parent: ModelState
  let beacon: HashChainBeacon
  let miner: Miner
  let verifier: Verifier

  init(
    _ family: Family, recipe: TrainingRecipe, fineTuning: FineTuning = .full,
    gradientFormat format: String = "int4:g16",
    leafRate: UInt32 = 300_000, replayRate: UInt32 = 400_000, progressTokens: UInt32 = 30
  ) throws {
    var sampler = SeededSampler(seed: Digest.tagged("PoGO/test", UInt64(3)), domain: "corpus")
    let corpus = Corpus(bytes: (0..<900).map { _ in 97 + UInt8(sampler.uniform(below: 9)) })
    let tree = corpus.bytes.withUnsafeBytes {
      MerkleTree(bytes: $0, leafSize: 128, concurrently: MerkleTree.serially)
    }
    let arithmetic = Arithmetic(workers: Workers(threads: 1))
    task = try TrainingTask(
      arithmeticVersion: 1, shape: family.shape(), initializationSeed: 5,
      corpus: Commitment(
        kind: .corpus, tree: tree, byteCount: corpus.bytes.count, leafSize: 128),
      contextLength: 10, batchSize: 4, stepsPerBlock: 5, recipe: recipe,
      gradientFormat: QuantizationFormat(named: format),
      modelFormat: QuantizationFormat(.integer(bits: 4), groupSize: 16), leafValueCount: 128,
      fineTuning: fineTuning)
    trainer = try Trainer(task: task, corpus: corpus, arithmetic: arithmetic)
    beacon = HashChainBeacon(secret: Digest.tagged("PoGO/test", UInt64(4)), rounds: 100)
    miner = Miner(
      name: "miner", key: PrivateKey(seed: Digest.tagged("PoGO/test", UInt64(5))),
      behaviour: HonestMiner())
    verifier = Verifier(
      name: "verifier", behaviour: .honest,
      key: PrivateKey(seed: Digest.tagged("PoGO/test", UInt64(6))),
      vrfKey: try VRFPrivateKey(seed: Digest.tagged("PoGO/test", UInt64(7))))
    parent = try ModelState.initial(task: task, arithmetic: arithmetic)
    var constants = ProtocolConstants.minimal
    constants.leafRate = PartsPerMillion(leafRate)!
    constants.replayRate = PartsPerMillion(replayRate)!
    constants.progressTokens = progressTokens
    constants.progressMargin = 100
    state = ChainState(
      Genesis(
        task: task, constants: constants,
        miners: [MinerRegistration(key: miner.key.publicKey, stake: Stake(100))],
        verifiers: [
          VerifierRegistration(
            key: verifier.key.publicKey, vrfKey: verifier.vrfKey.publicKey, stake: Stake(100))
        ],
        beaconAnchor: beacon.anchor, parameters: parent.parameterCommitment,
        quantizedModel: parent.quantizedCommitment, auxiliary: parent.auxiliaryCommitment))
  }

  var constants: ProtocolConstants { state.genesis.constants }

  func mine() throws -> MinedBlock {
    try miner.mine(
      on: state, parent: parent,
      trainingBeacon: beacon.value(round: Int(state.miningRound)), trainer: trainer,
      clock: StoppedClock())
  }

  func verify(_ mined: MinedBlock, server: some BlockServer) throws -> Verifier.Outcome {
    try verifier.verify(
      BlockContext(
        state: state, block: mined.signed, parent: parent,
        trainingBeacon: beacon.value(round: Int(state.miningRound)),
        challengeBeacon: beacon.value(round: Int(state.challengeRound))),
      server: server, trainer: trainer, clock: StoppedClock())
  }

  /// A dispute between a miner of this behaviour and an honest one.
  func dispute(_ accused: any MinerBehaviour) throws -> Dispute.Outcome {
    let context = MiningContext(
      state: state, parent: parent,
      trainingBeacon: try beacon.value(round: Int(state.miningRound)),
      miner: miner.key.publicKey, salt: 0, trainer: trainer)
    var meter = PhaseMeter(clock: StoppedClock())
    var dispute = Dispute(
      accused: try DisputeRecord(of: accused, in: context, meter: &meter),
      accuser: try DisputeRecord(of: HonestMiner(), in: context, meter: &meter),
      trainer: trainer, firstStep: 0, seed: context.seed)
    return try dispute.run()
  }
}

/// Serves a block and counts the questions.
final class CountingServer: BlockServer {
  let block: MinedBlock
  private(set) var publications = 0
  private(set) var answers = 0
  private(set) var twins = 0
  private(set) var states = 0
  private(set) var accumulations = 0

  init(_ block: MinedBlock) { self.block = block }

  func publication() -> Publication? {
    publications += 1
    return block.publication()
  }
  func answer(leaf index: Int) -> LeafAnswer? {
    answers += 1
    return block.answer(leaf: index)
  }
  func quantizedModel() -> [UInt8]? {
    twins += 1
    return block.quantizedModel()
  }
  func state(ofSegment index: Int) -> SegmentState? {
    states += 1
    return block.state(ofSegment: index)
  }
  func accumulation(beforeSegment index: Int) -> [UInt8]? {
    accumulations += 1
    return block.accumulation(beforeSegment: index)
  }
}
