import Kernels

/// A decoder that is trained on the mean cross-entropy of the next token.
///
/// Parameters and gradients are flat vectors in the order of ``layout``. Equal parameters, batch and
/// shape give equal bits on every machine (`docs/arithmetic.md`), whatever the workspace did before.
public protocol LanguageModel: Sendable {
  /// Dimensions of the model.
  var shape: ModelShape { get }
  /// Order of the parameters in the flat vector.
  var layout: ParameterLayout { get }

  /// Memory for batches of `sequenceCount` sequences of `contextLength` tokens, which must be in
  /// 1 ... `shape.contextLength`.
  func makeWorkspace(sequenceCount: Int, contextLength: Int) -> ModelWorkspace

  /// Mean cross-entropy of `batch` in nats a token.
  ///
  /// - Parameters:
  ///   - parameters: flat vector of `layout.count` elements.
  ///   - workspace: one that this model made for the batch's context and for a number of sequences that
  ///     divides the batch's. The batch is computed in parts of so many, with the bits of the whole.
  func loss(
    _ parameters: FloatBuffer, on batch: TokenBatch, in workspace: ModelWorkspace
  ) -> Float

  /// Mean cross-entropy of `batch` with packed parameters: the bits of the other `loss` with the same
  /// parameters unpacked, without ever unpacking them as a whole.
  func loss(
    _ parameters: PackedParameters, on batch: TokenBatch, in workspace: ModelWorkspace
  ) -> Float

  /// Some parts of the mean cross-entropy of `batch` and of its gradient with respect to every parameter.
  /// Parts that do not begin with the first go on from where the workspace is, or from what
  /// ``resume(_:after:of:gradient:in:)`` put there.
  ///
  /// - Parameters:
  ///   - parts: parts of as many sequences as the workspace has, at least one.
  ///   - gradient: flat vector of `layout.count` elements; the first part overwrites it.
  ///   - afterPart: called after each part but the last of the batch, when
  ///     ``accumulation(of:gradient:in:)`` may be asked.
  /// - Returns: the loss after the last part of the batch, when `gradient` is whole; else nil.
  func lossAndGradient(
    _ parameters: FloatBuffer, on batch: TokenBatch, parts: Range<Int>, gradient: FloatBuffer,
    in workspace: ModelWorkspace, afterPart: (Int) -> Void
  ) -> Float?

  /// What is carried from the part of a batch that was computed last to the next, as bytes (`docs/protocol.md`, section 3):
  /// losses of positions, sums of input embeddings where they are trained, and the gradient.
  func accumulation(
    of batch: TokenBatch, gradient: FloatBuffer, in workspace: ModelWorkspace
  ) -> [UInt8]

  /// Puts the workspace and `gradient` where they were after a part.
  ///
  /// - Parameter accumulation: of as many bytes as ``TrainableParameters/accumulationByteCount(positionCount:)``
  ///   says.
  func resume(
    _ accumulation: [UInt8], after part: Int, of batch: TokenBatch, gradient: FloatBuffer,
    in workspace: ModelWorkspace)
}

extension LanguageModel {
  /// Mean cross-entropy of `batch`, and its gradient with respect to every parameter.
  ///
  /// - Parameter gradient: flat vector of `layout.count` elements; overwritten.
  public func lossAndGradient(
    _ parameters: FloatBuffer, on batch: TokenBatch, gradient: FloatBuffer,
    in workspace: ModelWorkspace
  ) -> Float {
    guard
      let loss = lossAndGradient(
        parameters, on: batch, parts: workspace.parts(of: batch), gradient: gradient, in: workspace,
        afterPart: { _ in })
    else { preconditionFailure("the last part has a loss") }
    return loss
  }

  public func accumulation(
    of batch: TokenBatch, gradient: FloatBuffer, in workspace: ModelWorkspace
  ) -> [UInt8] {
    workspace.accumulation(of: batch, gradient: gradient, withSums: true)
  }

  public func resume(
    _ accumulation: [UInt8], after part: Int, of batch: TokenBatch, gradient: FloatBuffer,
    in workspace: ModelWorkspace
  ) {
    workspace.resume(accumulation, after: part, of: batch, gradient: gradient, withSums: true)
  }
}

extension ModelShape {
  /// The model of this shape, computed in `arithmetic`.
  public func languageModel(arithmetic: Arithmetic) -> any LanguageModel {
    switch architecture {
    case .gpt3: GPT3(shape: self, arithmetic: arithmetic)
    case .gemma3: Gemma3(shape: self, arithmetic: arithmetic)
    }
  }
}

