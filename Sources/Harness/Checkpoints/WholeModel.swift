import Checkpoints
import Kernels
import Models
import Proofs
import Protocol

/// A model with all its parameters, wherever it came from: what a chain can start with, and what an
/// export writes.
public struct WholeModel: Sendable {
  /// Which model it is.
  public let shape: ModelShape
  /// All parameters in the order of the shape's layout; they must not change any more.
  public let parameters: FloatBuffer

  /// A model of these parameters, as many as the shape has.
  public init(shape: ModelShape, parameters: FloatBuffer) {
    precondition(parameters.count == ParameterLayout(shape).count)
    self.shape = shape
    self.parameters = parameters
  }

  /// The model of a folder as `save_pretrained` writes it; throws ``Checkpoints/CheckpointError``.
  public init(checkpointAt path: String) throws(CheckpointError) {
    let checkpoint = try Checkpoint(path)
    self.init(
      shape: checkpoint.configuration.shape, parameters: try checkpoint.readParameters())
  }

  /// The final model of a point of a `chain` result: its start, moved by what the confirmed blocks
  /// published. Adapters are merged.
  ///
  /// Roots, signatures and verdicts are judged on the way; what verifiers saw is not, see ``Audit``.
  ///
  /// - Parameter number: of the point, from 1; may be nil if there is only one.
  ///
  /// Throws ``InputError`` that names `path`.
  public init(
    finalOf file: ResultFile, path: String, point number: Int?, arithmetic: Arithmetic
  ) throws(InputError) {
    let points = file.points
    if let kind = file.attribute("kind"), kind != ChainExperiment.name {
      throw InputError(path, "a result of kind '\(kind)' holds no chain, and so no final model")
    }
    guard let number = number ?? (points.count == 1 ? 1 : nil), (1...points.count).contains(number)
    else {
      throw InputError(
        path,
        "the result has points 1...\(points.count)"
          + (number.map { ", but number \($0) is asked for" } ?? "; say which one is meant"))
    }
    let point = points[number - 1]
    guard point.status == .finished else {
      throw InputError(path, "point \(number) of the result failed: \(point.error)")
    }
    do {
      let chain = try StoredChain(point)
      let plan = try Audit.plan(of: point, chain: chain, workers: arithmetic.workers).plan
      let model = try Self.final(of: chain, plan: plan, arithmetic: arithmetic)
      self.init(
        shape: plan.task.shape,
        parameters: try plan.task.modelParameters(
          model.parameters, start: plan.start, arithmetic: arithmetic))
    } catch { throw InputError(path, "its chain does not hold: \(error)") }
  }

  private static func final(
    of chain: StoredChain, plan: Plan, arithmetic: Arithmetic
  ) throws -> ModelState {
    var model = try plan.initialModel(arithmetic)
    guard plan.genesis(initial: model) == chain.genesis else {
      throw AuditFailure("genesis is not what the spec and the corpus lead to")
    }
    let trainer = try plan.makeTrainer(arithmetic)
    var state = ChainState(chain.genesis)
    var summary = Audit.Summary()
    for (index, stored) in chain.blocks.enumerated() {
      let (record, after, next) = try BlockAudit(
        place: "block \(index + 1)", stored: stored, before: state, parent: model,
        trainer: trainer, checksBallots: false
      ).run(&summary)
      if case .confirmed = record.verdict, let next { model = next }
      state = after
    }
    return model
  }

  /// Reads a checkpoint folder, or the final model of a result file.
  ///
  /// Throws ``InputError``, ``ResultError`` or ``Checkpoints/CheckpointError``.
  public init(readingAt path: String, point: Int?, arithmetic: Arithmetic) throws {
    if InputError.isFolder(path) {
      guard point == nil else {
        throw InputError(path, "it is a folder, a checkpoint; only results have points")
      }
      try self.init(checkpointAt: path)
    } else {
      try InputError.exists(path, what: "a checkpoint folder or a result")
      try self.init(
        finalOf: ResultFile.read(path), path: path, point: point, arithmetic: arithmetic)
    }
  }

  /// Names all parameters, whatever file they were read from.
  public var root: Digest {
    TrainingTask.startCommitment(parameters, workers: Workers(threads: 1)).root
  }
}
