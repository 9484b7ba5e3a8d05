import Kernels

/// A GPT-3-like decoder in `fixed` arithmetic: the same bits on every machine.
///
/// The order of all operations is written in `docs/arithmetic.md`; this file fixes the order in
/// which they follow each other.
public struct GPT3: LanguageModel {
  public let shape: ModelShape
  public let layout: ParameterLayout
  let arithmetic: Arithmetic

  /// A model of `shape`, which must be of this family, computed in `arithmetic`.
  public init(shape: ModelShape, arithmetic: Arithmetic) {
    precondition(shape.architecture == .gpt3)
    self.shape = shape
    self.layout = ParameterLayout(shape)
    self.arithmetic = arithmetic
  }

  public func makeWorkspace(sequenceCount: Int, contextLength: Int) -> ModelWorkspace {
    GPT3Workspace(shape: shape, sequenceCount: sequenceCount, contextLength: contextLength)
  }

  public func loss(
    _ parameters: FloatBuffer, on batch: TokenBatch, in workspace: ModelWorkspace
  ) -> Float {
    let w = own(workspace, for: batch)
    let views = GPT3Views(parameters, shape, layout)
    return w.meanLoss(
      of: batch, logits: w.logits, arithmetic: arithmetic, forward: { forward(views, $0, w) })
  }

  public func loss(
    _ parameters: PackedParameters, on batch: TokenBatch, in workspace: ModelWorkspace
  ) -> Float {
    let w = own(workspace, for: batch)
    let views = GPT3Views(parameters, shape, layout)
    return w.meanLoss(
      of: batch, logits: w.logits, arithmetic: arithmetic, forward: { forward(views, $0, w) })
  }

  public func lossAndGradient(
    _ parameters: FloatBuffer, on batch: TokenBatch, gradient: FloatBuffer,
    in workspace: ModelWorkspace
  ) -> Float {
    let w = own(workspace, for: batch)
    let views = GPT3Views(parameters, shape, layout)
    let gradients = GPT3Views(gradient, shape, layout)
    w.weightGradients.prepare(gradient, layout)
    w.inputEmbedding.begin(positionCount: batch.positionCount)
    let loss = w.meanLoss(
      of: batch, logits: w.logits, arithmetic: arithmetic, forward: { forward(views, $0, w) },
      backward: { backward(views, gradients, $0, w) })
    w.inputEmbedding.finish(into: gradients.tokenEmbedding, arithmetic: arithmetic)
    return loss
  }

  /// The workspace as what `makeWorkspace` made it.
  private func own(_ workspace: ModelWorkspace, for batch: TokenBatch) -> GPT3Workspace {
    guard let own = workspace as? GPT3Workspace, own.fits(batch, shape) else {
      preconditionFailure("a workspace of another model or batch")
    }
    return own
  }

  // MARK: forward

  private func forward<Weight: WeightMatrix>(
    _ p: GPT3Views<Weight>, _ batch: TokenBatch, _ w: GPT3Workspace
  ) {
    p.tokenEmbedding.gatherRows(
      batch.tokens, adding: p.positionEmbedding.rows(0..<batch.contextLength),
      into: w.layers[0].input, arithmetic: arithmetic)
    let first = w.layers[0]
    metered(w).layerNorm(
      first.input, gamma: p.layers[0].norm1Gamma, beta: p.layers[0].norm1Beta, into: first.norm1,
      mean: first.mean1, rstd: first.rstd1)
    for (index, layer) in p.layers.enumerated() {
      let a = w.layers[index]
      linear(
        \.attentionProjections, a.norm1, layer.attentionWeight.operand, layer.attentionBias,
        into: a.queryKeyValue, w)
      attention(a, w)
      metered(w).product(
        \.attentionProjections, Operand(a.attention), layer.projectionWeight.operand,
        into: w.scratch)
      metered(w).addBiasAndResidualThenLayerNorm(
        a.input, w.scratch, bias: layer.projectionBias, into: a.middle, gamma: layer.norm2Gamma,
        beta: layer.norm2Beta, normInto: a.norm2, mean: a.mean2, rstd: a.rstd2)
      metered(w).product(
        \.feedForward, Operand(a.norm2), layer.expandWeight.operand, into: a.expanded)
      arithmetic.addBiasAndGelu(layer.expandBias, to: a.expanded, into: a.activated)
      metered(w).product(
        \.feedForward, Operand(a.activated), layer.contractWeight.operand, into: w.scratch)
      // Onto the residual stream, then the norm that comes next.
      if index + 1 < w.layers.count {
        let (next, following) = (w.layers[index + 1], p.layers[index + 1])
        metered(w).addBiasAndResidualThenLayerNorm(
          a.middle, w.scratch, bias: layer.contractBias, into: next.input,
          gamma: following.norm1Gamma, beta: following.norm1Beta, normInto: next.norm1,
          mean: next.mean1, rstd: next.rstd1)
      } else {
        metered(w).addBiasAndResidualThenLayerNorm(
          a.middle, w.scratch, bias: layer.contractBias, into: w.output, gamma: p.finalGamma,
          beta: p.finalBeta, normInto: w.finalNorm, mean: w.finalMean, rstd: w.finalRstd)
      }
    }
    metered(w).product(
      \.head, Operand(w.finalNorm), p.tokenEmbedding.transposed, into: w.logits)
  }

