import Kernels

/// The part of a model that is trained, as a flat vector of its own: what is committed, quantized,
/// published and changed by the optimizer. For ``FineTuning/full`` it is the model itself.
public struct TrainableParameters: Sendable, Hashable {
  /// The model.
  public let shape: ModelShape
  /// What of it is trained.
  public let fineTuning: FineTuning
  /// Order of the parameters that are trained in their flat vector.
  public let layout: ParameterLayout
  /// Order of the model's own parameters.
  public let modelLayout: ParameterLayout
  let adapters: [Adapter]

  /// Two low-rank factors beside one matrix of the model.
  struct Adapter: Sendable, Hashable {
    /// The matrix that they change.
    let target: ParameterTensor
    /// A (rank, inputs) and B (outputs, rank), in the vector that is trained.
    let a, b: ParameterTensor
    /// alpha / rank.
    let scale: Float
  }

  /// Throws ``ModelError/invalidShape(_:)`` if the variant does not fit the model.
  public init(_ shape: ModelShape, _ fineTuning: FineTuning) throws(ModelError) {
    self.shape = shape
    self.fineTuning = fineTuning
    modelLayout = ParameterLayout(shape)
    switch fineTuning {
    case .full:
      layout = modelLayout
      adapters = []
    case .lowRank(let rank):
      layout = modelLayout
      adapters = []
      _ = try LowRankForm(layout, rank: rank)
    case .layers(let patterns):
      var tensors: [ParameterTensor] = []
      for tensor in try FineTuning.chosen(patterns, of: modelLayout.tensors, what: "tensors") {
        tensors.append(tensor.moved(to: tensors.end))
      }
      layout = ParameterLayout(tensors: tensors)
      adapters = []
    case .lora(let rank, let alpha, let patterns):
      guard FineTuning.rankLimits.contains(rank) else {
        throw .invalidShape(
          "the rank must be in 1...\(FineTuning.rankLimits.upperBound), but is \(rank)")
      }
      guard alpha.isFinite, alpha > 0 else {
        throw .invalidShape("alpha must be finite and above 0, but is \(alpha)")
      }
      let matrices = modelLayout.tensors.filter {
        $0.dimensions.count == 2 && $0.part != .embedding
      }
      var tensors: [ParameterTensor] = []
      var adapters: [Adapter] = []
      for target in try FineTuning.chosen(patterns, of: matrices, what: "matrices") {
        let (outputs, inputs) = shape.outputsAndInputs(of: target)
        guard rank <= min(outputs, inputs) else {
          throw .invalidShape(
            "the rank is \(rank), but \(target.name) has only \(min(outputs, inputs)) "
              + "\(outputs < inputs ? "outputs" : "inputs")")
        }
        let stem = target.name.hasSuffix(".weight") ? String(target.name.dropLast(7)) : target.name
        // The paper: A is random, B is zero, so that training starts from the model as it is.
        let a = ParameterTensor(
          name: "\(stem).lora_A.weight", dimensions: [rank, inputs], offset: tensors.end,
          part: target.part,
          initialization: .normal(standardDeviation: 1 / Float(inputs).squareRoot()))
        tensors.append(a)
        let b = ParameterTensor(
          name: "\(stem).lora_B.weight", dimensions: [outputs, rank], offset: tensors.end,
          part: target.part, initialization: .constant(0))
        tensors.append(b)
        adapters.append(Adapter(target: target, a: a, b: b, scale: alpha / Float(rank)))
      }
      layout = ParameterLayout(tensors: tensors)
      self.adapters = adapters
    }
  }

  /// Number of parameters that are trained.
  public var count: Int { layout.count }
  /// Whether some of the model stays as it was at the start.
  public var hasFrozenParameters: Bool { !fineTuning.trainsEverything }

  /// The vector that training starts from.
  ///
  /// - Parameters:
  ///   - model: all parameters of the model at the start.
  ///   - seed: what the adapters' random numbers are drawn from.
  public func initial(
    model: FloatBuffer, seed: UInt64, arithmetic: Arithmetic
  ) -> FloatBuffer {
    precondition(model.count == modelLayout.count)
    let trained = FloatBuffer(count: count)
    switch fineTuning {
    case .full, .lowRank: trained.copy(from: model)
    case .layers: copyChosen(from: model, to: trained)
    case .lora: layout.initialize(trained, seed: seed, arithmetic: arithmetic)
    }
    return trained
  }

