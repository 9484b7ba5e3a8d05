import Kernels
import Models
import Proofs
import Quant

/// Computes training steps exactly as the task says; miner and replaying verifier share it, so
/// there is one definition of an honest step (`docs/protocol.md`, section 3).
///
/// Owns its workspaces: one trainer serves one participant at a time.
public final class Trainer {
  /// What an honest step is.
  public let task: TrainingTask
  /// The text that is trained on.
  public let corpus: Corpus
  /// How it is computed; none changes a bit.
  public let arithmetic: Arithmetic
  let model: any LanguageModel
  private let windows: Int
  private let workspace: ModelWorkspace
  private let gradient: FloatBuffer

  /// What an honest step gives.
  public struct Step: Sendable, Hashable {
    /// Mean cross-entropy of the minibatch, nats a token.
    public let loss: Float
    /// The gradient in the task's format: consensus bytes.
    public let gradient: [UInt8]
    /// Digest of the minibatch.
    public let batchDigest: Digest
  }

  /// Allocates for the task's batches. `corpus` must be the one that the task commits to.
  ///
  /// Throws ``TrainingError`` when the corpus is another or too short.
  public init(
    task: TrainingTask, corpus: Corpus, arithmetic: Arithmetic
  ) throws(TrainingError) {
    guard corpus.isCommitted(by: task.corpus, workers: arithmetic.workers) else {
      throw .otherCorpus
    }
    self.task = task
    self.corpus = corpus
    self.arithmetic = arithmetic
    do { windows = try corpus.windowCount(contextLength: Int(task.contextLength)) } catch {
      throw .model(error)
    }
    model = task.shape.languageModel(arithmetic: arithmetic)
    workspace = model.makeWorkspace(
      sequenceCount: Int(task.batchSize), contextLength: Int(task.contextLength))
    gradient = FloatBuffer(count: task.parameterCount)
  }

  /// Number of places where a sequence can start.
  public var corpusWindows: Int { windows }

  /// Digest of the minibatch of step `step`.
  public func batchDigest(step: Int, seed: Digest) throws(TrainingError) -> Digest {
    digest(of: try batch(startingAt: starts(step: step, seed: seed)))
  }

  /// The loss and the quantized gradient of step `step` at `parameters`.
  public func compute(
    step: Int, parameters: FloatBuffer, seed: Digest, meter: inout PhaseMeter,
    phases: (compute: Phase, quantize: Phase)
  ) throws(TrainingError) -> Step {
    try compute(
      startingAt: starts(step: step, seed: seed), parameters: parameters, meter: &meter,
      phases: phases)
  }

  /// The loss and the quantized gradient of the minibatch of sequences that start at `starts`.
  func compute(
    startingAt starts: [Int], parameters: FloatBuffer, meter: inout PhaseMeter,
    phases: (compute: Phase, quantize: Phase)
  ) throws(TrainingError) -> Step {
    let batch = try batch(startingAt: starts)
    let loss = meter.measure(phases.compute) { work in
      let before = workspace.flops.total
      defer { work.flops += workspace.flops.total - before }
      return model.lossAndGradient(parameters, on: batch, gradient: gradient, in: workspace)
    }
    guard loss.isFinite else { throw .model(.nonFiniteLoss(loss)) }
    let bytes = try meter.measure(phases.quantize) { work throws(TrainingError) in
      work.quantizedValues += UInt64(gradient.count)
      do throws(QuantError) { return try task.gradientFormat.quantize(gradient) } catch {
        throw TrainingError.quantization(error, tensor: "gradient", layout: model.layout)
      }
    }
    return Step(loss: loss, gradient: bytes, batchDigest: digest(of: batch))
  }

  /// Applies a published gradient: after = fma(-learningRate, dequantize(published), before).
  public func apply(_ published: [UInt8], to parameters: FloatBuffer) throws(TrainingError) {
    do {
      try task.applyUpdate(
        published, to: Vector(parameters, count: parameters.count), scratch: gradient,
        arithmetic: arithmetic)
    } catch { throw .quantization(error, tensor: "published gradient", layout: model.layout) }
  }

