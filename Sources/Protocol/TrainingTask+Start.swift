import Kernels
import Models
import Proofs

/// Where training starts: `docs/protocol.md`, section 3.
extension TrainingTask {
  /// Bytes of a leaf of the commitment to a start.
  static let startLeafSize = 4096

  /// Names all parameters of a model as the start of a task.
  public static func startCommitment(_ parameters: FloatBuffer, workers: Workers) -> Commitment {
    let tree = parameters.withUnsafeBytes {
      MerkleTree(bytes: $0, leafSize: startLeafSize, concurrently: workers.run)
    }
    return Commitment(
      .parameters, byteCount: 4 * parameters.count, leafSize: startLeafSize, root: tree.root)
  }

  /// All parameters of the model that training starts from: `start`, which must be what the task
  /// commits to, or what is drawn from its seed if it commits to nothing.
  ///
  /// Throws ``TrainingError/otherStart`` if they are not the task's.
  public func startParameters(
    _ start: FloatBuffer?, arithmetic: Arithmetic
  ) throws(TrainingError) -> FloatBuffer {
    let layout = ParameterLayout(shape)
    guard let commitment = self.start else {
      guard start == nil else { throw .otherStart }
      let parameters = FloatBuffer(count: layout.count)
      layout.initialize(parameters, seed: initializationSeed, arithmetic: arithmetic)
      return parameters
    }
    guard let start, start.count == layout.count,
      Self.startCommitment(start, workers: arithmetic.workers) == commitment
    else { throw .otherStart }
    return start
  }

  /// The model whose flat vector is what this task trains.
  func languageModel(
    start: FloatBuffer?, arithmetic: Arithmetic
  ) throws(TrainingError) -> any LanguageModel {
    if fineTuning.trainsEverything { return shape.languageModel(arithmetic: arithmetic) }
    return FineTunedModel(
      trainable, start: try startParameters(start, arithmetic: arithmetic), arithmetic: arithmetic)
  }

  /// All parameters of the model whose trained part has these values, to be evaluated or exported.
  public func modelParameters(
    _ trained: FloatBuffer, start: FloatBuffer?, arithmetic: Arithmetic
  ) throws(TrainingError) -> FloatBuffer {
    if fineTuning.trainsEverything { return trained }
    let model = FineTunedModel(
      trainable, start: try startParameters(start, arithmetic: arithmetic), arithmetic: arithmetic)
    return model.modelParameters(trained)
  }
}
