import Diffs
import Kernels
import Proofs
import Quant
import Testing

/// Two models, and every kind of diff between them.
struct DiffCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let before: [UInt8]
  let after: [UInt8]
  let encoder: any DiffEncoder

  static let arithmetic = Arithmetic(workers: Workers(threads: 2, pinned: false))
  /// Not a multiple of the chunk.
  static let count = 2500
  static let chunkByteCount = 1024

  static func noise(_ seed: UInt64, _ deviation: Float) -> [Float] {
    let buffer = FloatBuffer(count: count)
    arithmetic.fillNormal(Vector(buffer), seed: seed, stream: 0, standardDeviation: deviation)
    return buffer.array
  }

  static func bytes(_ values: [Float]) -> [UInt8] {
    FloatBuffer(values).littleEndianBytes(0..<values.count)
  }

  static func all() throws -> [DiffCase] {
    let old = noise(1, 0.02)
    let dense = zip(old, noise(2, 1e-4)).map { $0 + $1 }
    var sparse = old
    for index in 700..<733 { sparse[index] += 0.5 }
    // The odd ones: infinities, NaN with a payload, both zeros, denormals.
    var odd = old
    odd[0] = .infinity
    odd[1] = Float(bitPattern: 0x7fc1_2345)
    odd[2] = -0.0
    odd[3] = .leastNonzeroMagnitude
    let format = try QuantizationFormat(named: "int4:g64")
    let gradients = try (3..<6).map { try format.quantize(noise($0, 0.1)) }
    var stepped = old
    for gradient in gradients {
      let values = try format.dequantize(gradient, count: count)
      for index in stepped.indices {
        stepped[index] = stepped[index].addingProduct(-0.05, values[index])
      }
    }
    var block = old
    for (index, value) in try format.dequantize(gradients[0], count: count).enumerated() {
      block[index] = block[index].addingProduct(-1, value)
    }
    // 40 x 50 at 300: rank 2 plus what it was before.
    let (left, right) = (Array(noise(7, 0.1)[..<80]), Array(noise(8, 0.1)[..<100]))
    let factors = try LowRankUpdate(
      offset: 300, rows: 40, columns: 50, rank: 2, left: left, right: right)
    var adapted = old
    for row in 0..<40 {
      for column in 0..<50 {
        var sum: Float = 0
        for k in 0..<2 { sum = sum.addingProduct(left[row * 2 + k], right[k * 50 + column]) }
        adapted[300 + row * 50 + column] += sum
      }
    }
    let size = 4 * count
    let steps = gradients.map { QuantizedStepsEncoder.Step(rate: 0.05, gradient: $0) }
    let cases: [(String, [Float], any DiffEncoder)] = [
      ("xor, dense", dense, XorEncoder()), ("xor, odd", odd, XorEncoder()),
      ("xor, equal", old, XorEncoder()),
      ("changed leaves, sparse", sparse, try ChangedLeavesEncoder(leafSize: 64)),
      ("changed leaves, dense", dense, try ChangedLeavesEncoder(leafSize: 100)),
      ("changed leaves, equal", old, try ChangedLeavesEncoder(leafSize: 4096)),
      (
        "step gradients", stepped,
        try QuantizedStepsEncoder.stepGradients(steps, format: format, byteCount: size)
      ),
      (
        "block update", block,
        try QuantizedStepsEncoder.blockUpdate(
          .init(rate: 1, gradient: gradients[0]), format: format, byteCount: size)
      ),
      (
        "low rank, exact factors", adapted,
        try LowRankEncoder([factors], byteCount: size, arithmetic: arithmetic)
      ),
      (
        "low rank, dense", dense,
        try LowRankEncoder(
          [
            try .approximating(
              zip(dense, old).map { $0 - $1 }[300..<2300].map { $0 }, offset: 300, rows: 40,
              columns: 50, rank: 3)
          ], byteCount: size, arithmetic: arithmetic)
      ),
      ("low rank, no matrix", odd, try LowRankEncoder([], byteCount: size, arithmetic: arithmetic)),
    ]
    return cases.map {
      DiffCase(testDescription: $0.0, before: bytes(old), after: bytes($0.1), encoder: $0.2)
    }
  }

  func make() throws -> [UInt8] {
    var diff: [UInt8] = []
    let summary = try ModelDiff.make(
      encoder, before: MemorySource(before), after: MemorySource(after),
      chunkByteCount: Self.chunkByteCount, arithmetic: Self.arithmetic
    ) { diff += $0 }
    #expect(summary.diffByteCount == diff.count && summary.kind == encoder.kind)
    return diff
  }

  static func apply(_ diff: [UInt8], to before: [UInt8]) throws -> [UInt8] {
    var after: [UInt8] = []
    _ = try ModelDiff.apply(
      MemorySource(diff), to: MemorySource(before), arithmetic: arithmetic
    ) { after += $0 }
    return after
  }
}