  /// Mean cross-entropy of a quantized model on the sequences that start at `starts`, a whole
  /// number of minibatches: the mean of the batches' means, added in ascending order.
  public func loss(
    ofQuantized bytes: [UInt8], startingAt starts: [Int], work: inout Work
  ) throws(TrainingError) -> Float {
    let batchSize = Int(task.batchSize)
    precondition(!starts.isEmpty && starts.count % batchSize == 0)
    let parameters = gradient
    do {
      try task.modelFormat.dequantize(bytes, into: Vector(parameters, count: parameters.count))
    } catch {
      throw .quantization(error, tensor: "quantized model", layout: model.layout)
    }
    work.quantizedValues += UInt64(parameters.count)
    let flopsBefore = workspace.flops.total
    defer { work.flops += workspace.flops.total - flopsBefore }
    var sum: Float = 0
    for first in stride(from: 0, to: starts.count, by: batchSize) {
      do {
        let batch = try corpus.batch(
          startingAt: Array(starts[first..<first + batchSize]),
          contextLength: Int(task.contextLength))
        sum += model.loss(parameters, on: batch, in: workspace)
      } catch { throw .model(error) }
    }
    let loss = sum / Float(starts.count / batchSize)
    guard loss.isFinite else { throw .model(.nonFiniteLoss(loss)) }
    return loss
  }

  private func starts(step: Int, seed: Digest) -> [Int] {
    Randomness.batchStarts(
      trainingSeed: seed, step: step, count: Int(task.batchSize), windows: windows)
  }

  private func batch(startingAt starts: [Int]) throws(TrainingError) -> TokenBatch {
    do {
      return try corpus.batch(startingAt: starts, contextLength: Int(task.contextLength))
    } catch { throw .model(error) }
  }

  private func digest(of batch: TokenBatch) -> Digest {
    var writer = CanonicalWriter(reservingCapacity: 8 * batch.positionCount)
    for values in [batch.tokens, batch.targets] {
      for value in values { writer.append(UInt32(bitPattern: value)) }
    }
    return Digest.tagged("PoGO/batch", writer.bytes)
  }
}

extension TrainingTask {
  /// The update rule of one step on some whole groups of parameters: the same for the whole model
  /// and for a single leaf.
  ///
  /// - Parameters:
  ///   - published: quantized gradient of the same parameters.
  ///   - scratch: at least as long as `parameters`; overwritten.
  func applyUpdate(
    _ published: [UInt8], to parameters: Vector, scratch: FloatBuffer, arithmetic: Arithmetic
  ) throws(QuantError) {
    let gradient = Vector(scratch, count: parameters.count)
    try gradientFormat.dequantize(published, into: gradient)
    arithmetic.sgdStep(parameters: parameters, gradient: gradient, learningRate: learningRate)
  }
}

extension Corpus {
  /// Whether `commitment` is one to this text.
  func isCommitted(by commitment: Commitment, workers: Workers) -> Bool {
    guard commitment.kind == .corpus, commitment.byteCount == UInt64(bytes.count) else {
      return false
    }
    let tree = bytes.withUnsafeBytes {
      MerkleTree(bytes: $0, leafSize: Int(commitment.leafSize), concurrently: workers.run)
    }
    return tree.root == commitment.root
  }
}

/// Why a step could not be computed.
public enum TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The text is not the one that the task commits to.
  case otherCorpus
  case model(ModelError)
  /// Values that have no quantized form; `place` names tensor and element.
  case quantization(QuantError, place: String)

  static func quantization(
    _ error: QuantError, tensor: String, layout: ParameterLayout
  ) -> TrainingError {
    var place = tensor
    if case .notFinite(let index) = error, let found = layout.location(of: index) {
      place += " of \(found.tensor.name)[\(found.element)]"
    }
    return .quantization(error, place: place)
  }

  public var description: String {
    switch self {
    case .otherCorpus: "the corpus is not the one that the task commits to"
    case .model(let error): error.description
    case .quantization(let error, let place): "\(place): \(error)"
    }
  }
}
