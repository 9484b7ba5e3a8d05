import Kernels

extension ElementwiseBench {
  /// What is measured, each on operands of its own.
  func operations() -> [Operation] { activations() + norms() + optimizers() }

  /// A matrix of normal numbers of the size that is measured.
  private func matrix(_ stream: UInt64, columns: Int = ElementwiseBench.columns) -> Matrix {
    let buffer = FloatBuffer(count: Self.rows * columns)
    arithmetic.fillNormal(Vector(buffer), seed: 1, stream: stream, standardDeviation: 1)
    return Matrix(buffer, rows: Self.rows, columns: columns)
  }

  /// `passes` are the matrices that are read or written.
  private func operation(_ name: String, passes: Int, _ run: @escaping () -> Void) -> Operation {
    Operation(
      name: name, bytes: 4 * passes * Self.rows * Self.columns, repetitions: 8, run: run)
  }

  private func activations() -> [Operation] {
    let a = arithmetic
    let (x, y, dy, gate) = (matrix(0), matrix(1), matrix(2), matrix(3))
    let (scores, dScores) = (matrix(4), matrix(5))
    let table = RotaryTable(positionCount: 256, headDimension: 64, base: 10_000)
    return [
      operation("gelu", passes: 2) { a.gelu(x, into: y) },
      operation("gelu, backward", passes: 3) { a.geluBackward(x: x, dy: dy, into: y) },
      operation("geglu", passes: 3) { a.geglu(gate: gate, up: x, into: y) },
      operation("silu", passes: 2) { a.silu(x, into: y) },
      operation("softmax", passes: 2) { a.softmax(scores, scale: 1) },
      operation("softmax, backward", passes: 3) {
        a.softmaxBackward(probabilities: scores, dProbabilities: dScores, scale: 1)
      },
      operation("rotary embedding", passes: 2) { a.rotate(y, by: table, contextLength: 256) },
    ]
  }

  private func norms() -> [Operation] {
    let a = arithmetic
    let (x, y, dy, dx) = (matrix(6), matrix(7), matrix(8), matrix(9))
    func vector(_ count: Int) -> Vector { Vector(FloatBuffer(count: count)) }
    let (gamma, beta) = (vector(Self.columns), vector(Self.columns))
    let (dGamma, dBeta) = (vector(Self.columns), vector(Self.columns))
    let (mean, rstd) = (vector(Self.rows), vector(Self.rows))
    return [
      operation("layer norm", passes: 2) {
        a.layerNorm(x, gamma: gamma, beta: beta, into: y, mean: mean, rstd: rstd)
      },
      operation("layer norm, backward", passes: 3) {
        a.layerNormBackward(
          dy: dy, x: x, gamma: gamma, mean: mean, rstd: rstd, into: dx, accumulate: false,
          dGamma: dGamma, dBeta: dBeta)
      },
      operation("rms norm", passes: 2) {
        a.rmsNorm(x, gamma: gamma, epsilon: 1e-6, into: y, rstd: rstd)
      },
      operation("rms norm, backward", passes: 3) {
        a.rmsNormBackward(
          dy: dy, x: x, gamma: gamma, rstd: rstd, into: dx, accumulate: false, dGamma: dGamma)
      },
    ]
  }

  private func optimizers() -> [Operation] {
    let a = arithmetic
    func vector() -> Vector { Vector(FloatBuffer(count: Self.parameters)) }
    let (w, g, m, v) = (vector(), vector(), vector(), vector())
    a.fillNormal(g, seed: 2, stream: 0, standardDeviation: 1)
    func operation(_ name: String, passes: Int, _ run: @escaping () -> Void) -> Operation {
      Operation(name: name, bytes: 4 * passes * Self.parameters, repetitions: 1, run: run)
    }
    let coefficients = AdamWCoefficients(
      step: 10, learningRate: 1e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1)
    return [
      operation("sgd step", passes: 3) {
        a.sgdStep(parameters: w, gradient: g, learningRate: 1e-3)
      },
      operation("momentum step", passes: 5) {
        a.momentumStep(
          parameters: w, gradient: g, momentum: m, factor: 0.9, isNesterov: false,
          learningRate: 1e-3)
      },
      operation("adamw step", passes: 7) {
        a.adamWStep(
          parameters: w, gradient: g, firstMoment: m, secondMoment: v, coefficients: coefficients)
      },
      operation("global norm", passes: 1) { _ = a.norm(of: g) },
    ]
  }
}