  /// Writes what is trained into the model, in which everything else is as at the start.
  ///
  /// - Parameters:
  ///   - scaled: what ``scale(_:into:_:)`` made of `trained`.
  ///   - start: all parameters of the model at the start.
  ///   - model: overwritten where it is trained; must be like `start` elsewhere.
  func write(
    _ trained: FloatBuffer, scaled: FloatBuffer, start: FloatBuffer, into model: FloatBuffer,
    _ metered: MeteredArithmetic
  ) {
    switch fineTuning {
    case .full, .lowRank: metered.copy("merge", Vector(trained), into: Vector(model))
    case .layers:
      for (own, tensor) in zip(layout.tensors, chosenTensors) {
        metered.copy(
          "merge", Vector(trained, offset: own.offset, count: own.count),
          into: Vector(model, offset: tensor.offset, count: tensor.count))
      }
    case .lora:
      for adapter in adapters {
        let target = adapter.target
        metered.copy(
          "start", Vector(start, offset: target.offset, count: target.count),
          into: Vector(model, offset: target.offset, count: target.count))
        let a = adapter.a.matrix(in: trained)
        let b = adapter.b.matrix(in: scaled)
        let weight = target.matrix(in: model)
        // Each element is one chain from the start's value, with the ranks ascending.
        let (left, right) =
          shape.storesOutputsFirst ? (Operand(b), Operand(a)) : (a.transposed, b.transposed)
        metered.product("merge", \.adapters, left, right, into: weight, accumulate: true)
      }
    }
  }

  /// The factors of adapters times alpha / rank.
  func scale(
    _ trained: FloatBuffer, into scaled: FloatBuffer, _ metered: MeteredArithmetic
  ) {
    guard let scale = adapters.first?.scale else { return }
    metered.scale("adapter-scale", Vector(trained), by: scale, into: Vector(scaled))
  }

  /// What a backward pass must compute so that ``collect(_:into:_:)`` finds it.
  func weightGradients(
    scaled: FloatBuffer, into gradient: FloatBuffer, scratch: WeightGradients.Scratch
  ) -> WeightGradients {
    switch fineTuning {
    case .full, .lowRank: .all
    case .layers: .chosen(chosenTensors.map(\.range))
    case .lora:
      .adapters(
        adapters.map {
          WeightGradients.Adapter(
            target: $0.target.range, scaledA: $0.a.matrix(in: scaled),
            scaledB: $0.b.matrix(in: scaled), gradientA: $0.a.matrix(in: gradient),
            gradientB: $0.b.matrix(in: gradient))
        }, scratch)
    }
  }

  /// Takes the gradient with respect to what is trained out of the model's; adapters have theirs.
  func collect(
    _ model: FloatBuffer, into gradient: FloatBuffer, _ metered: MeteredArithmetic
  ) {
    switch fineTuning {
    case .full, .lowRank: metered.copy("collect", Vector(model), into: Vector(gradient))
    case .layers:
      for (own, tensor) in zip(layout.tensors, chosenTensors) {
        metered.copy(
          "collect", Vector(model, offset: tensor.offset, count: tensor.count),
          into: Vector(gradient, offset: own.offset, count: own.count))
      }
    case .lora: break
    }
  }

  /// As the other, uncounted: a look at a gradient that is not finished.
  func collect(_ model: FloatBuffer, into gradient: FloatBuffer) {
    switch fineTuning {
    case .full, .lowRank: gradient.copy(from: model)
    case .layers: copyChosen(from: model, to: gradient)
    case .lora: break
    }
  }