  /// out (N, outputs) = x (N, inputs) weight (inputs, outputs) + bias
  private func linear(
    _ part: MeteredArithmetic.Part, _ x: Matrix, _ weight: Operand, _ bias: Vector,
    into out: Matrix, _ w: GPT3Workspace
  ) {
    metered(w).product(part, Operand(x), weight, into: out)
    arithmetic.addBias(bias, to: out)
  }

  private func attention(_ a: GPT3Workspace.Layer, _ w: GPT3Workspace) {
    metered(w).attention(
      a.attentionShape, query: w.part(0, of: a.queryKeyValue), key: w.part(1, of: a.queryKeyValue),
      value: w.part(2, of: a.queryKeyValue), into: a.attention, statistics: a.statistics)
  }

  // MARK: backward

  private func backward(
    _ p: GPT3Views<Matrix>, _ g: GPT3Views<Matrix>, _ batch: TokenBatch, _ w: GPT3Workspace
  ) {
    // The logits now hold their own gradient.
    metered(w).product(
      \.head, Operand(w.logits), Operand(p.tokenEmbedding), into: w.normGradient)
    metered(w).weightGradient(
      \.head, x: w.finalNorm, dOut: w.logits, into: g.tokenEmbedding, outputsFirst: true)
    metered(w).layerNormBackward(
      dy: w.normGradient, x: w.output, gamma: p.finalGamma, mean: w.finalMean, rstd: w.finalRstd,
      into: w.residualGradient, accumulate: false, dGamma: g.finalGamma, dBeta: g.finalBeta)
    for index in p.layers.indices.reversed() {
      feedForwardBackward(p.layers[index], g.layers[index], w.layers[index], w)
      attentionBlockBackward(p.layers[index], g.layers[index], w.layers[index], w)
    }
    w.inputEmbedding.add(w.residualGradient, at: batch.tokens, arithmetic: arithmetic)
    arithmetic.addPeriodically(
      w.residualGradient, to: g.positionEmbedding.rows(0..<batch.contextLength))
  }

  private func feedForwardBackward(
    _ p: GPT3Views<Matrix>.Layer, _ g: GPT3Views<Matrix>.Layer, _ a: GPT3Workspace.Layer,
    _ w: GPT3Workspace
  ) {
    linearBackward(
      \.feedForward, dOut: w.residualGradient, x: a.activated, weight: p.contractWeight,
      dWeight: g.contractWeight, dBias: g.contractBias, into: w.expandedGradient, w)
    arithmetic.addBiasAndGeluBackward(
      x: a.expanded, dy: w.expandedGradient, into: w.expandedGradient, dBias: g.expandBias)
    linearBackward(
      \.feedForward, dOut: w.expandedGradient, x: a.norm2, weight: p.expandWeight,
      dWeight: g.expandWeight, dBias: nil, into: w.normGradient, w)
    metered(w).layerNormBackward(
      dy: w.normGradient, x: a.middle, gamma: p.norm2Gamma, mean: a.mean2, rstd: a.rstd2,
      into: w.residualGradient, accumulate: true, dGamma: g.norm2Gamma, dBeta: g.norm2Beta)
  }

  private func attentionBlockBackward(
    _ p: GPT3Views<Matrix>.Layer, _ g: GPT3Views<Matrix>.Layer, _ a: GPT3Workspace.Layer,
    _ w: GPT3Workspace
  ) {
    linearBackward(
      \.attentionProjections, dOut: w.residualGradient, x: a.attention, weight: p.projectionWeight,
      dWeight: g.projectionWeight, dBias: g.projectionBias, into: w.scratch, w)
    attentionBackward(a, dAttention: w.scratch, w)
    linearBackward(
      \.attentionProjections, dOut: w.queryKeyValueGradient, x: a.norm1, weight: p.attentionWeight,
      dWeight: g.attentionWeight, dBias: g.attentionBias, into: w.normGradient, w)
    metered(w).layerNormBackward(
      dy: w.normGradient, x: a.input, gamma: p.norm1Gamma, mean: a.mean1, rstd: a.rstd1,
      into: w.residualGradient, accumulate: true, dGamma: g.norm1Gamma, dBeta: g.norm1Beta)
  }

  /// dX = dOut weight^T; dWeight = or += x^T dOut; dBias, if not done yet, += column sums of dOut
  private func linearBackward(
    _ part: MeteredArithmetic.Part, dOut: Matrix, x: Matrix, weight: Matrix, dWeight: Matrix,
    dBias: Vector?, into dX: Matrix, _ w: GPT3Workspace
  ) {
    metered(w).weightGradient(part, x: x, dOut: dOut, into: dWeight, outputsFirst: false)
    if let dBias { arithmetic.columnSums(of: dOut, addingTo: dBias) }
    metered(w).product(part, Operand(dOut), weight.transposed, into: dX)
  }

  private func attentionBackward(
    _ a: GPT3Workspace.Layer, dAttention: Matrix, _ w: GPT3Workspace
  ) {
    metered(w).attentionBackward(
      a.attentionShape, query: w.part(0, of: a.queryKeyValue), key: w.part(1, of: a.queryKeyValue),
      value: w.part(2, of: a.queryKeyValue), statistics: a.statistics, dOutput: dAttention,
      dQuery: w.part(0, of: w.queryKeyValueGradient), dKey: w.part(1, of: w.queryKeyValueGradient),
      dValue: w.part(2, of: w.queryKeyValueGradient))
  }

  // MARK: helpers

  /// The operations that are counted in the workspace's meter.
  private func metered(_ w: GPT3Workspace) -> MeteredArithmetic {
    MeteredArithmetic(arithmetic: arithmetic, workspace: w)
  }
}
