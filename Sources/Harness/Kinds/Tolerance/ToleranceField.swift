import Kernels
import Models
import Proofs
import Protocol

/// Where contenders mine the same block, and a machine in fixed arithmetic replays all of it.
struct ToleranceField {
  /// What one contender did.
  struct Outcome {
    let deviation: Deviation
    /// Operations of its mining.
    let flops: UInt64
    /// Loss of its model on the target text, nats a token.
    let targetLoss: Float
    /// Mean loss that it claims for its last step, nats a token.
    let lastLoss: Float
  }

  let plan: Plan
  let target: TokenBatch
  private let judge: Trainer
  private let parent: ModelState
  private let state: ChainState
  private let beacon: Digest

  init(plan: Plan, target text: String, arithmetic: Arithmetic) throws {
    self.plan = plan
    let task = plan.task
    judge = try Trainer(task: task, corpus: plan.corpus, arithmetic: arithmetic)
    parent = try ModelState.initial(task: task, arithmetic: arithmetic)
    state = ChainState(plan.genesis(initial: parent))
    beacon = try plan.beacon.value(round: Int(state.miningRound))
    // The text again and again, each sequence from another place of it.
    let bytes = Array(text.utf8).map(Int32.init)
    let (count, length) = (Int(task.batchSize), Int(task.contextLength))
    func tokens(shift: Int) -> [Int32] {
      (0..<count * length).map { bytes[($0 / length + $0 % length + shift) % bytes.count] }
    }
    target = try TokenBatch(
      sequenceCount: count, contextLength: length, tokens: tokens(shift: 0),
      targets: tokens(shift: 1), vocabularySize: task.shape.vocabularySize)
  }

  /// Mines as `behaviour` does on a machine of this arithmetic, and replays the block.
  func outcome(
    of behaviour: any MinerBehaviour, arithmetic: Arithmetic
  ) throws -> Outcome {
    let trainer = try Trainer(task: plan.task, corpus: plan.corpus, arithmetic: arithmetic)
    let miner = Miner(
      name: plan.miners[0].name, key: plan.miners[0].key, behaviour: behaviour)
    let block = try miner.mine(
      on: state, parent: parent, trainingBeacon: beacon, trainer: trainer, clock: UnreadClock())
    let seed = Randomness.trainingSeed(
      of: block.signed.header, beaconValue: beacon, rules: plan.constants.randomness)
    let deviation = try Deviation(
      of: block.content, firstStep: 0, parent: parent, trainingSeed: seed, trainer: judge)
    return Outcome(
      deviation: deviation, flops: block.meter.totalWork.flops,
      targetLoss: judge.loss(at: block.model.parameters, on: target),
      lastLoss: block.content.records.last?.loss ?? .nan)
  }
}