  /// Puts a gradient of what is trained back into the model's; adapters have theirs.
  func distribute(_ gradient: FloatBuffer, into model: FloatBuffer) {
    switch fineTuning {
    case .full, .lowRank: model.copy(from: gradient)
    case .layers:
      for (own, tensor) in zip(layout.tensors, chosenTensors) {
        model.copy(from: gradient, at: own.offset, count: own.count, to: tensor.offset)
      }
    case .lora: break
    }
  }

  /// The largest rank of an adapter.
  var rank: Int { adapters.map { $0.a.dimensions[0] }.max() ?? 0 }

  /// Operations of one write.
  var writeFLOPs: UInt64 {
    adapters.reduce(0) { $0 + 2 * UInt64($1.target.count) * UInt64($1.a.dimensions[0]) }
  }

  /// Operations of the loss of one batch.
  public func lossFLOPs(sequenceCount: Int, contextLength: Int) -> ModelFLOPs {
    var flops = shape.forwardFLOPs(sequenceCount: sequenceCount, contextLength: contextLength)
    flops.adapters = writeFLOPs
    return flops
  }

  /// Operations of one step, loss and gradient of one batch: gradients of matrices that are not
  /// trained are not computed.
  public func stepFLOPs(sequenceCount: Int, contextLength: Int) -> ModelFLOPs {
    var flops =
      lossFLOPs(sequenceCount: sequenceCount, contextLength: contextLength)
      + shape.backwardFLOPs(sequenceCount: sequenceCount, contextLength: contextLength)
    guard hasFrozenParameters else { return flops }
    let perElement = 2 * UInt64(sequenceCount) * UInt64(contextLength)
    let trained = Set(layout.tensors.map(\.name))
    for tensor in modelLayout.tensors where !trained.contains(tensor.name) {
      switch tensor.part {
      case .attention where tensor.dimensions.count == 2:
        flops.attentionProjections -= perElement * UInt64(tensor.count)
      case .feedForward where tensor.dimensions.count == 2:
        flops.feedForward -= perElement * UInt64(tensor.count)
      case .embedding where tensor.offset == 0:
        flops.head -= perElement * UInt64(tensor.count)
      default: break
      }
    }
    for adapter in adapters {
      flops.adapters += 2 * perElement * UInt64(adapter.a.count + adapter.b.count)
    }
    return flops
  }

  private var chosenTensors: [ParameterTensor] {
    let names = Set(layout.tensors.map(\.name))
    return modelLayout.tensors.filter { names.contains($0.name) }
  }

  private func copyChosen(from model: FloatBuffer, to trained: FloatBuffer) {
    var offset = 0
    for tensor in chosenTensors {
      trained.copy(from: model, at: tensor.offset, count: tensor.count, to: offset)
      offset += tensor.count
    }
  }
}

extension ModelShape {
  /// Whether matrices are (outputs, inputs), as in all layers but GPT-2's `Conv1D`.
  var storesOutputsFirst: Bool {
    switch architecture {
    case .gpt3: false
    case .gemma3: true
    }
  }

  func outputsAndInputs(of matrix: ParameterTensor) -> (outputs: Int, inputs: Int) {
    let (first, second) = (matrix.dimensions[0], matrix.dimensions[1])
    return storesOutputsFirst ? (first, second) : (second, first)
  }
}

extension ParameterTensor {
  func moved(to offset: Int) -> ParameterTensor {
    ParameterTensor(
      name: name, dimensions: dimensions, offset: offset, part: part,
      initialization: initialization)
  }

  /// The elements as a matrix.
  func matrix(in buffer: FloatBuffer) -> Matrix {
    Matrix(buffer, offset: offset, rows: dimensions[0], columns: dimensions[1])
  }
}

extension [ParameterTensor] {
  /// Where the next tensor starts.
  fileprivate var end: Int { last.map { $0.offset + $0.count } ?? 0 }
}

extension ParameterLayout {
  /// A layout of tensors that follow each other without gaps.
  init(tensors: [ParameterTensor]) { self.tensors = tensors }
}

extension FloatBuffer {
  /// Copies some elements of another buffer.
  func copy(from other: FloatBuffer, at first: Int, count: Int, to target: Int) {
    Vector(self, offset: target, count: count).copy(
      from: Vector(other, offset: first, count: count))
  }
}
