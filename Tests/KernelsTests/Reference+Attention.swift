/// docs/arithmetic.md, section "Attention", one element at a time.
extension Reference {
  /// One sequence with one row of numbers for each token, heads side by side.
  struct Attention {
    let length, heads, keyValueHeads, dimension: Int
    let window: Int
    let scale: Float
    let query, key, value: [Float]

    private func q(_ i: Int, _ h: Int, _ c: Int) -> Float {
      query[(i * heads + h) * dimension + c]
    }
    private func place(_ j: Int, _ h: Int, _ c: Int) -> Int {
      (j * keyValueHeads + h / (heads / keyValueHeads)) * dimension + c
    }
    private func visible(_ i: Int) -> ClosedRange<Int> { max(0, i - window + 1)...i }

    /// The probabilities of the keys that query i of head h sees.
    private func probabilities(_ i: Int, _ h: Int) -> [Float] {
      let scores = visible(i).map { j in
        (0..<dimension).reduce(Float(0)) { fma(q(i, h, $1), key[place(j, h, $1)], $0) }
      }
      return softmax(scores, scale: scale)
    }

    func output() -> [Float] {
      var result = [Float](repeating: 0, count: query.count)
      for i in 0..<length {
        for h in 0..<heads {
          let p = probabilities(i, h)
          for c in 0..<dimension {
            result[(i * heads + h) * dimension + c] = zip(p, visible(i)).reduce(0) {
              fma($1.0, value[place($1.1, h, c)], $0)
            }
          }
        }
      }
      return result
    }

    func gradients(_ dOutput: [Float]) -> (query: [Float], key: [Float], value: [Float]) {
      var dQuery = [Float](repeating: 0, count: query.count)
      var (dKey, dValue) = (
        [Float](repeating: 0, count: key.count), [Float](repeating: 0, count: value.count)
      )
      for h in 0..<heads {
        for i in 0..<length {
          let p = probabilities(i, h)
          func dOut(_ c: Int) -> Float { dOutput[(i * heads + h) * dimension + c] }
          let dp = visible(i).map { j in
            (0..<dimension).reduce(Float(0)) { fma(dOut($1), value[place(j, h, $1)], $0) }
          }
          let ds = softmaxBackward(p, dp, scale: scale)
          for (n, j) in visible(i).enumerated() {
            for c in 0..<dimension {
              let own = (i * heads + h) * dimension + c
              let shared = place(j, h, c)
              dQuery[own] = fma(ds[n], key[shared], dQuery[own])
              dKey[shared] = fma(ds[n], q(i, h, c), dKey[shared])
              dValue[shared] = fma(p[n], dOut(c), dValue[shared])
            }
          }
        }
      }
      return (dQuery, dKey, dValue)
    }
  }
}
