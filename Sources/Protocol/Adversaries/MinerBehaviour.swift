import Kernels
import Proofs

/// What a miner knows when it starts a block.
public struct MiningContext {
  /// The chain that it builds on.
  public let state: ChainState
  /// The tip's model.
  public let parent: ModelState
  /// Value of the round that fixes the training data.
  public let trainingBeacon: Digest
  /// The miner's own key.
  public let miner: PublicKey
  /// The seed of the data that it has to train on.
  public let seed: Digest
  /// Computes steps.
  public let trainer: Trainer

  /// What a miner that builds on `state` knows, with the seed that its key leads to.
  public init(
    state: ChainState, parent: ModelState, trainingBeacon: Digest, miner: PublicKey, salt: UInt64,
    trainer: Trainer
  ) {
    self.state = state
    self.parent = parent
    self.trainingBeacon = trainingBeacon
    self.miner = miner
    self.trainer = trainer
    seed =
      state.genesis.constants.randomness.training == .minerChosen
      ? Randomness.chosenSeed(salt: salt)
      : Randomness.trainingSeed(parent: state.tip, beaconValue: trainingBeacon, miner: miner)
  }

  /// What training means on this chain.
  public var task: TrainingTask { trainer.task }
}

/// What a miner does where an honest one follows the rules. Every adversary changes one thing.
public protocol MinerBehaviour: Sendable {
  /// The number that chooses the training data, where the chain lets miners choose.
  func salt(_ state: ChainState, trainer: Trainer) -> UInt64

  /// Computes step `step` at `state`, or pretends to. The gradient is in the task's step format.
  ///
  /// - Parameter previous: the steps before it.
  func step(
    _ step: Int, after previous: [Trainer.Step], state: TrainingState, in context: MiningContext,
    meter: inout PhaseMeter
  ) throws -> Trainer.Step

  /// What it says about the operators of a step when that is contested.
  func operatorTrace(
    _ step: Int, before state: TrainingState, in context: MiningContext
  ) throws -> OperatorTrace

  /// Called after the last step, before the parameters are committed.
  func finish(_ parameters: FloatBuffer, in context: MiningContext)

  /// The quantized twin that is committed in place of the honest one; nil for the honest one.
  func twin(of parameters: FloatBuffer, in context: MiningContext) throws -> [UInt8]?

  /// The work that the header claims.
  func claim(_ done: Work, task: TrainingTask) -> Work

  /// Changes the header before it is signed.
  func amend(_ header: inout BlockHeader, in context: MiningContext)

  /// Other headers that it signs at the same height.
  func rivals(of header: BlockHeader) -> [BlockHeader]

  /// Who answers the verifiers' questions.
  func server(of block: MinedBlock) -> any BlockServer
}

extension MinerBehaviour {
  /// The first number.
  public func salt(_ state: ChainState, trainer: Trainer) -> UInt64 { 0 }

  /// Computes the step as the task says.
  public func step(
    _ step: Int, after previous: [Trainer.Step], state: TrainingState, in context: MiningContext,
    meter: inout PhaseMeter
  ) throws -> Trainer.Step {
    try context.honestStep(step, state: state, meter: &meter)
  }

  /// The operators of the honest step: one that forges a step has nothing else to show for it.
  public func operatorTrace(
    _ step: Int, before state: TrainingState, in context: MiningContext
  ) throws -> OperatorTrace {
    try context.trainer.operatorTrace(
      step: step, parameters: state.parameters, seed: context.seed)
  }

  /// Leaves the parameters as they are.
  public func finish(_ parameters: FloatBuffer, in context: MiningContext) {}

  /// Commits the quantized form of the parameters.
  public func twin(of parameters: FloatBuffer, in context: MiningContext) throws -> [UInt8]? { nil }

  /// Claims what was done.
  public func claim(_ done: Work, task: TrainingTask) -> Work { done }

  /// Leaves the header as it is.
  public func amend(_ header: inout BlockHeader, in context: MiningContext) {}

  /// Signs nothing else.
  public func rivals(of header: BlockHeader) -> [BlockHeader] { [] }

  /// The miner itself, truthfully.
  public func server(of block: MinedBlock) -> any BlockServer { block }
}

extension MiningContext {
  /// The step as the task says.
  func honestStep(
    _ step: Int, state: TrainingState, meter: inout PhaseMeter
  ) throws -> Trainer.Step {
    try trainer.compute(
      step: step, state: state, seed: seed, meter: &meter,
      phases: (.training, .quantization))
  }

  /// The digest of the batch that an honest step `step` uses.
  func honestBatch(_ step: Int) throws -> Digest {
    try trainer.batchDigest(step: step, seed: seed)
  }

  /// A published gradient after which plain descent at `parameters` has gone the `share`-th part
  /// of the way to `target`.
  func gradient(
    from parameters: FloatBuffer, to target: FloatBuffer, share: Int
  ) throws -> [UInt8] {
    let way = FloatBuffer(count: parameters.count)
    let scale = 1 / (task.recipe.schedule.peak * Float(share))
    for index in 0..<way.count { way[index] = (parameters[index] - target[index]) * scale }
    return try task.encodeStep(way)
  }

  /// Normal noise that follows from the seed, a name and a number.
  func noise(_ name: String, _ number: Int, standardDeviation: Float) -> FloatBuffer {
    let values = FloatBuffer(count: parent.parameters.count)
    var sampler = SeededSampler(seed: seed, domain: name)
    trainer.arithmetic.fillNormal(
      Vector(values, count: values.count), seed: sampler.next(), stream: UInt64(number),
      standardDeviation: standardDeviation)
    return values
  }
}

extension TrainingTask {
  /// A loss that raises no eyebrow: that of guessing bytes, then a little less each step.
  func plausibleLoss(after previous: Float?) -> Float { (previous ?? 5.545_177) * 0.999 }

  /// `done` with the operations that honest steps would have taken.
  func claimingHonestWork(_ done: Work) -> Work {
    var claimed = done
    claimed.flops = trainingFLOPs
    return claimed
  }
}

/// Follows every rule.
public struct HonestMiner: MinerBehaviour {
  /// An honest miner.
  public init() {}
}
