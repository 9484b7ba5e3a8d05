import Glibc
import Kernels
import Testing

@Suite struct AttentionTests {
  /// Operands of some sequences, and what the reference makes of them.
  private struct Case {
    let shape: AttentionShape
    let query, key, value, dOutput: [Float]

    init(_ shape: AttentionShape, seed: UInt64, wild: Bool = false) {
      self.shape = shape
      var data = TestData(seed: seed)
      func numbers(_ columns: Int) -> [Float] {
        wild ? data.wildNumbers(shape.rows * columns) : data.numbers(shape.rows * columns, scale: 2)
      }
      query = numbers(shape.queryColumns)
      key = numbers(shape.keyColumns)
      value = numbers(shape.keyColumns)
      dOutput = numbers(shape.queryColumns)
    }

    /// Outputs and gradients for query, key and value.
    func expected() -> [[Float]] {
      var results = [[Float]](repeating: [], count: 4)
      for sequence in 0..<shape.sequences {
        func part(_ values: [Float], _ columns: Int) -> [Float] {
          let count = shape.length * columns
          return Array(values[sequence * count..<(sequence + 1) * count])
        }
        let reference = Reference.Attention(
          length: shape.length, heads: shape.heads, keyValueHeads: shape.keyValueHeads,
          dimension: shape.headDimension, window: shape.window ?? shape.length,
          scale: shape.scale, query: part(query, shape.queryColumns),
          key: part(key, shape.keyColumns), value: part(value, shape.keyColumns))
        let gradients = reference.gradients(part(dOutput, shape.queryColumns))
        let all = [reference.output(), gradients.query, gradients.key, gradients.value]
        for (index, values) in all.enumerated() { results[index] += values }
      }
      return results
    }

    func actual(_ arithmetic: Arithmetic, gap: Int = 3) -> [[Float]?] {
      func framed(_ values: [Float], _ columns: Int) -> Framed {
        Framed(values, rows: shape.rows, columns: columns, gap: gap)
      }
      let (q, dO) = (framed(query, shape.queryColumns), framed(dOutput, shape.queryColumns))
      let (k, v) = (framed(key, shape.keyColumns), framed(value, shape.keyColumns))
      // Whatever was in the results is overwritten.
      let (output, dQ) = (framed(dOutput, shape.queryColumns), framed(query, shape.queryColumns))
      let (dK, dV) = (framed(value, shape.keyColumns), framed(key, shape.keyColumns))
      let statistics = vector([Float](repeating: 9, count: shape.statisticsCount))
      arithmetic.attention(
        shape, query: q.matrix, key: k.matrix, value: v.matrix, into: output.matrix,
        statistics: statistics)
      arithmetic.attentionBackward(
        shape, query: q.matrix, key: k.matrix, value: v.matrix, statistics: statistics,
        dOutput: dO.matrix, dQuery: dQ.matrix, dKey: dK.matrix, dValue: dV.matrix)
      return [output.values, dQ.values, dK.values, dV.values]
    }

    func check(_ machines: [Machine]) {
      let expected = expected()
      for machine in machines {
        for (name, (found, wanted)) in zip(
          ["output", "dQuery", "dKey", "dValue"], zip(actual(machine.arithmetic), expected))
        {
          let place = difference(found, wanted)
          #expect(place == nil, "\(name): \(place ?? "") \(shape) \(machine)")
        }
      }
    }
  }

  private static func shape(
    _ sequences: Int, _ length: Int, _ heads: Int, _ keyValueHeads: Int, _ dimension: Int,
    window: Int? = nil
  ) -> AttentionShape {
    AttentionShape(
      sequences: sequences, length: length, heads: heads, keyValueHeads: keyValueHeads,
      headDimension: dimension, window: window, scale: 1 / Float(dimension).squareRoot())
  }

  @Test(arguments: sizes)
  func everyLengthAndWidth(length: Int) {
    for dimension in sizes {
      let window = [nil, 1, 2, 5, 16, length, length + 3][(length + dimension) % 7]
      Case(
        Self.shape(1, length, 2, 1, dimension, window: window),
        seed: UInt64(length * 1000 + dimension), wild: (length + dimension) % 3 == 0
      ).check(Machine.all)
    }
  }

  @Test(arguments: [(1, 1), (3, 3), (4, 2), (6, 2), (5, 1)], [1, 3])
  func everyGrouping(heads: (Int, Int), sequences: Int) {
    for window in [nil, 7] {
      Case(
        Self.shape(sequences, 21, heads.0, heads.1, 9, window: window),
        seed: UInt64(heads.0 * 10 + heads.1)
      ).check(Machine.all)
    }
  }

  /// Past the limits of the blocks of queries and of the strips of keys.
  @Test(arguments: [nil, 1, 30, 48, 49, 100])
  func blocks(window: Int?) {
    for (length, dimension) in [(97, 64), (145, 17), (192, 80)] {
      Case(Self.shape(1, length, 2, 1, dimension, window: window), seed: UInt64(length))
        .check(Machine.all.filter { $0.arithmetic.workers.threads < 3 })
    }
  }

