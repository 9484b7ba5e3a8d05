import Kernels

/// A Gemma 3 text decoder in `fixed` arithmetic: the same bits on every machine.
///
/// The architecture is that of "Gemma 3 Technical Report" (arXiv 2503.19786) as Hugging Face's
/// `Gemma3ForCausalLM` computes it. The order of all operations is written in `docs/arithmetic.md`;
/// this file fixes the order in which they follow each other.
public struct Gemma3: LanguageModel {
  public let shape: ModelShape
  public let layout: ParameterLayout
  let arithmetic: Arithmetic
  private let settings: Gemma3Settings

  /// A model of `shape`, which must be of this family, computed in `arithmetic`.
  public init(shape: ModelShape, arithmetic: Arithmetic) {
    guard case .gemma3(let settings) = shape.architecture else {
      preconditionFailure("a shape of another family")
    }
    self.shape = shape
    self.settings = settings
    self.layout = ParameterLayout(shape)
    self.arithmetic = arithmetic
  }

  public func makeWorkspace(sequenceCount: Int, contextLength: Int) -> ModelWorkspace {
    Gemma3Workspace(
      shape: shape, settings: settings, sequenceCount: sequenceCount,
      contextLength: contextLength)
  }

  public func loss(
    _ parameters: FloatBuffer, on batch: TokenBatch, in workspace: ModelWorkspace
  ) -> Float {
    let pass = Gemma3Pass(self, settings, workspace, batch)
    let views = Gemma3Views(FloatParameters(parameters, layout), shape, layout)
    return pass.w.meanLoss(
      of: batch, logits: pass.w.logits, arithmetic: arithmetic,
      forward: { pass.forward(views, $0) })
  }

  public func loss(
    _ parameters: PackedParameters, on batch: TokenBatch, in workspace: ModelWorkspace
  ) -> Float {
    let pass = Gemma3Pass(self, settings, workspace, batch)
    let views = Gemma3Views(parameters, shape, layout)
    return pass.w.meanLoss(
      of: batch, logits: pass.w.logits, arithmetic: arithmetic,
      forward: { pass.forward(views, $0) })
  }

  public func lossAndGradient(
    _ parameters: FloatBuffer, on batch: TokenBatch, parts: Range<Int>, gradient: FloatBuffer,
    in workspace: ModelWorkspace, afterPart: (Int) -> Void
  ) -> Float? {
    let views = Gemma3Views(FloatParameters(parameters, layout), shape, layout)
    let pass = Gemma3Pass(self, settings, workspace, batch)
    let gradients = Gemma3Views(FloatParameters(gradient, layout), shape, layout)
    if parts.lowerBound == 0 {
      pass.w.weightGradients.prepare(gradient, layout, observer: pass.w.observer)
      pass.w.inputEmbedding.begin(
        positionCount: batch.positionCount, observer: pass.w.observer)
    }
    let loss = pass.w.meanLoss(
      of: batch, parts: parts, logits: pass.w.logits, arithmetic: arithmetic,
      forward: { pass.forward(views, $0) }, backward: { pass.backward(views, gradients, $0) },
      afterPart: afterPart)
    guard parts.upperBound == pass.w.parts(of: batch).upperBound else { return nil }
    pass.w.inputEmbedding.finish(into: gradients.tokenEmbedding, pass.metered)
    return loss
  }
}

/// One pass of a Gemma 3 over one batch.
struct Gemma3Pass {
  let shape: ModelShape
  let w: Gemma3Workspace
  let metered: MeteredArithmetic
  let epsilon: Float
  /// The square root of the width, rounded to float32 as Hugging Face holds it for float32 models.
  /// (For bfloat16 models it rounds it to bfloat16.)
  let embeddingScale: Float
  let paddingToken: Int?

  /// Columns of queries, of keys and of both in the matrices that hold them side by side.
  var queryColumns: Range<Int> { 0..<shape.queryWidth }
  var keyColumns: Range<Int> { shape.queryWidth..<shape.queryWidth + shape.keyValueWidth }
  var queryKeyColumns: Range<Int> { 0..<shape.queryWidth + shape.keyValueWidth }
  var valueColumns: Range<Int> {
    keyColumns.upperBound..<keyColumns.upperBound + shape.keyValueWidth
  }

  init(
    _ model: Gemma3, _ settings: Gemma3Settings, _ workspace: ModelWorkspace, _ batch: TokenBatch
  ) {
    guard let own = workspace as? Gemma3Workspace, own.fits(batch, model.shape) else {
      preconditionFailure("a workspace of another model or batch")
    }
    shape = model.shape
    w = own
    metered = MeteredArithmetic(arithmetic: model.arithmetic, workspace: own)
    epsilon = Float(settings.normEpsilon)
    embeddingScale = Float(shape.dModel).squareRoot()
    paddingToken = settings.paddingToken
  }

  // MARK: forward

