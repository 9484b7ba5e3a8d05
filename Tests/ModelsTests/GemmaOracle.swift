import Foundation
import Models

/// Gemma 3, from the formulas of its report.
struct GemmaOracle: LossOracle {
  let width, heads, kvHeads, size, wide, vocabulary: Int
  let windows: [Int?]
  let settings: Gemma3Settings

  func logits(_ parameters: [Double], _ tokens: [Int]) -> [[Double]] {
    var next = 0
    func take(_ count: Int) -> [Double] {
      defer { next += count }
      return Array(parameters[next..<next + count])
    }
    func rows(_ count: Int, _ columns: Int) -> [[Double]] {
      (0..<count).map { _ in take(columns) }
    }
    let embedding = rows(vocabulary, width)
    var x = tokens.map { token in embedding[token].map { $0 * Double(width).squareRoot() } }
    for window in windows {
      let inputGain = take(width)
      let (q, k, v) = (
        rows(heads * size, width), rows(kvHeads * size, width), rows(kvHeads * size, width)
      )
      let (queryGain, keyGain) = (take(size), take(size))
      let o = rows(width, heads * size)
      let (afterGain, beforeGain) = (take(width), take(width))
      let (gate, up, down) = (rows(wide, width), rows(wide, width), rows(width, wide))
      let lastGain = take(width)

      let normed = x.map { norm($0, inputGain) }
      let rope = window == nil ? settings.globalRope : settings.localRope
      func headRows(_ weight: [[Double]], _ head: Int, _ gain: [Double]) -> [[Double]] {
        normed.enumerated().map { t, row in
          turn(norm(times(Array(weight[head * size..<(head + 1) * size]), row), gain), t, rope)
        }
      }
      var seen = Array(repeating: [Double](), count: x.count)
      for head in 0..<heads {
        let shared = head / (heads / kvHeads)
        let queries = headRows(q, head, queryGain)
        let keys = headRows(k, shared, keyGain)
        let values = normed.map { times(Array(v[shared * size..<(shared + 1) * size]), $0) }
        for t in x.indices {
          let visible = x.indices.filter { $0 <= t && $0 > t - (window ?? x.count) }
          let weights = visible.map {
            exp(dot(queries[t], keys[$0]) / settings.queryScale.squareRoot())
          }
          let sum = weights.reduce(0, +)
          seen[t] += (0..<size).map { i in
            zip(visible, weights).reduce(0) { $0 + $1.1 / sum * values[$1.0][i] }
          }
        }
      }
      for t in x.indices {
        x[t] = plus(x[t], norm(times(o, seen[t]), afterGain))
        let input = norm(x[t], beforeGain)
        let hidden = zip(times(gate, input).map(gelu), times(up, input)).map { $0 * $1 }
        x[t] = plus(x[t], norm(times(down, hidden), lastGain))
      }
    }
    let finalGain = take(width)
    precondition(next == parameters.count)
    return x.map { times(embedding, norm($0, finalGain)) }
  }

  /// Pairs half a head apart turn with the position.
  private func turn(
    _ x: [Double], _ position: Int, _ rope: Gemma3Settings.RotaryEmbedding
  ) -> [Double] {
    let half = size / 2
    return (0..<size).map { i in
      let pair = i % half
      let angle =
        Double(position) / rope.scaling / pow(rope.base, Double(2 * pair) / Double(size))
      let other = i < half ? -x[i + half] : x[i - half]
      return x[i] * cos(angle) + other * sin(angle)
    }
  }

  private func norm(_ x: [Double], _ gain: [Double]) -> [Double] {
    let root = (dot(x, x) / Double(x.count) + settings.normEpsilon).squareRoot()
    return zip(x, gain).map { $0 / root * (1 + $1) }
  }

  private func times(_ weight: [[Double]], _ x: [Double]) -> [Double] { weight.map { dot($0, x) } }

  private func dot(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private func plus(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + $1 } }

  private func gelu(_ x: Double) -> Double {
    0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
  }
}
