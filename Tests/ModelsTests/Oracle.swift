import Foundation

/// A decoder's loss as its formulas say it, token by token, in double precision.
///
/// Shares no code with the package; parameters are read in the order of the written layout.
protocol LossOracle {
  /// For each position the score of every token to follow.
  func logits(_ parameters: [Double], _ tokens: [Int]) -> [[Double]]
}

extension LossOracle {
  /// Mean cross-entropy in nats of `targets` ([sequence][position]) after `tokens`.
  func loss(_ parameters: [Double], tokens: [[Int]], targets: [[Int]]) -> Double {
    var total = 0.0
    for (inputs, wanted) in zip(tokens, targets) {
      for (logits, target) in zip(logits(parameters, inputs), wanted) {
        let largest = logits.max()!
        total += largest + log(logits.reduce(0) { $0 + exp($1 - largest) }) - logits[target]
      }
    }
    return total / Double(tokens.reduce(0) { $0 + $1.count })
  }
}

/// GPT-3; a layer with a window sees so many positions, itself the last of them.
struct Oracle: LossOracle {
  let layers, width, heads, context, vocabulary: Int
  let windows: [Int?]

  func logits(_ parameters: [Double], _ tokens: [Int]) -> [[Double]] {
    var next = 0
    func take(_ count: Int) -> ArraySlice<Double> {
      defer { next += count }
      return parameters[next..<next + count]
    }
    func rows(_ count: Int, _ columns: Int) -> [[Double]] {
      (0..<count).map { _ in Array(take(columns)) }
    }
    let embedding = rows(vocabulary, width)
    let positions = rows(context, width)
    var x = tokens.enumerated().map { t, token in plus(embedding[token], positions[t]) }
    for layer in 0..<layers {
      let (gamma1, beta1) = (Array(take(width)), Array(take(width)))
      let (wide, wideBias) = (rows(width, 3 * width), Array(take(3 * width)))
      let (back, backBias) = (rows(width, width), Array(take(width)))
      let (gamma2, beta2) = (Array(take(width)), Array(take(width)))
      let (up, upBias) = (rows(width, 4 * width), Array(take(4 * width)))
      let (down, downBias) = (rows(4 * width, width), Array(take(width)))
      let mixed = x.map { affine(normalize($0, gamma1, beta1), wide, wideBias) }
      let seen = attend(mixed, windows[layer] ?? context)
      for t in x.indices {
        x[t] = plus(x[t], affine(seen[t], back, backBias))
        let hidden = affine(normalize(x[t], gamma2, beta2), up, upBias).map(gelu)
        x[t] = plus(x[t], affine(hidden, down, downBias))
      }
    }
    let (gamma, beta) = (Array(take(width)), Array(take(width)))
    precondition(next == parameters.count)
    return x.map { row in
      let last = normalize(row, gamma, beta)
      return embedding.map { word in zip(word, last).reduce(0) { $0 + $1.0 * $1.1 } }
    }
  }

  /// Each position sees itself and those before it, by each head's own columns.
  private func attend(_ mixed: [[Double]], _ window: Int) -> [[Double]] {
    let size = width / heads
    return mixed.indices.map { t in
      var row: [Double] = []
      for head in 0..<heads {
        func element(_ position: Int, _ part: Int, _ i: Int) -> Double {
          mixed[position][part * width + head * size + i]
        }
        let seen = max(0, t - window + 1)...t
        let weights = seen.map { s -> Double in
          let dot = (0..<size).reduce(0.0) { $0 + element(t, 0, $1) * element(s, 1, $1) }
          return exp(dot / Double(size).squareRoot())
        }
        let sum = weights.reduce(0, +)
        for i in 0..<size {
          row.append(
            zip(seen, weights).reduce(0.0) { $0 + $1.1 / sum * element($1.0, 2, i) })
        }
      }
      return row
    }
  }

  private func plus(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + $1 } }

  private func affine(_ x: [Double], _ weight: [[Double]], _ bias: [Double]) -> [Double] {
    bias.indices.map { o in x.indices.reduce(bias[o]) { $0 + x[$1] * weight[$1][o] } }
  }

  private func normalize(_ x: [Double], _ gamma: [Double], _ beta: [Double]) -> [Double] {
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    let deviation = (variance + 1e-5).squareRoot()
    return x.indices.map { (x[$0] - mean) / deviation * gamma[$0] + beta[$0] }
  }

  private func gelu(_ x: Double) -> Double {
    0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
  }
}