  func forward<Windows: ParameterWindows>(_ p: Gemma3Views<Windows>, _ batch: TokenBatch) {
    let first = w.layers[0].input
    w.place = .embedding
    metered.gatherRows(batch.tokens, of: p.tokenEmbedding, adding: nil, into: first)
    metered.scale("embedding-scale", first, by: embeddingScale)
    for index in 0..<p.layerCount {
      let (layer, a) = (p.layer(index), w.layers[index])
      let next = index + 1 < w.layers.count ? w.layers[index + 1].input : w.output
      w.place = .forward(index)
      attention(layer, a)
      feedForward(layer, a, into: next)
    }
    w.place = .head
    norm("norm", w.output, p.finalNorm, into: w.finalNorm, w.outputRstd)
    metered.product(
      "logits", \.head, Operand(w.finalNorm), p.tokenEmbedding.transposed, into: w.logits)
  }

  /// middle = input + norm(attention(norm(input)))
  private func attention<Windows: ParameterWindows>(
    _ p: Gemma3Views<Windows>.Layer, _ a: Gemma3Workspace.Layer
  ) {
    norm("attention-norm", a.input, p.inputNorm, into: a.inputNorm, a.inputRstd)
    metered.product(
      "query-key-value", \.attentionProjections, Operand(a.inputNorm),
      p.queryKeyValueWeight.transposed,
      into: a.queryKeyValue)
    func headNorm(_ name: String, _ columns: Range<Int>, _ gamma: Vector, _ rstd: Vector) {
      norm(name, a.queryKeyValue.columns(columns), gamma, into: a.queryKey.columns(columns), rstd)
    }
    headNorm("query-norm", queryColumns, p.queryNorm, a.queryRstd)
    headNorm("key-norm", keyColumns, p.keyNorm, a.keyRstd)
    metered.rotate("rotate", a.queryKey, by: a.rope, contextLength: w.contextLength)
    metered.attention(
      a.attentionShape, query: a.queryKey.columns(queryColumns),
      key: a.queryKey.columns(keyColumns), value: a.queryKeyValue.columns(valueColumns),
      into: a.attention, statistics: a.statistics)
    metered.product(
      "projection", \.attentionProjections, Operand(a.attention), p.outputWeight.transposed,
      into: a.projected)
    norm("projection-norm", a.projected, p.postAttentionNorm, into: w.scratch, a.projectedRstd)
    metered.add("attention-residual", a.input, w.scratch, into: a.middle)
  }

  /// next = middle + norm(feedForward(norm(middle)))
  private func feedForward<Windows: ParameterWindows>(
    _ p: Gemma3Views<Windows>.Layer, _ a: Gemma3Workspace.Layer, into next: Matrix
  ) {
    norm("feed-forward-norm", a.middle, p.preFeedForwardNorm, into: a.middleNorm, a.middleRstd)
    metered.product(
      "gate-up", \.feedForward, Operand(a.middleNorm), p.gateUpWeight.transposed, into: a.gateUp)
    let (gate, up) = gateAndUp(a)
    metered.geglu(gate: gate, up: up, into: a.activated)
    metered.product(
      "down", \.feedForward, Operand(a.activated), p.downWeight.transposed, into: a.contracted)
    norm("down-norm", a.contracted, p.postFeedForwardNorm, into: w.scratch, a.contractedRstd)
    metered.add("feed-forward-residual", a.middle, w.scratch, into: next)
  }

  // MARK: backward

  /// The logits hold their own gradient.
  func backward(_ p: Gemma3Views<FloatParameters>, _ g: Gemma3Views<FloatParameters>, _ batch: TokenBatch) {
    metered.product(
      "logits-backward", \.head, Operand(w.logits), Operand(p.tokenEmbedding),
      into: w.blockGradient)
    metered.weightGradient(
      "logits-weight", \.head, x: w.finalNorm, dOut: w.logits, into: g.tokenEmbedding,
      outputsFirst: true)
    metered.rmsNormBackward(
      "norm-backward", dy: w.blockGradient, x: w.output, gamma: p.finalNorm, rstd: w.outputRstd,
      into: w.residualGradient, accumulate: false, dGamma: g.finalNorm)
    for index in (0..<p.layerCount).reversed() {
      let (weights, gradients) = (p.layer(index), g.layer(index))
      w.place = .backward(index)
      feedForwardBackward(weights, gradients, w.layers[index])
      attentionBackward(weights, gradients, w.layers[index])
    }
    w.place = .embeddingBackward
    metered.scale("embedding-scale-backward", w.residualGradient, by: embeddingScale)
    if let paddingToken { clearGradient(of: paddingToken, batch) }
    w.inputEmbedding.add(w.residualGradient, at: batch.tokens, metered)
  }