@Suite struct DiffTests {
  @Test func everyKindLeadsToTheModelBitForBit() throws {
    for diff in try DiffCase.all() {
      let bytes = try diff.make()
      #expect(try DiffCase.apply(bytes, to: diff.before) == diff.after, "\(diff.testDescription)")
      // Another model is no start.
      #expect(throws: DiffError.self, "\(diff.testDescription)") {
        try DiffCase.apply(bytes, to: flipping(77, diff.before))
      }
      #expect(
        throws: DiffError.wrongByteCount(
          actual: diff.before.count - 4, expected: diff.before.count)
      ) { try DiffCase.apply(bytes, to: Array(diff.before.dropLast(4))) }
    }
  }

  @Test func sizesAreWhatTheKindsPromise() throws {
    let sizes = Dictionary(
      uniqueKeysWithValues: try DiffCase.all().map { ($0.testDescription, try $0.make().count) })
    let model = 4 * DiffCase.count
    // 4 bits and a 32-bit scale for 64 values, three times; 1 + 40 bytes of header and frame a chunk.
    let gradients = try #require(sizes["step gradients"])
    #expect(gradients > 3 * model * 9 / 64 && gradients < 3 * model * 9 / 64 + 400)
    #expect(try #require(sizes["xor, equal"]) < 600)
    #expect(try #require(sizes["xor, dense"]) < model * 9 / 10)
    #expect(try #require(sizes["changed leaves, equal"]) < 250)
    // 33 values in a row touch at most 4 leaves of 16 values.
    #expect(try #require(sizes["changed leaves, sparse"]) < 4 * 64 + 320)
    #expect(
      try #require(sizes["low rank, exact factors"]) < 4 * (80 + 100) + 700)
  }

  @Test func everyFlippedBitAndEveryTruncationIsRefused() throws {
    for diff in try DiffCase.all() where diff.testDescription != "changed leaves, dense" {
      let bytes = try diff.make()
      // All of the header and the end, and a sample between.
      let bits = (0..<8 * bytes.count).filter { bit in
        bit < 1200 || bit > 8 * bytes.count - 1000 || bit % 61 == 0
      }
      for bit in bits {
        #expect(throws: DiffError.self, "\(diff.testDescription), bit \(bit)") {
          try DiffCase.apply(flipping(bit, bytes), to: diff.before)
        }
      }
      for count in Array(0..<150) + stride(from: 150, to: bytes.count, by: 37) {
        #expect(throws: DiffError.self, "\(diff.testDescription), \(count) bytes") {
          try DiffCase.apply(Array(bytes[..<count]), to: diff.before)
        }
      }
      #expect(throws: DiffError.trailingBytes(1)) {
        try DiffCase.apply(bytes + [0], to: diff.before)
      }
    }
  }

  @Test func aSmallDiffIsRefusedBitByBit() throws {
    let before = DiffCase.bytes(Array(DiffCase.noise(1, 1)[..<40]))
    var after = before
    after[17] ^= 4
    for encoder in [XorEncoder(), try ChangedLeavesEncoder(leafSize: 32)] as [any DiffEncoder] {
      let diff = try DiffCase(
        testDescription: "", before: before, after: after, encoder: encoder
      ).make()
      for bit in 0..<8 * diff.count {
        #expect(throws: DiffError.self) { try DiffCase.apply(flipping(bit, diff), to: before) }
      }
    }
  }

  @Test func whatCannotBeMadeIsRefused() throws {
    let (before, after) = (MemorySource([1, 2, 3, 4]), MemorySource([1, 2, 3, 4, 5, 6, 7, 8]))
    let arithmetic = DiffCase.arithmetic
    #expect(throws: DiffError.wrongByteCount(actual: 8, expected: 4)) {
      try ModelDiff.make(XorEncoder(), before: before, after: after, arithmetic: arithmetic) { _ in
      }
    }
    for size in [0, 1023, 1026, 1 << 25] {
      #expect(throws: DiffError.self) {
        try ModelDiff.make(
          XorEncoder(), before: before, after: before, chunkByteCount: size, arithmetic: arithmetic
        ) { _ in }
      }
    }
    #expect(throws: DiffError.self) {
      try ModelDiff.make(
        XorEncoder(), before: MemorySource([1]), after: MemorySource([2]), arithmetic: arithmetic
      ) { _ in }
    }
    for size in [0, -4, 6] {
      #expect(throws: DiffError.self) { try ChangedLeavesEncoder(leafSize: size) }
    }
    let format = try QuantizationFormat(named: "int4:g64")
    #expect(throws: DiffError.self) {
      try QuantizedStepsEncoder.stepGradients([], format: format, byteCount: 400)
    }
    #expect(throws: DiffError.self) {
      try QuantizedStepsEncoder.blockUpdate(
        .init(rate: 1, gradient: [1]), format: format, byteCount: 400)
    }
    // Gradients that lead elsewhere.
    let zeros = MemorySource([UInt8](repeating: 0, count: 400))
    let ones = MemorySource([UInt8](repeating: 1, count: 400))
    let none = try QuantizedStepsEncoder.blockUpdate(
      .init(rate: 1, gradient: format.quantize([Float](repeating: 0, count: 100))),
      format: format, byteCount: 400)
    #expect(throws: DiffError.self) {
      try ModelDiff.make(none, before: zeros, after: ones, arithmetic: arithmetic) { _ in }
    }
    #expect(throws: DiffError.self) {
      try LowRankUpdate.approximating([.infinity], offset: 0, rows: 1, columns: 1, rank: 1)
    }
    for size in [1 << 32, Int.max] {
      #expect(throws: DiffError.self) {
        try LowRankUpdate(
          offset: 0, rows: size, columns: size, rank: size, left: [1], right: [1])
      }
    }
    let update = try LowRankUpdate(
      offset: 99, rows: 1, columns: 2, rank: 1, left: [1], right: [1, 1])
    #expect(throws: DiffError.self) {
      try LowRankEncoder([update], byteCount: 400, arithmetic: arithmetic)
    }
  }
}

/// `bytes` with bit `bit` turned over.
func flipping(_ bit: Int, _ bytes: [UInt8]) -> [UInt8] {
  var flipped = bytes
  flipped[bit / 8] ^= 1 << UInt8(bit % 8)
  return flipped
}
