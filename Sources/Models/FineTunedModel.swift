import Kernels

/// A model of which only a part is trained, as a model of its own: its flat vector is that part, and
/// everything above trains, quantizes, commits and checks it without knowing the rest.
public struct FineTunedModel: LanguageModel {
  /// What is trained.
  public let trainable: TrainableParameters
  private let model: any LanguageModel
  private let start: FloatBuffer
  private let arithmetic: Arithmetic

  /// Dimensions of the whole model.
  public var shape: ModelShape { model.shape }
  /// Order of the parameters that are trained.
  public var layout: ParameterLayout { trainable.layout }

  /// A model whose other parameters stay as they are in `start`, which must not change any more.
  public init(_ trainable: TrainableParameters, start: FloatBuffer, arithmetic: Arithmetic) {
    precondition(start.count == trainable.modelLayout.count)
    self.trainable = trainable
    self.start = start
    self.arithmetic = arithmetic
    model = trainable.shape.languageModel(arithmetic: arithmetic)
  }

  public func makeWorkspace(sequenceCount: Int, contextLength: Int) -> ModelWorkspace {
    Workspace(
      model.makeWorkspace(sequenceCount: sequenceCount, contextLength: contextLength),
      trainable: trainable, start: start)
  }

  public func loss(
    _ parameters: FloatBuffer, on batch: TokenBatch, in workspace: ModelWorkspace
  ) -> Float {
    let own = own(workspace)
    write(parameters, own)
    return own.counting { model.loss(own.model, on: batch, in: own.inner) }
  }

  /// The part that is trained is unpacked: it is written into a model of float32 values anyway.
  public func loss(
    _ parameters: PackedParameters, on batch: TokenBatch, in workspace: ModelWorkspace
  ) -> Float {
    let trained = FloatBuffer(count: parameters.values.count)
    trained.withUnsafeMutableBytes { memory in
      parameters.values.unpack(
        0..<trained.count, into: memory.bindMemory(to: Float.self),
        instructionSet: arithmetic.instructionSet)
    }
    return loss(trained, on: batch, in: workspace)
  }

  public func lossAndGradient(
    _ parameters: FloatBuffer, on batch: TokenBatch, parts: Range<Int>, gradient: FloatBuffer,
    in workspace: ModelWorkspace, afterPart: (Int) -> Void
  ) -> Float? {
    let own = own(workspace)
    write(parameters, own)
    own.inner.observer = own.observer
    defer { own.inner.observer = nil }
    own.inner.weightGradients = trainable.weightGradients(
      scaled: own.scaled, into: gradient, scratch: own.scratch)
    defer { own.inner.weightGradients = .all }
    let loss = own.counting {
      model.lossAndGradient(
        own.model, on: batch, parts: parts, gradient: own.gradient, in: own.inner,
        afterPart: afterPart)
    }
    guard let loss else { return nil }
    own.place = .end
    trainable.collect(own.gradient, into: gradient, metered(own))
    return loss
  }

  public func accumulation(
    of batch: TokenBatch, gradient: FloatBuffer, in workspace: ModelWorkspace
  ) -> [UInt8] {
    let own = own(workspace)
    trainable.collect(own.gradient, into: gradient)
    return own.inner.accumulation(
      of: batch, gradient: gradient, withSums: trainable.trainsTokenEmbedding)
  }

  public func resume(
    _ accumulation: [UInt8], after part: Int, of batch: TokenBatch, gradient: FloatBuffer,
    in workspace: ModelWorkspace
  ) {
    let own = own(workspace)
    own.inner.resume(
      accumulation, after: part, of: batch, gradient: gradient,
      withSums: trainable.trainsTokenEmbedding)
    own.gradient.fill(0)
    trainable.distribute(gradient, into: own.gradient)
  }

  /// All parameters of the model when the part that is trained has these values.
  public func modelParameters(_ trained: FloatBuffer) -> FloatBuffer {
    let model = FloatBuffer(count: start.count)
    model.copy(from: start)
    // Without activations: it only counts.
    let meter = ModelWorkspace(
      shape: shape, sequenceCount: 1, contextLength: 1, memory: WorkspaceMemory())
    write(trained, scaled: FloatBuffer(count: trained.count), into: model, meter)
    return model
  }

  private func write(_ parameters: FloatBuffer, _ workspace: Workspace) {
    write(parameters, scaled: workspace.scaled, into: workspace.model, workspace)
  }

  private func write(
    _ parameters: FloatBuffer, scaled: FloatBuffer, into model: FloatBuffer,
    _ workspace: ModelWorkspace
  ) {
    workspace.place = .merge
    let metered = metered(workspace)
    trainable.scale(parameters, into: scaled, metered)
    trainable.write(parameters, scaled: scaled, start: start, into: model, metered)
  }

  private func metered(_ workspace: ModelWorkspace) -> MeteredArithmetic {
    MeteredArithmetic(arithmetic: arithmetic, workspace: workspace)
  }

  private func own(_ workspace: ModelWorkspace) -> Workspace {
    guard let workspace = workspace as? Workspace else {
      preconditionFailure("a workspace of another model")
    }
    return workspace
  }

  /// The inner model's workspace, its parameters and their gradient.
  private final class Workspace: ModelWorkspace {
    let inner: ModelWorkspace
    let start: FloatBuffer
    let model: FloatBuffer
    let gradient: FloatBuffer
    let scaled: FloatBuffer
    let scratch: WeightGradients.Scratch

    init(_ inner: ModelWorkspace, trainable: TrainableParameters, start: FloatBuffer) {
      var memory = WorkspaceMemory()
      memory.count(inner)
      self.inner = inner
      self.start = start
      model = memory.vector(start.count).buffer
      model.copy(from: start)
      gradient = memory.vector(start.count).buffer
      scaled = memory.vector(trainable.count).buffer
      let positions = inner.sequenceCount * inner.contextLength
      scratch = WeightGradients.Scratch(
        buffer: memory.vector(positions * trainable.rank).buffer)
      super.init(
        shape: inner.shape, sequenceCount: inner.sequenceCount,
        contextLength: inner.contextLength, memory: memory)
    }

    /// The start, and what of the model is never written.
    override var constants: [FloatBuffer] { [start, model] }

    /// Runs `body` and adds what it does in the inner workspace.
    func counting<Loss>(_ body: () -> Loss) -> Loss {
      inner.flops = ModelFLOPs()
      defer { flops = flops + inner.flops }
      return body()
    }
  }
}
