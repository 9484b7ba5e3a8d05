import Kernels

/// Makes test data: plain numbers, or wild ones.
struct TestData {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func bits() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// In -1 ..< 1.
  mutating func number() -> Float { Float(Int64(bitPattern: bits()) >> 40) * 0x1p-23 }

  mutating func numbers(_ count: Int, scale: Float = 1) -> [Float] {
    (0..<count).map { _ in number() * scale }
  }

  /// Denormals, huge and tiny numbers, zeros of both signs, and in every fourth array a few infinities
  /// and NaN.
  mutating func wildNumbers(_ count: Int) -> [Float] {
    let hasSpecials = bits() % 4 == 0
    return (0..<count).map { _ in
      if hasSpecials, bits() % 40 == 0 { return [.nan, .infinity, -.infinity][index(below: 3)] }
      return switch bits() % 12 {
      case 0: 0
      case 1: -0.0
      case 2: Float(bitPattern: UInt32(truncatingIfNeeded: bits()) & 0x807f_ffff)
      case 3: number() * 0x1p-70
      case 4: number() * 0x1p62
      case 5: number() * 1e30
      default: number()
      }
    }
  }

  mutating func index(below bound: Int) -> Int { Int(bits() % UInt64(bound)) }
}

let sizes = [1, 2, 3, 7, 15, 16, 17, 31, 33, 64, 100]

/// One way to compute.
struct Machine: CustomStringConvertible, Sendable {
  let arithmetic: Arithmetic
  var description: String { "\(arithmetic.instructionSet)/\(arithmetic.workers.threads)" }

  /// The same machine, but with the sums of products cut into parts.
  func splitting(_ parts: Int) -> Machine {
    var other = Arithmetic(
      kind: .split, instructionSet: arithmetic.instructionSet, workers: arithmetic.workers)
    other.splitsSmallWork = arithmetic.splitsSmallWork
    other.summationParts = parts
    return Machine(arithmetic: other)
  }

  /// Every supported instruction set with 1, 2, 3 and 4 threads.
  static let all: [Machine] = InstructionSet.allCases.filter(\.isSupported).flatMap { set in
    (1...4).map { threads in
      var arithmetic = Arithmetic(
        instructionSet: set, workers: Workers(threads: threads, pinned: false))
      arithmetic.splitsSmallWork = true
      return Machine(arithmetic: arithmetic)
    }
  }
}

/// A matrix inside a larger buffer, with marks around it that kernels must leave alone.
struct Framed {
  private static let mark: Float = 777
  let matrix: Matrix

  init(_ values: [Float], rows: Int, columns: Int, gap: Int = 5, offset: Int = 3) {
    let buffer = FloatBuffer(count: offset + rows * (columns + gap) + 2)
    buffer.fill(Self.mark)
    matrix = Matrix(
      buffer, offset: offset, rows: rows, columns: columns, rowStride: columns + gap)
    for r in 0..<rows {
      for c in 0..<columns { matrix[r, c] = values[r * columns + c] }
    }
  }

  /// The elements, or nil if something was written outside of them.
  var values: [Float]? {
    let all = matrix.buffer.array
    for (i, value) in all.enumerated() where value != Self.mark {
      let place = i - matrix.offset
      guard place >= 0, place / matrix.rowStride < matrix.rows,
        place % matrix.rowStride < matrix.columns
      else { return nil }
    }
    return matrix.array
  }
}

/// The first place where two results differ: other bits, but a NaN is a NaN. Nil if there is none.
func difference(_ actual: [Float]?, _ expected: [Float]) -> String? {
  guard let actual else { return "written outside of the window" }
  guard actual.count == expected.count else { return "\(actual.count) not \(expected.count)" }
  for (i, (a, e)) in zip(actual, expected).enumerated()
  where a.bitPattern != e.bitPattern && !(a.isNaN && e.isNaN) {
    return "element \(i) is \(a), not \(e)"
  }
  return nil
}

func vector(_ values: [Float]) -> Vector {
  // Not at the start of a cache line, so that alignment is not taken for granted.
  let buffer = FloatBuffer([0] + values + [0])
  return Vector(buffer, offset: 1, count: values.count)
}