/// Activations and their gradients of one batch shape, allocated once and reused for every step.
///
/// Not safe for two passes at the same time: each miner and each verifier has its own.
public class ModelWorkspace {
  /// Shape that the activations belong to.
  public let shape: ModelShape
  /// Sequences in a batch, B.
  public let sequenceCount: Int
  /// Tokens in a sequence, T.
  public let contextLength: Int
  /// Bytes of all activations, while a batch has ``sequenceCount`` sequences.
  public let byteCount: Int
  /// Operations done in this workspace so far, counted where they happen.
  public internal(set) var flops = ModelFLOPs()
  /// What backward passes in this workspace compute.
  var weightGradients = WeightGradients.all
  /// The part of the batch at work, from 0.
  private(set) var part = 0
  /// Whether the part at work is not the first of its batch, so that gradients of weights are added
  /// to those of the parts before.
  var continuesBatch: Bool { part > 0 }
  /// Who sees the operators of passes over float32 parameters; nil if nobody does.
  public var observer: (any OperatorObserver)?
  /// Where in a pass the next operator stands.
  var place = OperatorPlace.end

  /// What the token embedding gets as inputs.
  let inputEmbedding: InputEmbeddingGradient
  /// Losses of a batch's positions.
  private(set) var losses: FloatBuffer
  /// Their mean.
  private let mean = Vector(FloatBuffer(count: 1))

  init(shape: ModelShape, sequenceCount: Int, contextLength: Int, memory: WorkspaceMemory) {
    precondition(sequenceCount > 0 && contextLength > 0 && contextLength <= shape.contextLength)
    self.shape = shape
    self.sequenceCount = sequenceCount
    self.contextLength = contextLength
    var memory = memory
    inputEmbedding = InputEmbeddingGradient(
      vocabularySize: shape.vocabularySize, dModel: shape.dModel,
      positionCount: sequenceCount * contextLength, memory: &memory)
    losses = memory.vector(sequenceCount * contextLength).buffer
    byteCount = memory.byteCount
  }

  /// Memory that holds the same in every pass where no operator writes: what is frozen.
  public var constants: [FloatBuffer] { [] }

  /// Whether the workspace is for parts of this batch, of a model of this shape.
  func fits(_ batch: TokenBatch, _ shape: ModelShape) -> Bool {
    self.shape == shape && contextLength == batch.contextLength
      && batch.sequenceCount.isMultiple(of: sequenceCount)
  }

  func reserveLosses(of batch: TokenBatch) {
    if losses.count < batch.positionCount { losses = FloatBuffer(count: batch.positionCount) }
  }

  /// The mean cross-entropy of `batch`, computed in parts of ``sequenceCount`` sequences.
  ///
  /// - Parameter logits: where `forward` leaves those of a part.
  func meanLoss(
    of batch: TokenBatch, logits: Matrix, arithmetic: Arithmetic, forward: (TokenBatch) -> Void
  ) -> Float {
    meanLoss(
      of: batch, parts: parts(of: batch), logits: logits, gradientScale: nil, arithmetic,
      forward: forward, backward: { _ in }, afterPart: { _ in })
  }

  /// As the first for some parts; calls `backward` after `forward` for each, when the logits are their
  /// own gradient. What it returns is the mean over the batch only after the last part.
  func meanLoss(
    of batch: TokenBatch, parts: Range<Int>, logits: Matrix, arithmetic: Arithmetic,
    forward: (TokenBatch) -> Void, backward: (TokenBatch) -> Void, afterPart: (Int) -> Void
  ) -> Float {
    meanLoss(
      of: batch, parts: parts, logits: logits, gradientScale: 1 / Float(batch.positionCount),
      arithmetic, forward: forward, backward: backward, afterPart: afterPart)
  }

  /// Parts in which a batch is computed.
  public func parts(of batch: TokenBatch) -> Range<Int> { 0..<batch.sequenceCount / sequenceCount }

  private func meanLoss(
    of batch: TokenBatch, parts: Range<Int>, logits: Matrix, gradientScale: Float?,
    _ arithmetic: Arithmetic, forward: (TokenBatch) -> Void, backward: (TokenBatch) -> Void,
    afterPart: (Int) -> Void
  ) -> Float {
    let all = self.parts(of: batch)
    precondition(!parts.isEmpty && parts.lowerBound >= 0 && parts.upperBound <= all.count)
    reserveLosses(of: batch)
    let metered = MeteredArithmetic(arithmetic: arithmetic, workspace: self)
    for number in parts {
      let first = number * sequenceCount
      let sequences = batch.sequences(first..<first + sequenceCount)
      part = number
      forward(sequences)
      metered.softmaxCrossEntropy(
        logits: logits, targets: sequences.targets,
        losses: Vector(losses, offset: first * contextLength, count: sequences.positionCount),
        gradientScale: gradientScale)
      backward(sequences)
      if number < all.count - 1 { afterPart(number) }
    }
    guard parts.upperBound == all.count else { return .nan }
    place = .end
    metered.mean(Vector(losses, count: batch.positionCount), into: mean)
    return mean[0]
  }
}
