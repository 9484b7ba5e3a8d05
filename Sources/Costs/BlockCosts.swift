import Models
import Proofs
import Protocol

/// What one block of a task costs, from formulas alone: nothing is allocated, so the task may be of a
/// model that no machine here trains. `docs/cost-model.md` writes the formulas down; for tasks that do
/// run they are what the meters of `Protocol` count, to the last operation and byte.
public struct BlockCosts: Sendable {
  /// What an honest step is.
  public private(set) var task: TrainingTask
  /// Operations of one step, by part.
  public let step: ModelFLOPs
  /// Operations of the loss of one microbatch, by part: what the progress check runs.
  public let evaluation: ModelFLOPs
  /// Parameters that are trained, N.
  public let parameterCount: Int
  /// Leaves of each tree over the model, L.
  public let leafCount: Int
  /// The quantized twin in bytes.
  public let twinBytes: UInt128
  /// One published gradient or block update in bytes.
  public let publishedBytes: UInt128
  /// Operations of one microbatch with its gradient.
  let microbatch: ModelFLOPs

  /// The costs of a task. Throws ``CostError/tooLarge`` if one step has more operations than 64 bits
  /// count.
  public init(_ task: TrainingTask) throws(CostError) {
    self.task = task
    let trainable = task.trainable
    parameterCount = trainable.count
    step = trainable.stepFLOPs(
      sequenceCount: Int(task.batchSize), contextLength: Int(task.contextLength))
    evaluation = trainable.lossFLOPs(
      sequenceCount: Int(task.batchSize / task.recipe.microbatchCount),
      contextLength: Int(task.contextLength))
    microbatch = trainable.stepFLOPs(
      sequenceCount: Int(task.batchSize / task.recipe.microbatchCount),
      contextLength: Int(task.contextLength))
    // The layout of a large model is long: what follows from it is kept.
    leafCount = (parameterCount + Int(task.leafValueCount) - 1) / Int(task.leafValueCount)
    twinBytes = UInt128(task.modelFormat.byteCount(values: parameterCount))
    publishedBytes = UInt128(task.gradientByteCount)
    guard step.total < .max else { throw .tooLarge }
  }

  /// The costs of a block of the same task with another number of steps, which is at least a segment
  /// and at most a million.
  ///
  /// - Parameter segment: steps between two committed states, 0 for a segment a microbatch; nil for as
  ///   many as before.
  public func withSteps(_ count: Int, segment: Int? = nil) -> BlockCosts {
    let segment = segment ?? Int(task.recipe.segmentLength)
    precondition(segment >= 0 && (max(1, segment)...1_000_000).contains(count))
    var costs = self
    costs.task.stepsPerBlock = UInt32(count)
    costs.task.recipe.segmentLength = UInt32(segment)
    return costs
  }

  /// Parameters of leaf `index`; the last one may have fewer.
  func leafValueCount(_ index: Int) -> Int {
    precondition((0..<leafCount).contains(index))
    return min(Int(task.leafValueCount), parameterCount - index * Int(task.leafValueCount))
  }

  /// Tokens of one step.
  public var tokensPerStep: Int { Int(task.batchSize) * Int(task.contextLength) }
  /// Steps of one block, S.
  public var stepCount: Int { Int(task.stepsPerBlock) }
  var isPublishedByStep: Bool { task.recipe.quantizationPoint == .step }
  var usesErrorFeedback: Bool { task.recipe.usesErrorFeedback }
}

/// Why there is no cost.
public enum CostError: Error, Sendable, Hashable, CustomStringConvertible {
  /// One step has more than 2^64 - 1 operations.
  case tooLarge
  /// A system of equations has no unique solution.
  case singular(equations: Int, unknowns: Int)

  /// What is wrong, and what helps.
  public var description: String {
    switch self {
    case .tooLarge:
      "one step has more operations than 64 bits count; a smaller batch or context has fewer"
    case .singular(let equations, let unknowns):
      "\(equations) measurements do not fix \(unknowns) unknowns"
    }
  }
}
