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
      salt: salt, trainer: trainer)
    var meter = PhaseMeter(clock: clock)
    let firstStep = task.stepsBefore(height: state.height.next)
    let training = parent.trainingState(task)
    var records: [TraceRecord] = []
    var trees: [MerkleTree] = []
    var published: [[UInt8]] = []
    var done: [Trainer.Step] = []
    var states: [SegmentState] = []
    var accumulations: [[[UInt8]]] = []
    for step in 0..<steps {
      let roots = Self.commit(
        training, before: step, parent: parent, task: task, workers: workers, meter: &meter)
      // Verifiers must be shown what does not follow from the publication.
      if task.isSegmentStart(step), !task.isWalkable { states.append(SegmentState(training)) }
      let result = try behaviour.step(
        step, after: done, state: training, in: context, meter: &meter)
      try meter.measure(.quantization) { work in
        work.quantizedValues += UInt64(task.appliedValueCount(training.parameters.count))
        try trainer.apply(result.gradient, step: firstStep + step, to: training)
      }
      if task.recipe.quantizationPoint == .step { published.append(result.gradient) }
      if step + 1 == steps, task.recipe.quantizationPoint == .block {
        published.append(
          try meter.measure(.quantization) { work in
            try trainer.blockUpdate(
              training, before: parent.parameters, batchDigest: result.batchDigest, work: &work)
          })
      }
      if published.count > trees.count {
        trees.append(
          meter.measure(.commitment) { work in
            let tree = task.gradientTree(published[published.count - 1], workers: workers)
            work.hashedBytes += UInt64(tree.hashedByteCount)
            return tree
          })
      }
      // Who did not compute a step has nothing to show for its microbatches.
      let carried =
        result.accumulations.count == task.accumulationCount
        ? result.accumulations
        : (0..<task.accumulationCount).map { _ in
          [UInt8](repeating: 0, count: task.accumulationByteCount)
        }
      let carriedRoots = meter.measure(.commitment) { work in
        carried.map { bytes in
          let tree = task.accumulationTree(bytes, workers: workers)
          work.hashedBytes += UInt64(tree.hashedByteCount)
          return tree.root
        }
      }
      accumulations.append(carried)
      records.append(
        TraceRecord(
          step: UInt32(step), parametersRoot: roots.parameters, auxiliaryRoot: roots.auxiliary,
          gradientRoot: task.publishesAfter(step: step) ? trees[trees.count - 1].root : .zero,
          batchDigest: result.batchDigest, loss: result.loss, accumulationRoots: carriedRoots))
      done.append(result.forgettingGradient(unless: done.isEmpty))
      try progress(step + 1)
    }
    let parameters = training.parameters
    if task.recipe.quantizationPoint == .block {
      parameters.copy(from: parent.parameters)
      try trainer.add(published[0], to: parameters)
    }
    behaviour.finish(parameters, in: context)
    let model = try meter.measure(.commitment) { work in
      let model = ModelState(
        parameters: parameters,
        quantized: try behaviour.twin(of: parameters, in: context)
          ?? task.quantizedTwin(parameters),
        auxiliary: training.auxiliary, task: task, workers: workers)
      work.hashedBytes += model.hashedByteCount + task.auxiliaryHashedByteCount
      work.quantizedValues += UInt64(parameters.count)
      return model
    }
    var header = BlockHeader(
      state: state, miner: key.publicKey, model: model,
      trace: task.traceCommitment(root: TraceRecord.tree(records).root),
      losses: (records[0].loss, records[steps - 1].loss),
      diffByteCount: published.reduce(0) { $0 + $1.count },
      work: behaviour.claim(meter.totalWork, task: task),
      trainingSalt: state.genesis.constants.randomness.training == .minerChosen ? salt : 0)
    behaviour.amend(&header, in: context)
    return MinedBlock(
      signed: try SignedHeader(signing: header, with: key),
      rivals: try behaviour.rivals(of: header).map { try SignedHeader(signing: $0, with: key) },
      content: Publication(records: records, gradients: published), parent: parent, model: model,
      gradientTrees: trees, states: states, accumulations: accumulations, task: task, meter: meter, behaviour: behaviour)
  }

  /// Roots of the state before `step` where a segment starts, else zeros.
  private static func commit(
    _ state: TrainingState, before step: Int, parent: ModelState, task: TrainingTask,
    workers: Workers, meter: inout PhaseMeter
  ) -> (parameters: Digest, auxiliary: Digest) {
    guard task.isSegmentStart(step) else { return (.zero, .zero) }
    guard step > 0 else { return (parent.parameterTree.root, parent.auxiliaryTree?.root ?? .zero) }
    return meter.measure(.commitment) { work in
      let tree = task.parameterTree(state.parameters, workers: workers)
      work.hashedBytes += UInt64(tree.hashedByteCount) + task.auxiliaryHashedByteCount
      return (tree.root, task.auxiliaryTree(state.auxiliary, workers: workers)?.root ?? .zero)
    }
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
      trainingSalt: trainingSalt, auxiliaryBefore: state.auxiliary,
      auxiliaryAfter: model.auxiliaryCommitment)
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
  /// Committed states that do not follow from the publication, in their order; empty if all do.
  let states: [SegmentState]
  /// What was accumulated after each microbatch of each step but the last, where that is committed.
  let accumulations: [[[UInt8]]]
  let task: TrainingTask
  /// Work that was really done.
  public let meter: PhaseMeter
  let behaviour: any MinerBehaviour

  /// Whether it is what an honest miner made, by construction: its model is what its gradients lead to,
  /// with the twin that belongs to it.
  public var followsTheRules: Bool { behaviour is HonestMiner }

  /// Who answers for it: the block itself, unless its miner is dishonest.
  public var server: any BlockServer { behaviour.server(of: self) }

  /// Trace records and gradients, always served.
  public func publication() -> Publication? { content }
  /// The quantized twin, always served.
  public func quantizedModel() -> [UInt8]? { model.quantized }
  /// The committed state, always served.
  public func state(ofSegment index: Int) -> SegmentState? {
    guard (0..<task.segmentCount).contains(index) else { return nil }
    let state =
      task.recipe.commitsMicrobatches ? task.steps(ofSegment: index).lowerBound : index
    return states.indices.contains(state) ? states[state] : nil
  }
  /// What was accumulated before a microbatch, always served.
  public func accumulation(beforeSegment index: Int) -> [UInt8]? {
    guard (0..<task.segmentCount).contains(index), let part = task.microbatch(ofSegment: index),
      part > 0
    else { return nil }
    return accumulations[task.steps(ofSegment: index).lowerBound][part - 1]
  }

  /// Everything about one leaf; nil if there is no such leaf.
  public func answer(leaf index: Int) -> LeafAnswer? {
    func open(
      _ commitment: Commitment, _ tree: MerkleTree, at index: Int,
      _ bytes: (Range<Int>) -> [UInt8]
    ) -> LeafOpening? {
      guard let range = try? commitment.byteRange(ofLeaf: index),
        let proof = try? tree.inclusionProof(at: index)
      else { return nil }
      return LeafOpening(leaf: bytes(range), proof: proof)
    }
    func open(_ state: ModelState) -> LeafOpening? {
      open(state.parameterCommitment, state.parameterTree, at: index) { range in
        state.parameters.withUnsafeBytes { Array($0[range]) }
      }
    }
    guard let before = open(parent), let after = open(model),
      let quantized = open(
        model.quantizedCommitment, model.quantizedTree, at: index, { Array(model.quantized[$0]) })
    else { return nil }
    let openings = zip(gradientTrees, content.gradients).compactMap { tree, bytes in
      open(task.gradientCommitment(root: tree.root), tree, at: task.publishedLeaf(of: index)) {
        Array(bytes[$0])
      }
    }
    let auxiliary = [parent, model].compactMap { state -> LeafOpening? in
      guard let proof = try? state.auxiliaryTree?.inclusionProof(at: index) else { return nil }
      return LeafOpening(leaf: task.auxiliaryLeaf(index, of: state.auxiliary), proof: proof)
    }
    return LeafAnswer(
      leafIndex: index, before: before, after: after, quantized: quantized, gradients: openings,
      auxiliary: auxiliary)
  }
}
