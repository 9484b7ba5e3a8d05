import Diffs
import Kernels
import Models
import Proofs
import Protocol
import Quant

/// Trains the blocks whose diffs are measured: one run from the first parameters, of which each block
/// is the beginning.
struct DiffsTrainer {
  /// The model after a block, and what its diffs need.
  struct Block {
    let steps: Int
    let after: FloatBuffer
    /// The published gradients, where the block came about by them.
    let gradients: [[UInt8]]?
    /// The quantized update of the whole block, and the model that it leads to.
    let blockUpdate: (bytes: [UInt8], after: FloatBuffer)?

    /// The model that a kind of diff leads to.
    func after(_ kind: DiffKind) -> FloatBuffer {
      kind == .blockUpdate ? blockUpdate?.after ?? after : after
    }
  }

  let before: FloatBuffer
  let layout: ParameterLayout
  private let experiment: DiffsExperiment
  private let context: RunContext
  private let model: any LanguageModel
  private let data: TrainingData

  init(_ experiment: DiffsExperiment, _ context: RunContext) throws {
    let shape = experiment.model.shape
    self.experiment = experiment
    self.context = context
    data = try TrainingData(
      experiment.data, files: context.inputs.files(experiment.data),
      vocabularySize: shape.vocabularySize)
    layout = ParameterLayout(shape)
    before = FloatBuffer(count: layout.count)
    layout.initialize(before, seed: experiment.seed, arithmetic: context.arithmetic)
    model = shape.languageModel(arithmetic: context.arithmetic)
  }

  private var arithmetic: Arithmetic { context.arithmetic }

  /// The matrices of the model, in the order of their offsets.
  var matrices: [ParameterTensor] { layout.tensors.filter { $0.dimensions.count == 2 } }

  /// The blocks of every length for one kind of update.
  func blocks(_ update: DiffsRun.Update) throws -> [Block] {
    switch update {
    case .dense: return try train { _ in true }
    case .oneLayer:
      let last = matrices.filter { $0.part == .feedForward }.suffix(2).map(\.name)
      return try train { last.contains($0.name) }
    case .adapter:
      // The dense update of each matrix, cut to its rank and merged into the model.
      return try train { $0.dimensions.count == 2 }.map { block in
        let after = FloatBuffer(count: layout.count)
        after.copy(from: before)
        for tensor in matrices {
          let change = tensor.range.map { block.after[$0] - before[$0] }
          let factors = try LowRankUpdate.approximating(
            change, offset: tensor.offset, rows: tensor.dimensions[0],
            columns: tensor.dimensions[1], rank: experiment.rank)
          let product = Matrix(
            FloatBuffer(count: tensor.count), rows: factors.rows, columns: factors.columns)
          arithmetic.product(
            Matrix(FloatBuffer(factors.left), rows: factors.rows, columns: factors.rank),
            Matrix(FloatBuffer(factors.right), rows: factors.rank, columns: factors.columns),
            into: product)
          for index in 0..<tensor.count { after[tensor.offset + index] += product.buffer[index] }
        }
        return Block(steps: block.steps, after: after, gradients: nil, blockUpdate: nil)
      }
    }
  }

  /// Trains the tensors that `isTrained` names with quantized gradients; beside it the same without
  /// quantization, whose change is the block's update.
  private func train(_ isTrained: (ParameterTensor) -> Bool) throws -> [Block] {
    let frozen = layout.tensors.filter { !isTrained($0) }
    let workspace = model.makeWorkspace(
      sequenceCount: experiment.batchSize, contextLength: experiment.data.contextLength)
    let (quantized, exact) = (FloatBuffer(count: layout.count), FloatBuffer(count: layout.count))
    let gradient = FloatBuffer(count: layout.count)
    quantized.copy(from: before)
    exact.copy(from: before)
    var published: [[UInt8]] = []
    var blocks: [Block] = []
    for step in 0..<(experiment.blockSteps.last ?? 0) {
      let starts = data.rule.batchStarts(
        trainingSeed: Digest.tagged("PoGO/diffs", experiment.seed), step: step,
        count: experiment.batchSize, contextLength: experiment.data.contextLength)
      let batch = try data.corpus.batch(
        startingAt: starts, contextLength: experiment.data.contextLength)
      func differentiate(_ parameters: FloatBuffer) {
        _ = model.lossAndGradient(parameters, on: batch, gradient: gradient, in: workspace)
        for tensor in frozen { for index in tensor.range { gradient[index] = 0 } }
      }
      differentiate(exact)
      descend(exact, along: gradient, rate: experiment.learningRate)
      differentiate(quantized)
      let bytes = try experiment.format.quantize(gradient.array)
      published.append(bytes)
      try descend(quantized, along: values(bytes), rate: experiment.learningRate)
      try context.observer.progress(
        done: 0, total: 1, activity: "training step \(step + 1)")
      guard experiment.blockSteps.contains(step + 1) else { continue }
      let after = FloatBuffer(count: layout.count)
      after.copy(from: quantized)
      blocks.append(
        Block(
          steps: step + 1, after: after, gradients: published, blockUpdate: try quantize(exact)))
    }
    return blocks
  }

  /// The change from the first parameters to `exact` in the format, and where it leads.
  private func quantize(_ exact: FloatBuffer) throws -> (bytes: [UInt8], after: FloatBuffer) {
    let change = (0..<layout.count).map { before[$0] - exact[$0] }
    let bytes = try experiment.format.quantize(change)
    let after = FloatBuffer(count: layout.count)
    after.copy(from: before)
    try descend(after, along: values(bytes), rate: 1)
    return (bytes, after)
  }

  private func values(_ bytes: [UInt8]) throws -> FloatBuffer {
    FloatBuffer(try experiment.format.dequantize(bytes, count: layout.count))
  }

  private func descend(_ parameters: FloatBuffer, along gradient: FloatBuffer, rate: Float) {
    arithmetic.sgdStep(
      parameters: Vector(parameters), gradient: Vector(gradient), learningRate: rate)
  }
}
