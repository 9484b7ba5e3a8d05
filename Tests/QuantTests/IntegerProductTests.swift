import Kernels
import Quant
import Testing

/// Products of activations of 8 bits and packed whole numbers, against their definition in
/// docs/arithmetic.md, written here one number after the other.
@Suite struct IntegerProductTests {
  private static let sets = InstructionSet.allCases.filter(\.isSupported)

  /// A row over its scale, and the scale.
  private func rounded(_ row: [Float]) -> (codes: [Int32], scale: Float) {
    let scale = row.map(\.magnitude).max()! / 127
    guard scale != 0 else { return (row.map { _ in 0 }, 0) }
    return (
      row.map { Int32(min(max($0 / scale, -127), 127).rounded(.toNearestOrEven)) }, scale
    )
  }

  /// Codes of w, and the scale of each, row by row as w lies.
  private func codes(
    _ bytes: [UInt8], _ format: QuantizationFormat, count: Int
  ) throws -> (codes: [Int32], scales: [Float]) {
    let values = try format.dequantize(bytes, count: count)
    let record = format.byteCount(values: format.groupSize)
    var (codes, scales) = ([Int32](), [Float]())
    for index in 0..<count {
      let start = index / format.groupSize * record
      let scale = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
      scales.append(Float(bitPattern: scale))
      codes.append(scale == 0 ? 0 : Int32((values[index] / scales[index]).rounded()))
    }
    return (codes, scales)
  }

  private func reference(
    _ a: [[Float]], _ w: (codes: [Int32], scales: [Float]), n: Int, k: Int, group: Int,
    isTransposed: Bool
  ) -> [Float] {
    a.flatMap { row in
      (0..<n).map { j -> Float in
        guard isTransposed else {
          let (codes, scale) = rounded((0..<k).map { row[$0] * w.scales[$0 * n + j] })
          return Float((0..<k).reduce(Int32(0)) { $0 + codes[$1] * w.codes[$1 * n + j] }) * scale
        }
        let (codes, scale) = rounded(row)
        var sum: Float = 0
        for start in stride(from: 0, to: k, by: group) {
          let whole = (start..<start + group).reduce(Int32(0)) {
            $0 + codes[$1] * w.codes[j * k + $1]
          }
          sum = sum.addingProduct(Float(whole), w.scales[j * k + start])
        }
        return sum * scale
      }
    }
  }

  @Test(arguments: ["int4", "int8", "int4:g32", "int8:g128"], [false, true])
  func bitsAreThoseOfTheDefinition(name: String, isTransposed: Bool) throws {
    let format = try QuantizationFormat(named: name)
    var random = TestRandom(9)
    // 13 rows: one whole tile and a rest; one row and one group are zeros.
    let (m, k) = (13, 256)
    let n = isTransposed ? 83 : 256
    var weights = (0..<n * k).map { _ in random.uniform() }
    for index in 0..<format.groupSize { weights[index] = 0 }
    let a = (0..<m).map { row in (0..<k).map { _ in row == 3 ? 0 : random.uniform() * 3 } }
    // Something before the matrix.
    let before = 2 * format.groupSize
    let bytes = try format.quantize([Float](repeating: 1, count: before) + weights)
    let w = try codes(
      Array(bytes[format.byteCount(values: before)...]), format, count: weights.count)
    let expected = reference(
      a, w, n: n, k: k, group: format.groupSize, isTransposed: isTransposed)
    for set in Self.sets {
      for threads in [1, 3] {
        let arithmetic = Arithmetic(
          instructionSet: set, workers: Workers(threads: threads, pinned: false))
        let vector = try PackedVector(format, bytes: bytes, count: before + weights.count)
        let matrix = PackedMatrix(
          vector, offset: before, rows: isTransposed ? n : k, columns: isTransposed ? k : n,
          activations: .int8)
        #expect(vector.offersIntegerProduct(matrix, isTransposed: isTransposed))
        for accumulate in [false, true] {
          let c = FloatBuffer([Float](repeating: 2, count: m * n))
          arithmetic.product(
            Operand(Matrix(FloatBuffer(a.flatMap { $0 }), rows: m, columns: k)),
            Operand(matrix, isTransposed: isTransposed), into: Matrix(c, rows: m, columns: n),
            accumulate: accumulate)
          #expect(
            c.array == (accumulate ? expected.map { 2 + $0 } : expected), "\(set), \(threads)")
        }
      }
    }
  }

  /// What is not offered is multiplied in float32.
  @Test func otherFormatsAndPlacesKeepTheirBits() throws {
    let arithmetic = Arithmetic(workers: Workers(threads: 1, pinned: false))
    var random = TestRandom(10)
    for (name, offset) in [("nf4", 0), ("int3", 0), ("int4", 4), ("int4:g64:double", 0)] {
      let format = try QuantizationFormat(named: name)
      let values = (0..<64 * 128 + offset).map { _ in random.uniform() }
      let bytes = try format.quantize(values)
      let vector = try PackedVector(format, bytes: bytes, count: values.count)
      let a = Matrix(
        FloatBuffer((0..<3 * 128).map { _ in random.uniform() }), rows: 3, columns: 128)
      func product(_ activations: PackedActivations) -> [Float] {
        let c = FloatBuffer(count: 3 * 64)
        arithmetic.product(
          Operand(a),
          Operand(
            PackedMatrix(
              vector, offset: offset, rows: 64, columns: 128, activations: activations),
            isTransposed: true), into: Matrix(c, rows: 3, columns: 64))
        return c.array
      }
      #expect(product(.int8) == product(.float32), "\(name), \(offset)")
    }
  }
}