  /// Infinity and NaN in keys and values that a query does not see leave no trace in its result.
  @Test func whatIsNotSeenTakesNoPart() {
    let shape = Self.shape(1, 60, 1, 1, 20, window: 10)
    let clean = Case(shape, seed: 4)
    for machine in Machine.all {
      let before = clean.actual(machine.arithmetic)[0]
      let (k, v) = (FloatBuffer(clean.key), FloatBuffer(clean.value))
      for c in 0..<20 {
        k[5 * 20 + c] = .nan
        v[5 * 20 + c] = .infinity
        k[50 * 20 + c] = .infinity
        v[50 * 20 + c] = .nan
      }
      let output = Matrix(FloatBuffer(count: 60 * 20), rows: 60, columns: 20)
      func matrix(_ buffer: FloatBuffer) -> Matrix { Matrix(buffer, rows: 60, columns: 20) }
      machine.arithmetic.attention(
        shape, query: matrix(FloatBuffer(clean.query)), key: matrix(k), value: matrix(v),
        into: output, statistics: vector([Float](repeating: 0, count: shape.statisticsCount)))
      let sees = (0..<60).map { (5..<15).contains($0) || (50..<60).contains($0) }
      let after = output.array
      for i in 0..<60 {
        let row = Array(after[i * 20..<i * 20 + 20])
        if sees[i] {
          #expect(row.allSatisfy { !$0.isFinite }, "row \(i) \(machine)")
        } else {
          #expect(difference(row, Array(before?[i * 20..<i * 20 + 20] ?? [])) == nil, "row \(i)")
        }
      }
    }
  }

  /// Bands of one projection, as models read and write them.
  @Test func bandsOfOneBuffer() {
    let shape = Self.shape(2, 13, 4, 2, 5)
    let test = Case(shape, seed: 8)
    let row = 20 + 10 + 10
    let all = Matrix(FloatBuffer(count: 26 * row), rows: 26, columns: row)
    for i in 0..<26 {
      for c in 0..<20 { all[i, c] = test.query[i * 20 + c] }
      for c in 0..<10 {
        all[i, 20 + c] = test.key[i * 10 + c]
        all[i, 30 + c] = test.value[i * 10 + c]
      }
    }
    let output = Matrix(FloatBuffer(count: 26 * 20), rows: 26, columns: 20)
    Machine.all[0].arithmetic.attention(
      shape, query: all.columns(0..<20), key: all.columns(20..<30), value: all.columns(30..<40),
      into: output, statistics: vector([Float](repeating: 0, count: shape.statisticsCount)))
    #expect(difference(output.array, test.expected()[0]) == nil)
  }

  /// Gradients against differences of an independent forward pass in double precision.
  @Test(arguments: [nil, 4]) func gradientIsTheDerivative(window: Int?) {
    let shape = Self.shape(1, 9, 4, 2, 3, window: window)
    let test = Case(shape, seed: 12)
    let found = test.actual(Machine.all[0].arithmetic)
    let operands = [test.query, test.key, test.value].map { $0.map(Double.init) }
    for (which, operand) in operands.enumerated() {
      for index in operand.indices {
        func loss(_ step: Double) -> Double {
          var moved = operands
          moved[which][index] += step
          return zip(Self.inDouble(shape, moved[0], moved[1], moved[2]), test.dOutput)
            .reduce(0) { $0 + $1.0 * Double($1.1) }
        }
        let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
        #expect(abs(Double(found[which + 1]?[index] ?? .nan) - slope) <= 2e-5)
      }
    }
  }

  private static func inDouble(
    _ s: AttentionShape, _ query: [Double], _ key: [Double], _ value: [Double]
  ) -> [Double] {
    let (d, share) = (s.headDimension, s.heads / s.keyValueHeads)
    var output = [Double](repeating: 0, count: query.count)
    for i in 0..<s.length {
      for h in 0..<s.heads {
        let keys = (0...i).filter { s.window == nil || i - $0 < s.window! }
        let weights = keys.map { j in
          exp(
            Double(s.scale)
              * (0..<d).reduce(0.0) {
                $0 + query[(i * s.heads + h) * d + $1]
                  * key[(j * s.keyValueHeads + h / share) * d + $1]
              })
        }
        let total = weights.reduce(0, +)
        for c in 0..<d {
          output[(i * s.heads + h) * d + c] = zip(keys, weights).reduce(0) {
            $0 + $1.1 / total * value[($1.0 * s.keyValueHeads + h / share) * d + c]
          }
        }
      }
    }
    return output
  }

  @Test func visiblePairsAreCounted() {
    for length in 1...9 {
      for window in [nil, 1, 2, 5, 9, 20] {
        let pairs = (0..<length).reduce(0) { $0 + min($1 + 1, window ?? length) }
        #expect(Self.shape(1, length, 1, 1, 1, window: window).visiblePairs == pairs)
      }
    }
  }
}
