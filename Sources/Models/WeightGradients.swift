import Kernels

/// Which gradients of weight matrices a backward pass computes. Gradients of biases, gains and
/// look-ups cost no products and are always computed.
enum WeightGradients {
  /// All of them.
  case all
  /// Those of tensors at these places of the flat vector.
  case chosen([Range<Int>])
  /// None of the matrices themselves, but those of adapters beside them.
  case adapters([Adapter], Scratch)

  /// Gradients of two factors beside the matrix W (outputs, inputs) at `target`: the model computes
  /// with W + B' A, where A' and B' are the factors times their scale.
  struct Adapter {
    let target: Range<Int>
    /// (rank, inputs) and (outputs, rank), times the scale.
    let scaledA, scaledB: Matrix
    /// Gradients of A and B; the first part of a batch overwrites them, later ones add.
    let gradientA, gradientB: Matrix
  }

  /// Room for one row of ranks a position.
  struct Scratch {
    let buffer: FloatBuffer

    func matrix(_ rows: Int, _ columns: Int) -> Matrix {
      Matrix(buffer, rows: rows, columns: columns)
    }
  }
}

extension WeightGradients {
  /// Zeros those elements of `gradient` that the backward pass adds to. It overwrites most matrices with
  /// the result of a product or leaves them alone, and zeros would be in vain; the embedding's is added to
  /// where no product computes it.
  func prepare(
    _ gradient: FloatBuffer, _ layout: ParameterLayout, observer: (any OperatorObserver)?
  ) {
    precondition(gradient.count == layout.count)
    var hasEmbedding = true
    if case .all = self { hasEmbedding = false }
    gradient.withUnsafeMutableBytes { bytes in
      for tensor in layout.tensors
      where tensor.dimensions.count == 1 || tensor.name == "wpe.weight"
        || hasEmbedding && tensor.offset == 0
      {
        let part = bytes[4 * tensor.range.lowerBound..<4 * tensor.range.upperBound]
        UnsafeMutableRawBufferPointer(rebasing: part).initializeMemory(as: UInt8.self, repeating: 0)
        observer?.cleared([Vector(gradient, offset: tensor.offset, count: tensor.count).window])
      }
    }
  }
}

extension MeteredArithmetic {
  /// Computes the gradient of a weight, or of some weights that are stored one after the other: for
  /// out = x weight with weight (inputs, outputs), or for out = x weight^T with weight (outputs,
  /// inputs) if `outputsFirst`. Computes what the workspace's ``WeightGradients`` ask for.
  func weightGradient(
    _ name: String, _ part: Part, x: Matrix, dOut: Matrix, into dWeight: Matrix, outputsFirst: Bool
  ) {
    let accumulate = workspace.continuesBatch
    /// The outputs of the tensor at `target`, if it lies in the window.
    func outputs(of target: Range<Int>) -> Range<Int>? {
      let first = target.lowerBound - dWeight.offset
      guard first >= 0, first + target.count <= dWeight.rows * dWeight.columns else { return nil }
      guard outputsFirst else { return 0..<dWeight.columns }
      return first / dWeight.columns..<(first + target.count) / dWeight.columns
    }
    func compute(_ rows: Range<Int>?) {
      if outputsFirst {
        let rows = rows ?? 0..<dWeight.rows
        product(
          name, part, dOut.columns(rows).transposed, Operand(x), into: dWeight.rows(rows),
          accumulate: accumulate)
      } else {
        product(name, part, x.transposed, Operand(dOut), into: dWeight, accumulate: accumulate)
      }
    }
    switch workspace.weightGradients {
    case .all: compute(nil)
    case .chosen(let targets):
      for case let rows? in targets.map(outputs) { compute(rows) }
    case .adapters(let adapters, let scratch):
      for adapter in adapters {
        guard let columns = outputs(of: adapter.target) else { continue }
        let dOut = dOut.columns(columns)
        let narrow = scratch.matrix(x.rows, adapter.scaledA.rows)
        // dA = (dOut B')^T x; dB = dOut^T (x A'^T)
        product(
          "adapter-b-backward", \.adapters, Operand(dOut), Operand(adapter.scaledB), into: narrow)
        product(
          "adapter-a-weight", \.adapters, narrow.transposed, Operand(x), into: adapter.gradientA,
          accumulate: accumulate)
        product(
          "adapter-a", \.adapters, Operand(x), adapter.scaledA.transposed, into: narrow)
        product(
          "adapter-b-weight", \.adapters, dOut.transposed, Operand(narrow), into: adapter.gradientB,
          accumulate: accumulate)
      }
    }
  }
}
