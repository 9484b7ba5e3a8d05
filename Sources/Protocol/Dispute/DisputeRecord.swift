import Kernels
import Proofs

/// What one party says happened in a block: a digest of every state, and of what each step went
/// through (`docs/protocol.md`, section 15). Roots are what it commits to; states are what it can
/// serve when asked.
public struct DisputeRecord {
  /// What a step went through, in order.
  public struct Step: Sendable {
    /// Digest of the minibatch.
    public let batchDigest: Digest
    /// Loss of the minibatch.
    public let loss: Float
    /// Root of the step's gradient as it was applied.
    public let gradientRoot: Digest
  }

  /// A digest of the state before each step, and of the one after the last.
  public let stateDigests: [Digest]
  /// One a step.
  public let steps: [Step]
  /// The states themselves, before each step and after the last.
  let states: [TrainingState]
  let gradients: [[UInt8]]
  /// What it says about the operators of a step, once that is asked for.
  let operators: (_ step: Int) throws -> OperatorTrace

  /// Runs the steps of a block as `behaviour` does and keeps a record of all of them.
  public init(
    of behaviour: any MinerBehaviour, in context: MiningContext, meter: inout PhaseMeter
  ) throws {
    let (task, trainer) = (context.task, context.trainer)
    let workers = trainer.arithmetic.workers
    let firstStep = task.stepsBefore(height: context.state.height.next)
    let state = context.parent.trainingState(task)
    var states = [state.copy()]
    var digests = [Self.digest(of: state, task: task, workers: workers)]
    var steps: [Step] = []
    var done: [Trainer.Step] = []
    var gradients: [[UInt8]] = []
    for step in 0..<Int(task.stepsPerBlock) {
      let result = try behaviour.step(step, after: done, state: state, in: context, meter: &meter)
      done.append(result)
      gradients.append(result.gradient)
      try trainer.apply(result.gradient, step: firstStep + step, to: state)
      steps.append(
        Step(
          batchDigest: result.batchDigest,
          loss: result.loss,
          gradientRoot: task.stepTree(result.gradient, workers: workers).root))
      states.append(state.copy())
      digests.append(Self.digest(of: state, task: task, workers: workers))
    }
    stateDigests = digests
    self.steps = steps
    self.states = states
    self.gradients = gradients
    operators = { try behaviour.operatorTrace($0, before: states[$0], in: context) }
  }

  /// What names a state in a dispute: the roots of parameters and of the auxiliary.
  static func digest(of state: TrainingState, task: TrainingTask, workers: Workers) -> Digest {
    Digest.tagged(
      "PoGO/dispute-state", task.parameterTree(state.parameters, workers: workers).root,
      task.auxiliaryTree(state.auxiliary, workers: workers)?.root ?? .zero)
  }
}

extension TrainingTask {
  /// Tree over a step's gradient as it is applied: quantized, or float32 where steps are local.
  func stepTree(_ bytes: [UInt8], workers: Workers) -> MerkleTree {
    switch recipe.quantizationPoint {
    case .step: gradientTree(bytes, workers: workers)
    case .block:
      bytes.withUnsafeBytes {
        MerkleTree(bytes: $0, leafSize: parameterLeafSize, concurrently: workers.run)
      }
    }
  }

  /// Bytes of one leaf of a step's gradient.
  func stepLeaf(_ index: Int, of bytes: [UInt8]) -> [UInt8] {
    switch recipe.quantizationPoint {
    case .step:
      let commitment = gradientCommitment(root: .zero)
      return (try? commitment.byteRange(ofLeaf: index)).map { Array(bytes[$0]) } ?? []
    case .block:
      let range = valueRange(ofLeaf: index)
      return Array(bytes[4 * range.lowerBound..<4 * range.upperBound])
    }
  }
}
