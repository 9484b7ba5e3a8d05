import Kernels
import Models
import Proofs
import Quant

/// Proposes blocks; what it does wrong is its behaviour's affair.
public struct Miner: Sendable {
  /// Name in spec and report.
  public let name: String
  /// Key that signs its headers.
  public let key: PrivateKey
  /// What it does where an honest miner follows the rules.
  public let behaviour: any MinerBehaviour

  /// From its parts.
  public init(name: String, key: PrivateKey, behaviour: any MinerBehaviour) {
    self.name = name
    self.key = key
    self.behaviour = behaviour
  }

  /// Trains and commits one block on top of `state` (`docs/protocol.md`, section 3).
  ///
  /// - Parameters:
  ///   - parent: model of the tip.
  ///   - trainingBeacon: value of the round `state.miningRound`.
  ///   - progress: called after each step with the number of steps done.
  public func mine(
    on state: ChainState, parent: ModelState, trainingBeacon: Digest, trainer: Trainer,
    clock: any Stopwatch, progress: (Int) throws -> Void = { _ in }
  ) throws -> MinedBlock {
    let task = trainer.task
    let workers = trainer.arithmetic.workers
    let steps = Int(task.stepsPerBlock)
    let salt = behaviour.salt(state, trainer: trainer)
    let context = MiningContext(
      state: state, parent: parent, trainingBeacon: trainingBeacon, miner: key.publicKey,
      seed: state.genesis.constants.randomness.training == .minerChosen
        ? Randomness.chosenSeed(salt: salt)
        : Randomness.trainingSeed(
          parent: state.tip, beaconValue: trainingBeacon, miner: key.publicKey),
      trainer: trainer)
    var meter = PhaseMeter(clock: clock)
    let parameters = FloatBuffer(count: parent.parameters.count)
    parameters.copy(from: parent.parameters)
    var records: [TraceRecord] = []
    var trees: [MerkleTree] = []
    var done: [Trainer.Step] = []
    var root = parent.parameterTree.root
    for step in 0..<steps {
      let result = try behaviour.step(
        step, after: done, parameters: parameters, in: context, meter: &meter)
      let tree = meter.measure(.commitment) { work in
        let tree = task.gradientTree(result.gradient, workers: workers)
        work.hashedBytes += UInt64(tree.hashedByteCount)
        return tree
      }
      records.append(
        TraceRecord(
          step: UInt32(step), parametersRoot: root, gradientRoot: tree.root,
          batchDigest: result.batchDigest, loss: result.loss))
      trees.append(tree)
      done.append(result)
      try meter.measure(.quantization) { work in
        work.quantizedValues += UInt64(parameters.count)
        try trainer.apply(result.gradient, to: parameters)
      }
      if step + 1 < steps {
        root = meter.measure(.commitment) { work in
          let tree = task.parameterTree(parameters, workers: workers)
          work.hashedBytes += UInt64(tree.hashedByteCount)
          return tree.root
        }
      }
      try progress(step + 1)
    }
    let gradients = done.map(\.gradient)
    behaviour.finish(parameters, in: context)
    let model = try meter.measure(.commitment) { work in
      let model = ModelState(
        parameters: parameters,
        quantized: try behaviour.twin(of: parameters, in: context)
          ?? task.modelFormat.quantize(parameters),
        task: task, workers: workers)
      work.hashedBytes += model.hashedByteCount
      work.quantizedValues += UInt64(parameters.count)
      return model
    }
    var header = BlockHeader(
      state: state, miner: key.publicKey, model: model,
      trace: task.traceCommitment(root: TraceRecord.tree(records).root),
      losses: (records[0].loss, records[steps - 1].loss),
      diffByteCount: gradients.reduce(0) { $0 + $1.count },
      work: behaviour.claim(meter.totalWork, task: task),
      trainingSalt: state.genesis.constants.randomness.training == .minerChosen ? salt : 0)
    behaviour.amend(&header, in: context)
    return MinedBlock(
      signed: try SignedHeader(signing: header, with: key),
      rivals: try behaviour.rivals(of: header).map { try SignedHeader(signing: $0, with: key) },
      content: Publication(records: records, gradients: gradients), parent: parent, model: model,
      gradientTrees: trees, task: task, meter: meter, behaviour: behaviour)
  }
}

extension BlockHeader {
  /// The header of a block on top of `state` that is committed when the block time ends.
  init(
    state: ChainState, miner: PublicKey, model: ModelState, trace: Commitment,
    losses: (first: Float, last: Float), diffByteCount: Int, work: Work, trainingSalt: UInt64
  ) {
    let constants = state.genesis.constants
    let start = constants.time(ofRound: state.miningRound)
    self.init(
      parent: state.tip, height: state.height.next, miner: miner, task: state.taskDigest,
      trainingRound: state.miningRound, challengeRound: state.challengeRound,
      before: state.parameters, after: model.parameterCommitment,
      quantizedAfter: model.quantizedCommitment, trace: trace, claimedFirstLoss: losses.first,
      claimedLastLoss: losses.last, diffByteCount: UInt64(diffByteCount), startedAt: start,
      committedAt: start + constants.blockTimeMilliseconds, work: work,
      trainingSalt: trainingSalt)
  }
}

/// A block as its miner holds it: the signed header and everything needed to answer challenges.
public struct MinedBlock: BlockServer, Sendable {
  /// The signed header.
  public let signed: SignedHeader
  /// Other headers that its miner signed at the same height; an honest one signs none.
  public let rivals: [SignedHeader]
  /// Trace records and gradients.
  public let content: Publication
  /// Model before, and the one that the header commits to after.
  public let parent: ModelState
  /// The model that the header commits to.
  public let model: ModelState
  let gradientTrees: [MerkleTree]
  let task: TrainingTask
  /// Work that was really done.
  public let meter: PhaseMeter
  let behaviour: any MinerBehaviour

  /// Who answers for it: the block itself, unless its miner is dishonest.
  public var server: any BlockServer { behaviour.server(of: self) }

  /// Trace records and gradients, always served.
  public func publication() -> Publication? { content }
  /// The quantized twin, always served.
  public func quantizedModel() -> [UInt8]? { model.quantized }

  /// Everything about one leaf; nil if there is no such leaf.
  public func answer(leaf index: Int) -> LeafAnswer? {
    func open(
      _ commitment: Commitment, _ tree: MerkleTree, _ bytes: (Range<Int>) -> [UInt8]
    ) -> LeafOpening? {
      guard let range = try? commitment.byteRange(ofLeaf: index),
        let proof = try? tree.inclusionProof(at: index)
      else { return nil }
      return LeafOpening(leaf: bytes(range), proof: proof)
    }
    func open(_ state: ModelState) -> LeafOpening? {
      open(state.parameterCommitment, state.parameterTree) { range in
        state.parameters.withUnsafeBytes { Array($0[range]) }
      }
    }
    guard let before = open(parent), let after = open(model),
      let quantized = open(
        model.quantizedCommitment, model.quantizedTree, { Array(model.quantized[$0]) })
    else { return nil }
    let openings = zip(gradientTrees, content.gradients).compactMap { tree, bytes in
      open(task.gradientCommitment(root: tree.root), tree) { Array(bytes[$0]) }
    }
    return LeafAnswer(
      leafIndex: index, before: before, after: after, quantized: quantized, gradients: openings)
  }
}