  private func feedForwardBackward(
    _ p: Gemma3Views<FloatParameters>.Layer, _ g: Gemma3Views<FloatParameters>.Layer, _ a: Gemma3Workspace.Layer
  ) {
    metered.rmsNormBackward(
      "down-norm-backward", dy: w.residualGradient, x: a.contracted, gamma: p.postFeedForwardNorm,
      rstd: a.contractedRstd, into: w.blockGradient, accumulate: false,
      dGamma: g.postFeedForwardNorm)
    linearBackward(
      .down, \.feedForward, dOut: w.blockGradient, x: a.activated, weight: p.downWeight,
      dWeight: g.downWeight, into: w.activatedGradient)
    let (gate, up) = gateAndUp(a)
    metered.gegluBackward(gate: gate, up: up, dy: w.activatedGradient)
    linearBackward(
      .gateUp, \.feedForward, dOut: a.gateUp, x: a.middleNorm, weight: p.gateUpWeight,
      dWeight: g.gateUpWeight, into: w.blockGradient)
    metered.rmsNormBackward(
      "feed-forward-norm-backward", dy: w.blockGradient, x: a.middle,
      gamma: p.preFeedForwardNorm, rstd: a.middleRstd,
      into: w.residualGradient, accumulate: true, dGamma: g.preFeedForwardNorm)
  }

  private func attentionBackward(
    _ p: Gemma3Views<FloatParameters>.Layer, _ g: Gemma3Views<FloatParameters>.Layer, _ a: Gemma3Workspace.Layer
  ) {
    metered.rmsNormBackward(
      "projection-norm-backward", dy: w.residualGradient, x: a.projected,
      gamma: p.postAttentionNorm, rstd: a.projectedRstd,
      into: w.blockGradient, accumulate: false, dGamma: g.postAttentionNorm)
    linearBackward(
      .projection, \.attentionProjections, dOut: w.blockGradient, x: a.attention,
      weight: p.outputWeight,
      dWeight: g.outputWeight, into: w.attentionGradient)
    let gradient = w.queryKeyValueGradient
    metered.attentionBackward(
      a.attentionShape, query: a.queryKey.columns(queryColumns),
      key: a.queryKey.columns(keyColumns), value: a.queryKeyValue.columns(valueColumns),
      statistics: a.statistics, dOutput: w.attentionGradient,
      dQuery: gradient.columns(queryColumns), dKey: gradient.columns(keyColumns),
      dValue: gradient.columns(valueColumns))
    metered.rotate(
      "rotate-backward", gradient.columns(queryKeyColumns), by: a.rope,
      contextLength: w.contextLength,
      isInverse: true)
    func headNormBackward(
      _ name: String, _ columns: Range<Int>, _ gamma: Vector, _ rstd: Vector, _ dGamma: Vector
    ) {
      let own = gradient.columns(columns)
      metered.rmsNormBackward(
        name, dy: own, x: a.queryKeyValue.columns(columns), gamma: gamma, rstd: rstd, into: own,
        accumulate: false, dGamma: dGamma)
    }
    headNormBackward(
      "query-norm-backward", queryColumns, p.queryNorm, a.queryRstd, g.queryNorm)
    headNormBackward("key-norm-backward", keyColumns, p.keyNorm, a.keyRstd, g.keyNorm)
    linearBackward(
      .queryKeyValue, \.attentionProjections, dOut: gradient, x: a.inputNorm,
      weight: p.queryKeyValueWeight,
      dWeight: g.queryKeyValueWeight, into: w.blockGradient)
    metered.rmsNormBackward(
      "attention-norm-backward", dy: w.blockGradient, x: a.input, gamma: p.inputNorm,
      rstd: a.inputRstd,
      into: w.residualGradient, accumulate: true, dGamma: g.inputNorm)
  }

  // MARK: helpers

  private func norm(
    _ name: String, _ x: Matrix, _ gamma: Vector, into y: Matrix, _ rstd: Vector
  ) {
    metered.rmsNorm(name, x, gamma: gamma, epsilon: epsilon, into: y, rstd: rstd)
  }

  /// dX = dOut weight; dWeight = dOut^T x, for out = x weight^T
  private func linearBackward(
    _ names: BackwardNames, _ part: MeteredArithmetic.Part, dOut: Matrix, x: Matrix, weight: Matrix,
    dWeight: Matrix, into dX: Matrix
  ) {
    metered.weightGradient(
      names.weight, part, x: x, dOut: dOut, into: dWeight, outputsFirst: true)
    metered.product(names.input, part, Operand(dOut), Operand(weight), into: dX)
  }

  private func gateAndUp(_ a: Gemma3Workspace.Layer) -> (gate: Matrix, up: Matrix) {
    let wide = shape.feedForwardWidth
    return (a.gateUp.columns(0..<wide), a.gateUp.columns(wide..<2 * wide))
  }

  /// The padding token learns nothing as an input.
  private func clearGradient(of token: Int, _ batch: TokenBatch) {
    w.run("padding", reads: [w.residualGradient], writes: [w.residualGradient]) {
      for (row, own) in batch.tokens.enumerated() where Int(own) == token {
        for column in 0..<shape.dModel { w.residualGradient[row, column] = 0 }
      }
    }
  }
}
