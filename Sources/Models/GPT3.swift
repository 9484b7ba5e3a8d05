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
    let views = GPT3Views(FloatParameters(parameters, layout), shape, layout)
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
    _ parameters: FloatBuffer, on batch: TokenBatch, parts: Range<Int>, gradient: FloatBuffer,
    in workspace: ModelWorkspace, afterPart: (Int) -> Void
  ) -> Float? {
    let w = own(workspace, for: batch)
    let views = GPT3Views(FloatParameters(parameters, layout), shape, layout)
    let gradients = GPT3Views(FloatParameters(gradient, layout), shape, layout)
    if parts.lowerBound == 0 {
      w.weightGradients.prepare(gradient, layout, observer: w.observer)
      w.inputEmbedding.begin(positionCount: batch.positionCount, observer: w.observer)
    }
    let loss = w.meanLoss(
      of: batch, parts: parts, logits: w.logits, arithmetic: arithmetic,
      forward: { forward(views, $0, w) }, backward: { backward(views, gradients, $0, w) },
      afterPart: afterPart)
    guard parts.upperBound == w.parts(of: batch).upperBound else { return nil }
    w.inputEmbedding.finish(into: gradients.tokenEmbedding, metered(w))
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

  private func forward<Windows: ParameterWindows>(
    _ p: GPT3Views<Windows>, _ batch: TokenBatch, _ w: GPT3Workspace
  ) {
    let first = w.layers[0]
    w.place = .embedding
    metered(w).gatherRows(
      batch.tokens, of: p.tokenEmbedding,
      adding: p.positionEmbedding.rows(0..<batch.contextLength), into: first.input)
    let opening = p.layer(0)
    metered(w).layerNorm(
      "norm", first.input, gamma: opening.norm1Gamma, beta: opening.norm1Beta, into: first.norm1,
      mean: first.mean1, rstd: first.rstd1)
    for index in 0..<p.layerCount {
      let (layer, a) = (p.layer(index), w.layers[index])
      w.place = .forward(index)
      metered(w).product(
        "query-key-value", \.attentionProjections, Operand(a.norm1),
        layer.attentionWeight.operand, into: a.queryKeyValue)
      metered(w).addBias("query-key-value-bias", layer.attentionBias, to: a.queryKeyValue)
      attention(a, w)
      metered(w).product(
        "projection", \.attentionProjections, Operand(a.attention), layer.projectionWeight.operand,
        into: w.scratch)
      metered(w).addBiasAndResidualThenLayerNorm(
        "attention-norm", a.input, w.scratch, bias: layer.projectionBias, into: a.middle,
        gamma: layer.norm2Gamma,
        beta: layer.norm2Beta, normInto: a.norm2, mean: a.mean2, rstd: a.rstd2)
      metered(w).product(
        "expand", \.feedForward, Operand(a.norm2), layer.expandWeight.operand, into: a.expanded)
      metered(w).addBiasAndGelu(layer.expandBias, to: a.expanded, into: a.activated)
      metered(w).product(
        "contract", \.feedForward, Operand(a.activated), layer.contractWeight.operand,
        into: w.scratch)
      // Onto the residual stream, then the norm that comes next.
      if index + 1 < w.layers.count {
        let (next, following) = (w.layers[index + 1], p.layer(index + 1))
        metered(w).addBiasAndResidualThenLayerNorm(
          "feed-forward-norm", a.middle, w.scratch, bias: layer.contractBias, into: next.input,
          gamma: following.norm1Gamma, beta: following.norm1Beta, normInto: next.norm1,
          mean: next.mean1, rstd: next.rstd1)
      } else {
        metered(w).addBiasAndResidualThenLayerNorm(
          "feed-forward-norm", a.middle, w.scratch, bias: layer.contractBias, into: w.output,
          gamma: p.finalGamma,
          beta: p.finalBeta, normInto: w.finalNorm, mean: w.finalMean, rstd: w.finalRstd)
      }
    }
    w.place = .head
    metered(w).product(
      "logits", \.head, Operand(w.finalNorm), p.tokenEmbedding.transposed, into: w.logits)
  }

  private func attention(_ a: GPT3Workspace.Layer, _ w: GPT3Workspace) {
    metered(w).attention(
      a.attentionShape, query: w.part(0, of: a.queryKeyValue), key: w.part(1, of: a.queryKeyValue),
      value: w.part(2, of: a.queryKeyValue), into: a.attention, statistics: a.statistics)
  }

  // MARK: backward

  private func backward(
    _ p: GPT3Views<FloatParameters>, _ g: GPT3Views<FloatParameters>, _ batch: TokenBatch, _ w: GPT3Workspace
  ) {
    // The logits now hold their own gradient.
    metered(w).product(
      "logits-backward", \.head, Operand(w.logits), Operand(p.tokenEmbedding), into: w.normGradient)
    metered(w).weightGradient(
      "logits-weight", \.head, x: w.finalNorm, dOut: w.logits, into: g.tokenEmbedding,
      outputsFirst: true)
    metered(w).layerNormBackward(
      "norm-backward", dy: w.normGradient, x: w.output, gamma: p.finalGamma, mean: w.finalMean,
      rstd: w.finalRstd,
      into: w.residualGradient, accumulate: false, dGamma: g.finalGamma, dBeta: g.finalBeta)
    for index in (0..<p.layerCount).reversed() {
      let (weights, gradients) = (p.layer(index), g.layer(index))
      w.place = .backward(index)
      feedForwardBackward(weights, gradients, w.layers[index], w)
      attentionBlockBackward(weights, gradients, w.layers[index], w)
    }
    w.place = .embeddingBackward
    w.inputEmbedding.add(w.residualGradient, at: batch.tokens, metered(w))
    metered(w).addPeriodically(
      w.residualGradient, to: g.positionEmbedding.rows(0..<batch.contextLength))
  }

  private func feedForwardBackward(
    _ p: GPT3Views<FloatParameters>.Layer, _ g: GPT3Views<FloatParameters>.Layer, _ a: GPT3Workspace.Layer,
    _ w: GPT3Workspace
  ) {
    linearBackward(
      .contract, \.feedForward, dOut: w.residualGradient, x: a.activated, weight: p.contractWeight,
      dWeight: g.contractWeight, dBias: g.contractBias, into: w.expandedGradient, w)
    metered(w).addBiasAndGeluBackward(
      x: a.expanded, dy: w.expandedGradient, dBias: g.expandBias)
    linearBackward(
      .expand, \.feedForward, dOut: w.expandedGradient, x: a.norm2, weight: p.expandWeight,
      dWeight: g.expandWeight, dBias: nil, into: w.normGradient, w)
    metered(w).layerNormBackward(
      "feed-forward-norm-backward", dy: w.normGradient, x: a.middle, gamma: p.norm2Gamma,
      mean: a.mean2, rstd: a.rstd2,
      into: w.residualGradient, accumulate: true, dGamma: g.norm2Gamma, dBeta: g.norm2Beta)
  }

  private func attentionBlockBackward(
    _ p: GPT3Views<FloatParameters>.Layer, _ g: GPT3Views<FloatParameters>.Layer, _ a: GPT3Workspace.Layer,
    _ w: GPT3Workspace
  ) {
    linearBackward(
      .projection, \.attentionProjections, dOut: w.residualGradient, x: a.attention,
      weight: p.projectionWeight,
      dWeight: g.projectionWeight, dBias: g.projectionBias, into: w.scratch, w)
    attentionBackward(a, dAttention: w.scratch, w)
    linearBackward(
      .queryKeyValue, \.attentionProjections, dOut: w.queryKeyValueGradient, x: a.norm1,
      weight: p.attentionWeight,
      dWeight: g.attentionWeight, dBias: g.attentionBias, into: w.normGradient, w)
    metered(w).layerNormBackward(
      "attention-norm-backward", dy: w.normGradient, x: a.input, gamma: p.norm1Gamma, mean: a.mean1,
      rstd: a.rstd1,
      into: w.residualGradient, accumulate: true, dGamma: g.norm1Gamma, dBeta: g.norm1Beta)
  }

  /// dX = dOut weight^T; dWeight = or += x^T dOut; dBias, if not done yet, += column sums of dOut
  private func linearBackward(
    _ names: BackwardNames, _ part: MeteredArithmetic.Part, dOut: Matrix, x: Matrix, weight: Matrix,
    dWeight: Matrix, dBias: Vector?, into dX: Matrix, _ w: GPT3Workspace
  ) {
    let metered = metered(w)
    metered.weightGradient(
      names.weight, part, x: x, dOut: dOut, into: dWeight, outputsFirst: false)
    if let dBias { metered.columnSums(names.bias, of: dOut, addingTo: dBias) }
    metered.product(names.input, part, Operand(dOut), weight.transposed, into: dX)
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
