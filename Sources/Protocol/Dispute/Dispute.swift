import Kernels
import Models
import Proofs

/// Narrows a disagreement about a block to one thing that a referee can recompute alone
/// (`docs/protocol.md`, section 15): by bisection over states to a step, then to what the step went
/// through, and there to one operator or one leaf.
public struct Dispute {
  /// What the parties turn out to differ about.
  public enum Contested: Sendable, Hashable {
    /// Nothing: their last states are the same.
    case nothing
    /// Which data the step was run on.
    case batch(step: Int)
    /// Which operators the step has, and with how many windows.
    case structure(step: Int)
    /// What one operator read or wrote.
    case operation(step: Int, OperatorName)
    /// One leaf of the float32 gradient, although all operators agree.
    case gradientLeaf(step: Int, leaf: Int)
    /// The step's loss, although all operators agree.
    case loss(step: Int)
    /// The step's gradient as it was applied, although the float32 gradient agrees: the clipping, the
    /// residual or the quantization.
    case gradient(step: Int)
    /// One leaf of the state after the step, although gradient and state before agree.
    case update(step: Int, leaf: Int)
  }

  /// An operator of a step.
  public struct OperatorName: Sendable, Hashable {
    /// Its number in the step, from 0.
    public let index: Int
    /// The microbatch.
    public let part: Int
    /// The layer.
    public let place: OperatorPlace
    /// What it computes.
    public let name: String
  }

  /// Who was wrong.
  public enum Guilty: Sendable, Hashable {
    case nobody, accused, accuser, both
  }

  /// How it ended and what it cost.
  public struct Outcome: Sendable, Hashable {
    /// What was contested in the end.
    public let contested: Contested
    /// Whom the referee found wrong.
    public let guilty: Guilty
    /// Questions that both parties answered.
    public let rounds: Int
    /// Bytes that the parties sent.
    public let exchangedBytes: UInt64
    /// Work of the referee.
    public let refereeWork: Work
  }

  let accused: DisputeRecord
  let accuser: DisputeRecord
  let trainer: Trainer
  let firstStep: Int
  let seed: Digest
  var rounds = 0
  var exchangedBytes: UInt64 = 0
  var work = Work()
  /// Records that were opened, and windows that were fetched.
  var opened: Set<Int> = []
  var fetched: [OperatorPlan.Output: [UInt8]] = [:]

  var task: TrainingTask { trainer.task }
  var workers: Workers { trainer.arithmetic.workers }

  /// A dispute about one block.
  ///
  /// - Parameters:
  ///   - firstStep: number of the block's first step since genesis.
  ///   - seed: the seed of the data that the block had to be trained on.
  public init(
    accused: DisputeRecord, accuser: DisputeRecord, trainer: Trainer, firstStep: Int, seed: Digest
  ) {
    self.accused = accused
    self.accuser = accuser
    self.trainer = trainer
    self.firstStep = firstStep
    self.seed = seed
  }

  /// Plays it to the end. The parties agree about the state before the first step: it is the chain's.
  public mutating func run() throws -> Outcome {
    guard let step = contestedStep() else {
      // Equal states, but a step may have been told falsely on the way there.
      for step in accused.steps.indices where differ(about: step) {
        return try judge(step: step, statesAgree: true)
      }
      return outcome(.nothing, .nobody)
    }
    return try judge(step: step, statesAgree: false)
  }

  // MARK: bisection

  /// The step before which the states agree and after which they differ; nil if the last agree.
  private mutating func contestedStep() -> Int? {
    var (agreed, differing) = (0, accused.stateDigests.count - 1)
    guard !agree(accused.stateDigests[differing], accuser.stateDigests[differing]) else {
      return nil
    }
    while differing - agreed > 1 {
      let middle = (agreed + differing) / 2
      if agree(accused.stateDigests[middle], accuser.stateDigests[middle]) {
        agreed = middle
      } else {
        differing = middle
      }
    }
    return agreed
  }

  /// One question: both send a digest.
  mutating func agree(_ a: Digest, _ b: Digest) -> Bool {
    rounds += 1
    exchangedBytes += 2 * UInt64(Digest.byteCount)
    return a == b
  }

