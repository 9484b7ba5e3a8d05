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
  let workspace: ModelWorkspace
  let gradient: FloatBuffer

  /// What an honest step gives.
  public struct Step: Sendable, Hashable {
    /// Mean cross-entropy of the minibatch, nats a token.
    public let loss: Float
    /// The gradient in the task's step format: consensus bytes where it is published.
    public let gradient: [UInt8]
    /// Digest of the minibatch.
    public let batchDigest: Digest
    /// What was accumulated after each microbatch but the last, where that is committed.
    public let accumulations: [[UInt8]]

    /// A step as a miner claims it.
    public init(
      loss: Float, gradient: [UInt8], batchDigest: Digest, accumulations: [[UInt8]] = []
    ) {
      self.loss = loss
      self.gradient = gradient
      self.batchDigest = batchDigest
      self.accumulations = accumulations
    }

    /// Without its accumulations, and without its gradient, which may be large, unless that is to be
    /// kept.
    func forgettingGradient(unless isKept: Bool) -> Step {
      Step(loss: loss, gradient: isKept ? gradient : [], batchDigest: batchDigest)
    }
  }

  /// Allocates for the task's batches. `corpus` must be the one that the task commits to, and so
  /// must `start`, all parameters of the model that training starts from, if it commits to them.
  ///
  /// Throws ``TrainingError`` when corpus or start are others, or the corpus is too short.
  public init(
    task: TrainingTask, corpus: Corpus, start: FloatBuffer? = nil, arithmetic: Arithmetic
  ) throws(TrainingError) {
    guard corpus.isCommitted(by: task.corpus, workers: arithmetic.workers) else {
      throw .otherCorpus
    }
    self.task = task
    self.corpus = corpus
    self.arithmetic = arithmetic
    guard corpus.tokenWidth == task.dataRule.tokenWidth else { throw .otherCorpus }
    do { try corpus.requireTokens(below: task.shape.vocabularySize) } catch {
      throw .model(error)
    }
    model = try task.languageModel(start: start, arithmetic: arithmetic)
    workspace = model.makeWorkspace(
      sequenceCount: Int(task.batchSize / task.recipe.microbatchCount),
      contextLength: Int(task.contextLength))
    gradient = FloatBuffer(count: task.parameterCount)
  }

  /// Digest of the minibatch of step `step`.
  public func batchDigest(step: Int, seed: Digest) throws(TrainingError) -> Digest {
    digest(of: try batch(startingAt: starts(step: step, seed: seed)))
  }

  /// The loss and the quantized gradient of step `step` at `state`, whose residual it moves on.
  public func compute(
    step: Int, state: TrainingState, seed: Digest, meter: inout PhaseMeter,
    phases: (compute: Phase, quantize: Phase)
  ) throws(TrainingError) -> Step {
    try compute(
      startingAt: starts(step: step, seed: seed), state: state, meter: &meter, phases: phases)
  }

  /// The loss and the quantized gradient of the minibatch of sequences that start at `starts`.
  ///
  /// - Parameters:
  ///   - observer: sees the operators of loss and gradient.
  ///   - steering: changes the clipped gradient before it is quantized; an honest step has none.
  func compute(
    startingAt starts: [Int], state: TrainingState, meter: inout PhaseMeter,
    phases: (compute: Phase, quantize: Phase), observer: (any OperatorObserver)? = nil,
    steering: (Vector) -> Void = { _ in }
  ) throws(TrainingError) -> Step {
    let batch = try batch(startingAt: starts)
    workspace.observer = observer
    defer { workspace.observer = nil }
    var accumulations: [[UInt8]] = []
    let loss = meter.measure(phases.compute) { work in
      let before = workspace.flops.total
      defer { work.flops += workspace.flops.total - before }
      // In parts as large as the workspace, with the bits of the whole.
      return model.lossAndGradient(
        state.parameters, on: batch, parts: workspace.parts(of: batch), gradient: gradient,
        in: workspace
      ) { _ in
        guard task.recipe.commitsMicrobatches else { return }
        accumulations.append(model.accumulation(of: batch, gradient: gradient, in: workspace))
      }
    }
    guard let loss, loss.isFinite else { throw .model(.nonFiniteLoss(loss ?? .nan)) }
    return try conclude(
      loss: loss, batchDigest: digest(of: batch), accumulations: accumulations, state: state,
      meter: &meter, phase: phases.quantize, steering: steering)
  }

  /// What one microbatch of a step leads to.
  enum Microbatch {
    /// What is carried to the next one.
    case accumulation([UInt8])
    /// The step, after the last one.
    case step(Step)
  }

  /// One microbatch of step `step` at `state`, whose residual the last one moves on.
  ///
  /// - Parameter accumulation: what was accumulated before, of the right size; nil for the first
  ///   microbatch, and where this trainer computed the one before last.
  func compute(
    microbatch part: Int, of step: Int, resuming accumulation: [UInt8]?, state: TrainingState,
    seed: Digest, meter: inout PhaseMeter, phase: Phase
  ) throws(TrainingError) -> Microbatch {
    let batch = try batch(startingAt: starts(step: step, seed: seed))
    let loss = meter.measure(phase) { work in
      let before = workspace.flops.total
      defer { work.flops += workspace.flops.total - before }
      if let accumulation {
        model.resume(
          accumulation, after: part - 1, of: batch, gradient: gradient, in: workspace)
      }
      return model.lossAndGradient(
        state.parameters, on: batch, parts: part..<part + 1, gradient: gradient, in: workspace,
        afterPart: { _ in })
    }
    guard let loss else {
      return .accumulation(model.accumulation(of: batch, gradient: gradient, in: workspace))
    }
    guard loss.isFinite else { throw .model(.nonFiniteLoss(loss)) }
    return .step(
      try conclude(
        loss: loss, batchDigest: digest(of: batch), state: state, meter: &meter, phase: phase))
  }

  /// What follows when ``gradient`` holds that of a step: it is clipped, and quantized where steps are
  /// published.
  func conclude(
    loss: Float, batchDigest digest: Digest, accumulations: [[UInt8]] = [], state: TrainingState,
    meter: inout PhaseMeter, phase: Phase, steering: (Vector) -> Void = { _ in }
  ) throws(TrainingError) -> Step {
    let values = Vector(gradient, count: gradient.count)
    if task.recipe.clipNorm > 0 {
      let norm = arithmetic.clip(values, toNorm: task.recipe.clipNorm)
      guard norm.isFinite else { throw .nonFiniteNorm(norm) }
    }
    steering(values)
    let isPublished = task.recipe.quantizationPoint == .step
    let bytes = try meter.measure(phase) { work throws(TrainingError) in
      guard isPublished else {
        do throws(QuantError) {
          return try task.encodeStep(gradient, batchDigest: digest)
        } catch {
          throw TrainingError.quantization(error, tensor: "gradient", layout: model.layout)
        }
      }
      return try quantize(
        values, batchDigest: digest, feedback: state.residual, work: &work)
    }
    return Step(
      loss: loss, gradient: bytes, batchDigest: digest, accumulations: accumulations)
  }

  /// A step whose gradient is moved towards that of `target`, by `strength` times its own norm: what a
  /// miner publishes that steers the model within a tolerance.
  func steered(
    step: Int, state: TrainingState, seed: Digest, toward target: TokenBatch, strength: Float,
    meter: inout PhaseMeter
  ) throws(TrainingError) -> Step {
    let direction = FloatBuffer(count: gradient.count)
    let loss = model.lossAndGradient(
      state.parameters, on: target, gradient: direction, in: workspace)
    guard loss.isFinite else { throw .model(.nonFiniteLoss(loss)) }
    let wanted = Vector(direction)
    let length = arithmetic.norm(of: wanted)
    return try compute(
      startingAt: starts(step: step, seed: seed), state: state, meter: &meter,
      phases: (.training, .quantization)
    ) { values in
      guard length > 0 else { return }
      arithmetic.axpy(strength * arithmetic.norm(of: values) / length, wanted, onto: values)
    }
  }

  /// Mean cross-entropy of a model on any text, nats a token; the number of sequences must be a
  /// multiple of that of a microbatch.
  public func loss(at parameters: FloatBuffer, on batch: TokenBatch) -> Float {
    model.loss(parameters, on: batch, in: workspace)
  }

  /// Packs `values`; with feedback, what was dropped before is added first and what is dropped now
  /// is kept.
  private func quantize(
    _ values: Vector, batchDigest: Digest, feedback residual: FloatBuffer?, work: inout Work
  ) throws(TrainingError) -> [UInt8] {
    work.quantizedValues += UInt64(values.count)
    if let residual {
      arithmetic.axpy(1, Vector(residual, count: residual.count), onto: values)
    }
    let bytes: [UInt8]
    do throws(QuantError) {
      bytes = try task.publishedBytes(
        values.buffer, batchDigest: batchDigest, arithmetic: arithmetic)
    } catch {
      throw task.lowRankForm == nil
        ? .quantization(error, tensor: "gradient", layout: model.layout)
        : .quantization(error, place: "factors of the update")
    }
    if let residual {
      let kept = Vector(residual, count: residual.count)
      work.quantizedValues += UInt64(values.count)
      do throws(QuantError) {
        try task.readPublished(
          bytes, range: 0..<kept.count, into: kept, arithmetic: arithmetic)
      } catch {
        throw .quantization(error, tensor: "gradient", layout: model.layout)
      }
      arithmetic.subtract(values, kept, into: kept)
    }
    return bytes
  }

  /// Moves `state` by a step's gradient in the task's step format.
  ///
  /// - Parameter number: of the step since genesis, from 0.
  public func apply(
    _ gradientBytes: [UInt8], step number: Int, to state: TrainingState
  ) throws(TrainingError) {
    do {
      try task.applyUpdate(
        gradientBytes, step: number,
        to: Vector(state.parameters, count: state.parameters.count), moments: state.moments,
        scratch: gradient, arithmetic: arithmetic)
    } catch {
      switch error {
      case .gradient(let error):
        throw .quantization(error, tensor: "published gradient", layout: model.layout)
      case .state(let error, let name):
        throw .quantization(error, tensor: "optimizer's \(name)", layout: model.layout)
      }
    }
  }

  /// Norm of the difference of two gradients in the published format over that of `honest`; NaN if
  /// `honest` is all zeros.
  public func distance(_ published: [UInt8], from honest: [UInt8]) throws(QuantError) -> Float {
    let values = Vector(gradient, count: gradient.count)
    let other = Vector(FloatBuffer(count: gradient.count), count: gradient.count)
    try task.gradientFormat.dequantize(honest, into: values)
    let norm = arithmetic.norm(of: values)
    try task.gradientFormat.dequantize(published, into: other)
    arithmetic.subtract(other, values, into: other)
    return arithmetic.norm(of: other) / norm
  }

  /// The quantized difference between `state` after local steps and the parameters before the
  /// block; moves the residual on. Only where the block is quantized as a whole.
  ///
  /// - Parameter batchDigest: that of the last minibatch, from which stochastic rounding draws.
  public func blockUpdate(
    _ state: TrainingState, before: FloatBuffer, batchDigest: Digest, work: inout Work
  ) throws(TrainingError) -> [UInt8] {
    let values = Vector(gradient, count: gradient.count)
    arithmetic.subtract(
      Vector(state.parameters, count: values.count), Vector(before, count: values.count),
      into: values)
    return try quantize(
      values, batchDigest: batchDigest, feedback: state.residual, work: &work)
  }

  /// Adds a published block update to parameters: after = before + dequantize(published).
  public func add(_ published: [UInt8], to parameters: FloatBuffer) throws(TrainingError) {
    do {
      try task.addUpdate(
        published, range: 0..<parameters.count,
        to: Vector(parameters, count: parameters.count), scratch: gradient,
        arithmetic: arithmetic)
    } catch { throw .quantization(error, tensor: "published update", layout: model.layout) }
  }

  /// The parameters after a block, from those before and what was published.
  ///
  /// - Parameter firstStep: number of the block's first step since genesis.
  public func derive(
    _ published: [[UInt8]], firstStep: Int, from parent: ModelState
  ) throws(TrainingError) -> TrainingState {
    let state = parent.trainingState(task)
    for (index, bytes) in published.enumerated() {
      switch task.recipe.quantizationPoint {
      case .step: try apply(bytes, step: firstStep + index, to: state)
      case .block: try add(bytes, to: state.parameters)
      }
    }
    return state
  }

  /// Mean cross-entropy of a quantized model on the sequences that start at `starts`, a whole
  /// number of microbatches: the mean of their means, added in ascending order. The model stays
  /// packed where its format has short records (`PackedVector.offers`).
  public func loss(
    ofQuantized bytes: [UInt8], startingAt starts: [Int], work: inout Work
  ) throws(TrainingError) -> Float {
    let batchSize = Int(task.batchSize / task.recipe.microbatchCount)
    precondition(!starts.isEmpty && starts.count % batchSize == 0)
    let twin: Twin
    do { twin = try self.twin(bytes) } catch {
      throw .quantization(error, tensor: "quantized model", layout: model.layout)
    }
    work.quantizedValues += UInt64(task.parameterCount)
    let flopsBefore = workspace.flops.total
    defer { work.flops += workspace.flops.total - flopsBefore }
    var sum: Float = 0
    for first in stride(from: 0, to: starts.count, by: batchSize) {
      do {
        let batch = try corpus.batch(
          startingAt: Array(starts[first..<first + batchSize]),
          contextLength: Int(task.contextLength))
        switch twin {
        case .packed(let parameters): sum += model.loss(parameters, on: batch, in: workspace)
        case .unpacked(let parameters): sum += model.loss(parameters, on: batch, in: workspace)
        }
      } catch { throw .model(error) }
    }
    let loss = sum / Float(starts.count / batchSize)
    guard loss.isFinite else { throw .model(.nonFiniteLoss(loss)) }
    return loss
  }

  /// A quantized model that a forward pass reads.
  private enum Twin {
    case packed(PackedParameters)
    case unpacked(FloatBuffer)
  }

  /// Checks all bytes.
  private func twin(_ bytes: [UInt8]) throws(QuantError) -> Twin {
    let format = task.modelFormat
    guard PackedVector.offers(format) else {
      try format.dequantize(bytes, into: Vector(gradient, count: gradient.count))
      return .unpacked(gradient)
    }
    let values = try PackedVector(
      format, bytes: bytes, count: task.parameterCount, arithmetic: arithmetic)
    return .packed(PackedParameters(values, layout: model.layout, arithmetic: arithmetic))
  }

  func starts(step: Int, seed: Digest) -> [Int] {
    task.dataRule.batchStarts(
      trainingSeed: seed, step: step, count: Int(task.batchSize),
      contextLength: Int(task.contextLength))
  }

  func batch(startingAt starts: [Int]) throws(TrainingError) -> TokenBatch {
    do {
      return try corpus.batch(startingAt: starts, contextLength: Int(task.contextLength))
    } catch { throw .model(error) }
  }

  func digest(of batch: TokenBatch) -> Digest {
    var writer = CanonicalWriter(reservingCapacity: 8 * batch.positionCount)
    for values in [batch.tokens, batch.targets] {
      for value in values { writer.append(UInt32(bitPattern: value)) }
    }
    return Digest.tagged("PoGO/batch", writer.bytes)
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
  /// The parameters to start from are not the ones that the task commits to.
  case otherStart
  case model(ModelError)
  /// The gradient is too large to be clipped.
  case nonFiniteNorm(Float)
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
    case .otherStart: "the parameters to start from are not the ones that the task commits to"
    case .model(let error): error.description
    case .nonFiniteNorm(let norm):
      "training diverged: the norm of the gradient is \(norm); a smaller learning rate helps"
    case .quantization(let error, let place): "\(place): \(error)"
    }
  }
}
