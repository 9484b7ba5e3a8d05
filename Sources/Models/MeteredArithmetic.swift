import Kernels

/// The operations that models are made of, counted in a workspace's meter where they happen and shown
/// to its observer. Every operation of a model goes through here: an observer may leave it out, so
/// nothing is computed beside it.
struct MeteredArithmetic {
  /// What computes.
  let arithmetic: Arithmetic
  /// Whose meter counts.
  let workspace: ModelWorkspace

  /// A part of the meter.
  typealias Part = WritableKeyPath<ModelFLOPs, UInt64>

  /// c = a b, or c + a b if `accumulate`.
  func product(
    _ name: String, _ part: Part, _ a: Operand, _ b: Operand, into c: Matrix,
    accumulate: Bool = false
  ) {
    workspace.run(name, reads: [a.floats, b.floats, accumulate ? c : nil], writes: [c]) {
      arithmetic.product(a, b, into: c, accumulate: accumulate)
      workspace.flops[keyPath: part] +=
        2 * UInt64(c.rows) * UInt64(c.columns) * UInt64(a.columns)
    }
  }

  /// As `Arithmetic.layerNorm`.
  func layerNorm(
    _ name: String, _ x: Matrix, gamma: Vector, beta: Vector, into y: Matrix, mean: Vector,
    rstd: Vector
  ) {
    workspace.run(
      name, reads: [x, gamma.window, beta.window], writes: [y, mean.window, rstd.window]
    ) {
      arithmetic.layerNorm(x, gamma: gamma, beta: beta, into: y, mean: mean, rstd: rstd)
      count(x, ModelFLOPs.PerValue.layerNorm)
    }
  }

  /// As `Arithmetic.addBiasAndResidualThenLayerNorm`.
  func addBiasAndResidualThenLayerNorm(
    _ name: String, _ x: Matrix, _ d: Matrix, bias: Vector, into z: Matrix, gamma: Vector,
    beta: Vector, normInto y: Matrix, mean: Vector, rstd: Vector
  ) {
    workspace.run(
      name, reads: [x, d, bias.window, gamma.window, beta.window],
      writes: [z, y, mean.window, rstd.window]
    ) {
      arithmetic.addBiasAndResidualThenLayerNorm(
        x, d, bias: bias, into: z, gamma: gamma, beta: beta, normInto: y, mean: mean, rstd: rstd)
      count(x, ModelFLOPs.PerValue.layerNorm)
    }
  }

  /// As `Arithmetic.layerNormBackward`.
  func layerNormBackward(
    _ name: String, dy: Matrix, x: Matrix, gamma: Vector, mean: Vector, rstd: Vector,
    into dx: Matrix, accumulate: Bool, dGamma: Vector, dBeta: Vector
  ) {
    workspace.run(
      name,
      reads: [
        dy, x, gamma.window, mean.window, rstd.window, accumulate ? dx : nil, dGamma.window,
        dBeta.window,
      ], writes: [dx, dGamma.window, dBeta.window]
    ) {
      arithmetic.layerNormBackward(
        dy: dy, x: x, gamma: gamma, mean: mean, rstd: rstd, into: dx, accumulate: accumulate,
        dGamma: dGamma, dBeta: dBeta)
      count(x, ModelFLOPs.PerValue.layerNormBackward)
    }
  }

  /// As `Arithmetic.rmsNorm`.
  func rmsNorm(
    _ name: String, _ x: Matrix, gamma: Vector, epsilon: Float, into y: Matrix, rstd: Vector
  ) {
    workspace.run(name, reads: [x, gamma.window], writes: [y, rstd.window]) {
      arithmetic.rmsNorm(x, gamma: gamma, epsilon: epsilon, into: y, rstd: rstd)
      count(x, ModelFLOPs.PerValue.rmsNorm)
    }
  }

  /// As `Arithmetic.rmsNormBackward`.
  func rmsNormBackward(
    _ name: String, dy: Matrix, x: Matrix, gamma: Vector, rstd: Vector, into dx: Matrix,
    accumulate: Bool, dGamma: Vector
  ) {
    workspace.run(
      name,
      reads: [dy, x, gamma.window, rstd.window, accumulate ? dx : nil, dGamma.window],
      writes: [dx, dGamma.window]
    ) {
      arithmetic.rmsNormBackward(
        dy: dy, x: x, gamma: gamma, rstd: rstd, into: dx, accumulate: accumulate, dGamma: dGamma)
      count(x, ModelFLOPs.PerValue.rmsNormBackward)
    }
  }

  /// As `Arithmetic.attention`.
  func attention(
    _ shape: AttentionShape, query: Matrix, key: Matrix, value: Matrix, into output: Matrix,
    statistics: Vector
  ) {
    workspace.run(
      "attention", reads: [query, key, value], writes: [output, statistics.window]
    ) {
      arithmetic.attention(
        shape, query: query, key: key, value: value, into: output, statistics: statistics)
      count(shape, products: 2)
    }
  }

  /// As `Arithmetic.attentionBackward`.
  func attentionBackward(
    _ shape: AttentionShape, query: Matrix, key: Matrix, value: Matrix, statistics: Vector,
    dOutput: Matrix, dQuery: Matrix, dKey: Matrix, dValue: Matrix
  ) {
    workspace.run(
      "attention-backward", reads: [query, key, value, statistics.window, dOutput],
      writes: [dQuery, dKey, dValue]
    ) {
      arithmetic.attentionBackward(
        shape, query: query, key: key, value: value, statistics: statistics, dOutput: dOutput,
        dQuery: dQuery, dKey: dKey, dValue: dValue)
      count(shape, products: 4)
    }
  }

  private func count(_ x: Matrix, _ perValue: Int) {
    workspace.flops.norms += UInt64(x.rows) * UInt64(x.columns) * UInt64(perValue)
  }

  private func count(_ shape: AttentionShape, products: UInt64) {
    workspace.flops.attentionScores +=
      products * 2 * UInt64(shape.sequences * shape.heads) * UInt64(shape.visiblePairs)
      * UInt64(shape.headDimension)
  }
}

/// What the operators are called that lead back through one product with weights and a bias.
struct BackwardNames {
  let weight, bias, input: String

  static let queryKeyValue = named("query-key-value")
  static let projection = named("projection")
  static let expand = named("expand")
  static let contract = named("contract")
  static let gateUp = named("gate-up")
  static let down = named("down")

  private static func named(_ stem: String) -> BackwardNames {
    BackwardNames(weight: stem + "-weight", bias: stem + "-bias", input: stem + "-backward")
  }
}
