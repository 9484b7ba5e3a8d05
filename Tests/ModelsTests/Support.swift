import Kernels
import Models

/// SplitMix64: numbers for tests that owe nothing to the random numbers of the package.
struct TestNumbers {
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

  mutating func token(below bound: Int) -> Int32 { Int32(bits() % UInt64(bound)) }
}

/// A model's shape together with the shape of its batches.
struct Setting: Sendable, CustomStringConvertible {
  let shape: ModelShape
  let sequenceCount: Int
  let contextLength: Int

  init(
    layers: Int, dModel: Int, heads: Int, context: Int, vocabulary: Int, sequences: Int,
    tokens: Int, attention: ModelShape.AttentionPattern = .dense
  ) {
    do {
      shape = try ModelShape.gpt3(
        layerCount: layers, dModel: dModel, headCount: heads, contextLength: context,
        vocabularySize: vocabulary, attention: attention)
    } catch {
      fatalError("\(error)")
    }
    sequenceCount = sequences
    contextLength = tokens
  }

  /// A Gemma 3 whose d_ff is no multiple of anything.
  init(
    gemma layers: String, dModel: Int, heads: (Int, kv: Int, dimension: Int), window: Int,
    vocabulary: Int, sequences: Int, tokens: Int, settings: Gemma3Settings? = nil
  ) {
    do {
      shape = try ModelShape.gemma3(
        layerCount: layers.count, dModel: dModel, headCount: heads.0, kvHeadCount: heads.kv,
        headDimension: heads.dimension, feedForwardWidth: dModel + 5, contextLength: tokens + 2,
        vocabularySize: vocabulary,
        attention: .layers(layers.map { $0 == "l" ? .local : .global }, window: window),
        settings: settings)
    } catch {
      fatalError("\(error)")
    }
    sequenceCount = sequences
    contextLength = tokens
  }

  init(shape: ModelShape, sequences: Int, tokens: Int) {
    self.shape = shape
    sequenceCount = sequences
    contextLength = tokens
  }

  /// `gpt3-nano` with four full sequences.
  static let nano = Setting(
    shape: ModelShape.preset(named: "gpt3-nano")!, sequences: 4, tokens: 64)
  /// `gemma3-nano` with two full sequences.
  static let gemmaNano = Setting(
    shape: ModelShape.preset(named: "gemma3-nano")!, sequences: 2, tokens: 64)
  /// As `odd`, with local and global layers.
  static let gemmaOdd = Setting(
    gemma: "lg", dModel: 19, heads: (6, kv: 2, dimension: 10), window: 4, vocabulary: 37,
    sequences: 3, tokens: 11)
  /// No size is a multiple of a vector's width, and the sequences leave positions unused.
  static let odd = Setting(
    layers: 2, dModel: 21, heads: 3, context: 11, vocabulary: 37, sequences: 3, tokens: 10)

  var description: String {
    "\(shape.family) \(shape.layerCount)x\(shape.dModel), \(shape.headCount) heads, vocabulary "
      + "\(shape.vocabularySize), \(sequenceCount)x\(contextLength) of \(shape.contextLength)"
  }

  func model(_ arithmetic: Arithmetic) -> any LanguageModel {
    shape.languageModel(arithmetic: arithmetic)
  }

  func workspace() -> ModelWorkspace {
    model(Machine().arithmetic)
      .makeWorkspace(sequenceCount: sequenceCount, contextLength: contextLength)
  }

  func batch(_ numbers: inout TestNumbers) throws -> TokenBatch {
    let count = sequenceCount * contextLength
    let tokens = (0..<count).map { _ in numbers.token(below: shape.vocabularySize) }
    let targets = (0..<count).map { _ in numbers.token(below: shape.vocabularySize) }
    return try TokenBatch(
      sequenceCount: sequenceCount, contextLength: contextLength, tokens: tokens,
      targets: targets, vocabularySize: shape.vocabularySize)
  }

  /// Parameters far from their first values, so that no term of a gradient is small by chance.
  func parameters(_ numbers: inout TestNumbers) -> [Float] {
    ParameterLayout(shape).tensors.flatMap { tensor -> [Float] in
      let center: Float = tensor.initialization == .constant(1) ? 1 : 0
      return (0..<tensor.count).map { _ in center + 0.4 * numbers.number() }
    }
  }
}

/// One way to compute.
struct Machine: CustomStringConvertible, Sendable {
  let arithmetic: Arithmetic

  init(_ set: InstructionSet = .best, threads: Int = 2) {
    var arithmetic = Arithmetic(
      instructionSet: set, workers: Workers(threads: threads, pinned: false))
    arithmetic.splitsSmallWork = true
    self.arithmetic = arithmetic
  }

  var description: String { "\(arithmetic.instructionSet)/\(arithmetic.workers.threads)" }

  /// Every supported instruction set with 1, 2, 3 and 4 threads.
  static let all: [Machine] = InstructionSet.allCases.filter(\.isSupported).flatMap { set in
    (1...4).map { Machine(set, threads: $0) }
  }
}

/// FNV-1a, 64 bits, of the numbers' bytes in little-endian order.
func fnv1a(_ words: [UInt32]) -> UInt64 {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for word in words {
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      hash = (hash ^ UInt64(word >> shift & 0xff)) &* 0x100_0000_01b3
    }
  }
  return hash
}

extension FloatBuffer {
  var bits: [UInt32] { array.map(\.bitPattern) }
}

/// Euclidean length, in double precision.
func norm(_ values: some Sequence<Double>) -> Double {
  values.reduce(0) { $0 + $1 * $1 }.squareRoot()
}
