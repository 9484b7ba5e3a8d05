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
    let workspace = own(workspace, for: batch)
    forward(GPT3Views(parameters, shape, layout), batch, workspace)
    arithmetic.softmaxCrossEntropy(
      logits: workspace.logits, targets: batch.targets, losses: workspace.losses,
      gradientScale: nil)
    return arithmetic.sum(workspace.losses) / Float(batch.positionCount)
  }

  public func lossAndGradient(
    _ parameters: FloatBuffer, on batch: TokenBatch, gradient: FloatBuffer,
    in workspace: ModelWorkspace
  ) -> Float {
    let workspace = own(workspace, for: batch)
    let views = GPT3Views(parameters, shape, layout)
    gradient.fill(0)
    forward(views, batch, workspace)
    arithmetic.softmaxCrossEntropy(
      logits: workspace.logits, targets: batch.targets, losses: workspace.losses,
      gradientScale: 1 / Float(batch.positionCount))
    let loss = arithmetic.sum(workspace.losses) / Float(batch.positionCount)
    backward(views, GPT3Views(gradient, shape, layout), batch, workspace)
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

  private func forward(_ p: GPT3Views, _ batch: TokenBatch, _ w: GPT3Workspace) {
    arithmetic.gatherRows(
      batch.tokens, of: p.tokenEmbedding,
      adding: p.positionEmbedding.rows(0..<batch.contextLength), into: w.layers[0].input)
    for (index, layer) in p.layers.enumerated() {
      let a = w.layers[index]
      let next = index + 1 < w.layers.count ? w.layers[index + 1].input : w.output
      metered(w).layerNorm(
        a.input, gamma: layer.norm1Gamma, beta: layer.norm1Beta, into: a.norm1, mean: a.mean1,
        rstd: a.rstd1)
      linear(
        \.attentionProjections, a.norm1, layer.attentionWeight, layer.attentionBias,
        into: a.queryKeyValue, w)
      attention(a, w)
      linear(
        \.attentionProjections, a.attention, layer.projectionWeight, layer.projectionBias,
        into: w.scratch, w)
      arithmetic.add(a.input, w.scratch, into: a.middle)
      metered(w).layerNorm(
        a.middle, gamma: layer.norm2Gamma, beta: layer.norm2Beta, into: a.norm2, mean: a.mean2,
        rstd: a.rstd2)
      linear(
        \.feedForward, a.norm2, layer.expandWeight, layer.expandBias, into: a.expanded, w)
      arithmetic.gelu(a.expanded, into: a.activated)
      linear(
        \.feedForward, a.activated, layer.contractWeight, layer.contractBias, into: w.scratch, w)
      arithmetic.add(a.middle, w.scratch, into: next)
    }
    metered(w).layerNorm(
      w.output, gamma: p.finalGamma, beta: p.finalBeta, into: w.finalNorm, mean: w.finalMean,
      rstd: w.finalRstd)
    metered(w).product(
      \.head, Operand(w.finalNorm), p.tokenEmbedding.transposed, into: w.logits)
  }

  /// out (N, outputs) = x (N, inputs) weight (inputs, outputs) + bias
  private func linear(
    _ part: MeteredArithmetic.Part, _ x: Matrix, _ weight: Matrix, _ bias: Vector, into out: Matrix,
    _ w: GPT3Workspace
  ) {
    metered(w).product(part, Operand(x), Operand(weight), into: out)
    arithmetic.addBias(bias, to: out)
  }

  private func attention(_ a: GPT3Workspace.Layer, _ w: GPT3Workspace) {
    metered(w).attention(
      a.attentionShape, query: w.part(0, of: a.queryKeyValue), key: w.part(1, of: a.queryKeyValue),
      value: w.part(2, of: a.queryKeyValue), into: a.attention, statistics: a.statistics)
  }

  // MARK: backward

  private func backward(
    _ p: GPT3Views, _ g: GPT3Views, _ batch: TokenBatch, _ w: GPT3Workspace
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
    arithmetic.scatterAdd(w.residualGradient, at: batch.tokens, to: g.tokenEmbedding)
    arithmetic.addPeriodically(
      w.residualGradient, to: g.positionEmbedding.rows(0..<batch.contextLength))
  }

  private func feedForwardBackward(
    _ p: GPT3Views.Layer, _ g: GPT3Views.Layer, _ a: GPT3Workspace.Layer, _ w: GPT3Workspace
  ) {
    linearBackward(
      \.feedForward, dOut: w.residualGradient, x: a.activated, weight: p.contractWeight,
      dWeight: g.contractWeight, dBias: g.contractBias, into: w.expandedGradient, w)
    arithmetic.geluBackward(x: a.expanded, dy: w.expandedGradient, into: w.expandedGradient)
    linearBackward(
      \.feedForward, dOut: w.expandedGradient, x: a.norm2, weight: p.expandWeight,
      dWeight: g.expandWeight,
      dBias: g.expandBias, into: w.normGradient, w)
    metered(w).layerNormBackward(
      dy: w.normGradient, x: a.middle, gamma: p.norm2Gamma, mean: a.mean2, rstd: a.rstd2,
      into: w.residualGradient, accumulate: true, dGamma: g.norm2Gamma, dBeta: g.norm2Beta)
  }

  private func attentionBlockBackward(
    _ p: GPT3Views.Layer, _ g: GPT3Views.Layer, _ a: GPT3Workspace.Layer, _ w: GPT3Workspace
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

  /// dX = dOut weight^T; dWeight += x^T dOut; dBias += column sums of dOut
  private func linearBackward(
    _ part: MeteredArithmetic.Part, dOut: Matrix, x: Matrix, weight: Matrix, dWeight: Matrix,
    dBias: Vector, into dX: Matrix,
    _ w: GPT3Workspace
  ) {
    metered(w).weightGradient(part, x: x, dOut: dOut, into: dWeight, outputsFirst: false)
    arithmetic.columnSums(of: dOut, addingTo: dBias)
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
