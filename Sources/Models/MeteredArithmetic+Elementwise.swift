import Kernels

/// Operations without products: they are shown to the observer, and count no operations.
extension MeteredArithmetic {
  /// x(r) = table(tokens[r]), plus positions.
  func gatherRows<Weight: WeightMatrix>(
    _ tokens: [Int32], of table: Weight, adding positions: Weight?, into x: Matrix
  ) {
    workspace.run(
      "look-up", reads: [table.operand.floats, positions?.operand.floats], writes: [x]
    ) {
      table.gatherRows(tokens, adding: positions, into: x, arithmetic: arithmetic)
    }
  }

  /// As `Arithmetic.scatterAdd`.
  func scatterAdd(_ name: String, _ x: Matrix, at indices: [Int32], to table: Matrix) {
    workspace.run(name, reads: [x, table], writes: [table]) {
      arithmetic.scatterAdd(x, at: indices, to: table)
    }
  }

  /// As `Arithmetic.addPeriodically`.
  func addPeriodically(_ x: Matrix, to positions: Matrix) {
    workspace.run("position-gradient", reads: [x, positions], writes: [positions]) {
      arithmetic.addPeriodically(x, to: positions)
    }
  }

  /// As `Arithmetic.addBias`.
  func addBias(_ name: String, _ bias: Vector, to y: Matrix) {
    workspace.run(name, reads: [bias.window, y], writes: [y]) { arithmetic.addBias(bias, to: y) }
  }

  /// As `Arithmetic.columnSums`.
  func columnSums(_ name: String, of x: Matrix, addingTo sums: Vector) {
    workspace.run(name, reads: [x, sums.window], writes: [sums.window]) {
      arithmetic.columnSums(of: x, addingTo: sums)
    }
  }

  /// z = x + y.
  func add(_ name: String, _ x: Matrix, _ y: Matrix, into z: Matrix) {
    workspace.run(name, reads: [x, y], writes: [z]) { arithmetic.add(x, y, into: z) }
  }

  /// x = x * factor, for a matrix without gaps.
  func scale(_ name: String, _ x: Matrix, by factor: Float) {
    workspace.run(name, reads: [x], writes: [x]) {
      let all = Vector(x.buffer, offset: x.offset, count: x.rows * x.columns)
      arithmetic.scale(all, by: factor, into: all)
    }
  }

  /// As `Arithmetic.addBiasAndGelu`.
  func addBiasAndGelu(_ bias: Vector, to x: Matrix, into y: Matrix) {
    workspace.run("gelu", reads: [bias.window, x], writes: [x, y]) {
      arithmetic.addBiasAndGelu(bias, to: x, into: y)
    }
  }

  /// As `Arithmetic.addBiasAndGeluBackward`, over `dy`.
  func addBiasAndGeluBackward(x: Matrix, dy: Matrix, dBias: Vector) {
    workspace.run("gelu-backward", reads: [x, dy, dBias.window], writes: [dy, dBias.window]) {
      arithmetic.addBiasAndGeluBackward(x: x, dy: dy, into: dy, dBias: dBias)
    }
  }

  /// As `Arithmetic.geglu`.
  func geglu(gate: Matrix, up: Matrix, into y: Matrix) {
    workspace.run("geglu", reads: [gate, up], writes: [y]) {
      arithmetic.geglu(gate: gate, up: up, into: y)
    }
  }

  /// As `Arithmetic.gegluBackward`, over gate and up.
  func gegluBackward(gate: Matrix, up: Matrix, dy: Matrix) {
    workspace.run("geglu-backward", reads: [gate, up, dy], writes: [gate, up]) {
      arithmetic.gegluBackward(gate: gate, up: up, dy: dy, intoGate: gate, up: up)
    }
  }

  /// As `Arithmetic.rotate`.
  func rotate(
    _ name: String, _ x: Matrix, by table: RotaryTable, contextLength: Int, isInverse: Bool = false
  ) {
    workspace.run(name, reads: [x], writes: [x]) {
      arithmetic.rotate(x, by: table, contextLength: contextLength, isInverse: isInverse)
    }
  }

  /// As `Arithmetic.softmaxCrossEntropy`.
  func softmaxCrossEntropy(
    logits: Matrix, targets: [Int32], losses: Vector, gradientScale: Float?
  ) {
    workspace.run(
      "cross-entropy", reads: [logits],
      writes: gradientScale == nil ? [losses.window] : [logits, losses.window]
    ) {
      arithmetic.softmaxCrossEntropy(
        logits: logits, targets: targets, losses: losses, gradientScale: gradientScale)
    }
  }

  /// mean(0) = the sum of v over its number of elements.
  func mean(_ v: Vector, into mean: Vector) {
    workspace.run("mean-loss", reads: [v.window], writes: [mean.window]) {
      mean[0] = arithmetic.sum(v) / Float(v.count)
    }
  }

  /// y = x * factor.
  func scale(_ name: String, _ x: Vector, by factor: Float, into y: Vector) {
    workspace.run(name, reads: [x.window], writes: [y.window]) {
      arithmetic.scale(x, by: factor, into: y)
    }
  }

  /// y = x, bit by bit.
  func copy(_ name: String, _ x: Vector, into y: Vector) {
    workspace.run(name, reads: [x.window], writes: [y.window]) { y.copy(from: x) }
  }
}
