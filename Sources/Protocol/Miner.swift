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
    let seed = Randomness.trainingSeed(
      parent: state.tip, beaconValue: trainingBeacon, miner: key.publicKey)
    var meter = PhaseMeter(clock: clock)
    let parameters = FloatBuffer(count: parent.parameters.count)
    parameters.copy(from: parent.parameters)
    var records: [TraceRecord] = []
    var trees: [MerkleTree] = []
    var gradients: [[UInt8]] = []
    var root = parent.parameterTree.root
    for step in 0..<steps {
      let result = try behaviour.step(
        step, after: records.last?.loss, parameters: parameters, seed: seed, trainer: trainer,
        meter: &meter)
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
      gradients.append(result.gradient)
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
    behaviour.finish(parameters, task: task, seed: seed)
    let model = try meter.measure(.commitment) { work in
      let model = try ModelState(parameters: parameters, task: task, workers: workers)
      work.hashedBytes += model.hashedByteCount
      work.quantizedValues += UInt64(parameters.count)
      return model
    }
    let header = BlockHeader(
      state: state, miner: key.publicKey, model: model,
      trace: task.traceCommitment(root: TraceRecord.tree(records).root),
      losses: (records[0].loss, records[steps - 1].loss),
      diffByteCount: gradients.reduce(0) { $0 + $1.count },
      work: behaviour.claim(meter.totalWork, task: task))
    return MinedBlock(
      signed: try SignedHeader(signing: header, with: key),
      content: Publication(records: records, gradients: gradients), parent: parent, model: model,
      gradientTrees: trees, task: task, meter: meter)
  }
}

extension BlockHeader {
  /// The header of a block on top of `state` that is committed when the block time ends.
  init(
    state: ChainState, miner: PublicKey, model: ModelState, trace: Commitment,
    losses: (first: Float, last: Float), diffByteCount: Int, work: Work
  ) {
    let constants = state.genesis.constants
    let start = constants.time(ofRound: state.miningRound)
    self.init(
      parent: state.tip, height: state.height.next, miner: miner, task: state.taskDigest,
      trainingRound: state.miningRound, challengeRound: state.challengeRound,
      before: state.parameters, after: model.parameterCommitment,
      quantizedAfter: model.quantizedCommitment, trace: trace, claimedFirstLoss: losses.first,
      claimedLastLoss: losses.last, diffByteCount: UInt64(diffByteCount), startedAt: start,
      committedAt: start + constants.blockTimeMilliseconds, work: work)
  }
}

/// A block as its miner holds it: the signed header and everything needed to answer challenges.
public struct MinedBlock: BlockServer, Sendable {
  /// The signed header.
  public let signed: SignedHeader
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
