import Kernels
import Models
import Proofs
import Quant

/// One model with its two commitments: float32 parameters and their quantized twin.
///
/// The parameters are never changed after the state is made.
public struct ModelState: Sendable {
  /// Flat float32 parameters.
  public let parameters: FloatBuffer
  /// Tree over the parameters as little-endian float32.
  public let parameterTree: MerkleTree
  /// The parameters in the task's model format.
  public let quantized: [UInt8]
  /// Tree over the quantized twin; leaf i covers the same parameters as the other tree's.
  public let quantizedTree: MerkleTree
  /// Names the float32 parameters.
  public let parameterCommitment: Commitment
  /// Names the quantized twin.
  public let quantizedCommitment: Commitment
  /// Optimizer vectors and residual, in the order of ``TrainingState/auxiliary``.
  public let auxiliary: [StateVector]
  /// Tree over them; nil if there are none.
  public let auxiliaryTree: MerkleTree?
  /// Names them.
  public let auxiliaryCommitment: Commitment?

  /// Quantizes and commits `parameters`, which must stay as they are from now on.
  ///
  /// - Parameter auxiliary: optimizer vectors and residual; by default zeros.
  ///
  /// Throws ``QuantError`` if a parameter is not finite.
  public init(
    parameters: FloatBuffer, auxiliary: [StateVector]? = nil, task: TrainingTask, workers: Workers
  ) throws(QuantError) {
    let quantized = try task.quantizedTwin(parameters)
    self.init(
      parameters: parameters, quantized: quantized,
      auxiliary: auxiliary ?? TrainingState(initial: parameters, task: task).auxiliary,
      task: task, workers: workers)
  }

  /// As the first, but some leaves of the twin are others than those of the parameters.
  public init(
    parameters: FloatBuffer, auxiliary: [StateVector], twin: [(index: Int, bytes: [UInt8])],
    task: TrainingTask, workers: Workers
  ) throws {
    var quantized = try task.quantizedTwin(parameters)
    for leaf in twin {
      let range = try task.quantizedCommitment(root: .zero).byteRange(ofLeaf: leaf.index)
      guard leaf.bytes.count == range.count else {
        throw ProofError.wrongLeafByteCount(
          index: leaf.index, actual: leaf.bytes.count, expected: range.count)
      }
      quantized.replaceSubrange(range, with: leaf.bytes)
    }
    self.init(
      parameters: parameters, quantized: quantized, auxiliary: auxiliary, task: task,
      workers: workers)
  }

  /// Commits parameters and a twin as they are, whether or not they belong together.
  init(
    parameters: FloatBuffer, quantized: [UInt8], auxiliary: [StateVector], task: TrainingTask,
    workers: Workers
  ) {
    precondition(auxiliary.count == task.auxiliaryVectorCount)
    self.auxiliary = auxiliary
    auxiliaryTree = task.auxiliaryTree(auxiliary, workers: workers)
    auxiliaryCommitment = auxiliaryTree.flatMap { task.auxiliaryCommitment(root: $0.root) }
    self.parameters = parameters
    self.quantized = quantized
    parameterTree = task.parameterTree(parameters, workers: workers)
    parameterCommitment = task.parameterCommitment(root: parameterTree.root)
    quantizedTree = task.quantizedTree(quantized, workers: workers)
    quantizedCommitment = task.quantizedCommitment(root: quantizedTree.root)
  }

  /// The first model of the chain: the part of the start that is trained.
  ///
  /// Throws ``TrainingError`` if `start` is not what the task commits to or has values without a
  /// quantized form.
  public static func initial(
    task: TrainingTask, start: FloatBuffer? = nil, arithmetic: Arithmetic
  ) throws(TrainingError) -> ModelState {
    let model = try task.startParameters(start, arithmetic: arithmetic)
    let trainable = task.trainable
    let parameters = trainable.initial(
      model: model, seed: task.initializationSeed, arithmetic: arithmetic)
    do throws(QuantError) {
      return try ModelState(parameters: parameters, task: task, workers: arithmetic.workers)
    } catch {
      throw .quantization(error, tensor: "the first model", layout: trainable.layout)
    }
  }

  /// A state to train on from here, with buffers of its own.
  public func trainingState(_ task: TrainingTask) -> TrainingState {
    TrainingState(parameters: parameters, auxiliary: auxiliary, task: task).copy()
  }

  /// Bytes that were hashed to commit both forms.
  public var hashedByteCount: UInt64 {
    UInt64(parameterTree.hashedByteCount + quantizedTree.hashedByteCount)
  }
}

/// What the task fixes about committed byte strings: `docs/protocol.md`, section 5.
extension TrainingTask {
  /// Bytes of all parameters as float32.
  public var parameterByteCount: Int { 4 * parameterCount }
  /// Bytes of one leaf of parameters.
  public var parameterLeafSize: Int { 4 * Int(leafValueCount) }
  /// Bytes of the quantized twin.
  public var quantizedByteCount: Int { modelFormat.byteCount(values: parameterCount) }

  /// The only commitment with `root` that fits this task's parameters.
  public func parameterCommitment(root: Digest) -> Commitment {
    Commitment(
      .parameters, byteCount: parameterByteCount,
      leafSize: parameterLeafSize, root: root)
  }
  /// The only commitment with `root` that fits this task's quantized twin.
  public func quantizedCommitment(root: Digest) -> Commitment {
    Commitment(
      .quantizedModel, byteCount: quantizedByteCount,
      leafSize: modelFormat.byteCount(values: Int(leafValueCount)), root: root)
  }
  /// The only commitment with `root` that fits a step's published gradient.
  public func gradientCommitment(root: Digest) -> Commitment {
    Commitment(
      .gradient, byteCount: gradientByteCount,
      leafSize: gradientLeafSize, root: root)
  }
  /// Bytes of one record of a block's trace.
  public var traceRecordByteCount: Int { TraceRecord.byteCount(accumulations: accumulationCount) }
  /// The only commitment with `root` that fits a block's trace.
  public func traceCommitment(root: Digest) -> Commitment {
    Commitment(
      .trace, byteCount: Int(stepsPerBlock) * traceRecordByteCount, leafSize: traceRecordByteCount,
      root: root)
  }

  /// Tree over parameters as little-endian float32.
  public func parameterTree(_ parameters: FloatBuffer, workers: Workers) -> MerkleTree {
    parameters.withUnsafeBytes { bytes in
      MerkleTree(bytes: bytes, leafSize: parameterLeafSize, concurrently: workers.run)
    }
  }
  /// Tree over a quantized twin.
  public func quantizedTree(_ bytes: [UInt8], workers: Workers) -> MerkleTree {
    tree(bytes, leafSize: modelFormat.byteCount(values: Int(leafValueCount)), workers)
  }
  /// Tree over a step's published gradient.
  public func gradientTree(_ bytes: [UInt8], workers: Workers) -> MerkleTree {
    tree(bytes, leafSize: gradientLeafSize, workers)
  }

  private func tree(_ bytes: [UInt8], leafSize: Int, _ workers: Workers) -> MerkleTree {
    bytes.withUnsafeBytes { MerkleTree(bytes: $0, leafSize: leafSize, concurrently: workers.run) }
  }
}