  private func differ(about step: Int) -> Bool {
    let (a, b) = (accused.steps[step], accuser.steps[step])
    return a.batchDigest != b.batchDigest || a.loss.bitPattern != b.loss.bitPattern
      || a.gradientRoot != b.gradientRoot
  }

  /// What the step went through, in order; the first difference is recomputed.
  private mutating func judge(step: Int, statesAgree: Bool) throws -> Outcome {
    let (a, b) = (accused.steps[step], accuser.steps[step])
    guard agree(a.batchDigest, b.batchDigest) else {
      let honest = try trainer.batchDigest(step: step, seed: seed)
      return outcome(
        .batch(step: step), Self.guilty(a.batchDigest == honest, b.batchDigest == honest))
    }
    let traces = (try accused.operators(step), try accuser.operators(step))
    if let outcome = try judgeOperators(step: step, traces.0, traces.1) { return outcome }
    if !agree(a.gradientRoot, b.gradientRoot) {
      return try judgeGradient(step: step, traces.0, traces.1)
    }
    if a.loss.bitPattern != b.loss.bitPattern {
      return try judgeLoss(step: step, traces.0, traces.1)
    }
    guard !statesAgree else { return outcome(.nothing, .nobody) }
    return try judgeUpdate(step: step)
  }

  // MARK: the referee

  /// Descends both trees of the state after to one leaf, and recomputes that leaf.
  private mutating func judgeUpdate(step: Int) throws -> Outcome {
    func differs(_ leaf: Int) -> Bool {
      let range = task.valueRange(ofLeaf: leaf)
      let (a, b) = (accused.states[step + 1], accuser.states[step + 1])
      return a.parameters.littleEndianBytes(range) != b.parameters.littleEndianBytes(range)
        || task.auxiliaryLeaf(leaf, of: a.auxiliary) != task.auxiliaryLeaf(leaf, of: b.auxiliary)
    }
    guard let leaf = (0..<task.leafCount).first(where: differs) else {
      return outcome(.nothing, .nobody)
    }
    // Two children a level from each party.
    let levels = Int.bitWidth - max(0, task.leafCount - 1).leadingZeroBitCount
    rounds += levels
    exchangedBytes += UInt64(4 * Digest.byteCount * levels)
    let range = task.valueRange(ofLeaf: leaf)
    let before = accuser.states[step]
    let values = FloatBuffer(littleEndianBytes: before.parameters.littleEndianBytes(range))
    let auxiliary = task.auxiliaryLeaf(leaf, of: before.auxiliary)
    let moments = Array(
      task.auxiliaryVectors(auxiliary, ofLeaf: leaf).prefix(before.moments.count))
    // The leaves before, and the gradient's.
    let gradient = task.stepLeaf(leaf, of: accuser.gradients[step])
    exchangedBytes += UInt64(4 * range.count + auxiliary.count + gradient.count)
    work.quantizedValues += UInt64(task.appliedValueCount(range.count))
    try task.applyUpdate(
      gradient, step: firstStep + step,
      to: Vector(values, count: values.count), moments: moments,
      scratch: FloatBuffer(count: range.count), arithmetic: trainer.arithmetic)
    func isRight(_ record: DisputeRecord) -> Bool {
      let after = record.states[step + 1]
      return after.parameters.littleEndianBytes(range)
        == values.littleEndianBytes(0..<values.count)
        && after.moments.flatMap { $0.bytes(range) } == moments.flatMap(\.bytes)
    }
    return outcome(
      .update(step: step, leaf: leaf), Self.guilty(isRight(accused), isRight(accuser)))
  }

  static func guilty(_ isAccusedRight: Bool, _ isAccuserRight: Bool) -> Guilty {
    switch (isAccusedRight, isAccuserRight) {
    case (true, true): .nobody
    case (false, true): .accused
    case (true, false): .accuser
    case (false, false): .both
    }
  }

  func outcome(_ contested: Contested, _ guilty: Guilty) -> Outcome {
    Outcome(
      contested: contested, guilty: guilty, rounds: rounds, exchangedBytes: exchangedBytes,
      refereeWork: work)
  }
}
