import Diffs
import Kernels
import Models
import Testing

/// The deterministic cut to a rank beside the best one, LAPACK's.
@Suite struct LowRankFormTests {
  private static let arithmetic = Arithmetic(workers: Workers(threads: 1))

  private func layout() throws -> ParameterLayout {
    ParameterLayout(
      try .gpt3(layerCount: 1, dModel: 24, headCount: 2, contextLength: 30, vocabularySize: 256))
  }

  /// An update whose matrices are sums of products of random vectors, the k-th of size decay^k.
  private func update(_ layout: ParameterLayout, terms: Int, decay: Float) -> FloatBuffer {
    let update = FloatBuffer(count: layout.count)
    Self.arithmetic.fillNormal(Vector(update), seed: 1, stream: 99, standardDeviation: 0.01)
    for (stream, tensor) in layout.tensors.enumerated() where tensor.dimensions.count == 2 {
      let (rows, columns) = (tensor.dimensions[0], tensor.dimensions[1])
      let noise = FloatBuffer(count: terms * (rows + columns))
      Self.arithmetic.fillNormal(
        Vector(noise), seed: 2, stream: UInt64(stream), standardDeviation: 1)
      var sizes: [Float] = [1]
      for _ in 1..<terms { sizes.append(sizes[sizes.count - 1] * decay) }
      for index in 0..<tensor.count {
        let (row, column) = (index / columns, index % columns)
        update[tensor.offset + index] = (0..<terms).reduce(0) {
          $0 + sizes[$1] * noise[$1 * rows + row] * noise[terms * rows + $1 * columns + column]
        }
      }
    }
    return update
  }

  private func cut(
    _ update: FloatBuffer, _ form: LowRankForm, _ arithmetic: Arithmetic = arithmetic
  ) -> (factors: FloatBuffer, whole: FloatBuffer) {
    let factors = FloatBuffer(count: form.count)
    form.factor(update, seed: 5, into: factors, arithmetic: arithmetic)
    let whole = FloatBuffer(count: update.count)
    form.expand(factors, range: 0..<whole.count, into: Vector(whole), arithmetic: arithmetic)
    return (factors, whole)
  }

  private func squaredDistance(_ a: FloatBuffer, _ b: FloatBuffer, _ range: Range<Int>) -> Double {
    range.reduce(0) { $0 + (Double(a[$1]) - Double(b[$1])) * (Double(a[$1]) - Double(b[$1])) }
  }

  @Test("the error is that of LAPACK's best cut, within 1 %", arguments: [1, 3, 6])
  func isNearlyTheBest(rank: Int) throws {
    let layout = try layout()
    for decay in [Float(0.5), 0.8, 0.95] {
      let update = update(layout, terms: 16, decay: decay)
      let (_, whole) = cut(update, try LowRankForm(layout, rank: rank))
      for tensor in layout.tensors where tensor.dimensions.count == 2 {
        let best = try LowRankUpdate.approximating(
          Vector(update, offset: tensor.offset, count: tensor.count).array, offset: 0,
          rows: tensor.dimensions[0], columns: tensor.dimensions[1], rank: rank)
        let product = FloatBuffer(count: tensor.count)
        Self.arithmetic.product(
          Matrix(FloatBuffer(best.left), rows: best.rows, columns: best.rank),
          Matrix(FloatBuffer(best.right), rows: best.rank, columns: best.columns),
          into: Matrix(product, rows: best.rows, columns: best.columns))
        let least = tensor.range.reduce(0.0) {
          let d = Double(update[$1]) - Double(product[$1 - tensor.offset])
          return $0 + d * d
        }
        let own = squaredDistance(update, whole, tensor.range)
        #expect(own <= 1.01 * least, "\(tensor.name): \(own) against \(least)")
      }
      for tensor in layout.tensors where tensor.dimensions.count == 1 {
        #expect(squaredDistance(update, whole, tensor.range) == 0)
      }
    }
  }

  @Test("what has the rank already is kept, and what is zero stays zero")
  func keepsWhatFits() throws {
    let layout = try layout()
    let update = update(layout, terms: 3, decay: 0.7)
    let form = try LowRankForm(layout, rank: 5)
    let (_, whole) = cut(update, form)
    let size = (0..<update.count).reduce(0.0) { $0 + Double(update[$1]) * Double(update[$1]) }
    #expect(squaredDistance(update, whole, 0..<update.count) < 1e-10 * size)
    let (factors, nothing) = cut(FloatBuffer(count: update.count), form)
    #expect(nothing.array.allSatisfy { $0 == 0 })
    #expect(factors.array.allSatisfy { $0.isFinite })
  }

  @Test("every range of an expansion has the bits of the whole, on every kernel and thread count")
  func sameBits() throws {
    let layout = try layout()
    let update = update(layout, terms: 12, decay: 0.9)
    let form = try LowRankForm(layout, rank: 4)
    let (factors, whole) = cut(update, form)
    for set in InstructionSet.allCases where set.isSupported {
      let other = cut(
        update, form,
        Arithmetic(instructionSet: set, workers: Workers(threads: 3, pinned: false)))
      #expect(other.factors.array == factors.array)
      #expect(other.whole.array == whole.array)
    }
    for range in [0..<1, 37..<38, 5..<777, 6000..<9001, layout.count - 3..<layout.count] {
      let part = FloatBuffer(count: range.count)
      form.expand(factors, range: range, into: Vector(part), arithmetic: Self.arithmetic)
      #expect(part.array == Array(whole.array[range]))
    }
  }

  @Test func ranksThatSaveNothingAreRefused() throws {
    let layout = try layout()
    for rank in [0, -1, 5000, 600] {
      #expect(throws: ModelError.self) { try LowRankForm(layout, rank: rank) }
    }
    #expect(try LowRankForm(layout, rank: 1).count < layout.count / 4)
  }
}
