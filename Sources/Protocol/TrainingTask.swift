import Models
import Proofs
import Quant

/// Everything that fixes what honest training is: with it, the parent's model and the training
/// seed, every machine computes the same block (`docs/protocol.md`, section 3).
public struct TrainingTask: Sendable, Hashable {
  /// Version of the arithmetic contract in `docs/arithmetic.md`.
  public var arithmeticVersion: UInt32
  /// Shape of the model.
  public let shape: ModelShape
  /// Seed of the first parameters.
  public var initializationSeed: UInt64
  /// All parameters of the model that training starts from; nil where they are drawn from the seed.
  public var start: Commitment?
  /// What of the model is trained; everything that is committed, published and checked is of this
  /// part alone.
  public let fineTuning: FineTuning
  /// The text that is trained on; it must be public.
  public var corpus: Commitment
  /// How sequences are chosen from it; nil for one text of byte tokens whose windows are all equally
  /// likely.
  public let data: DataRule?
  /// Tokens in a sequence.
  public var contextLength: UInt32
  /// Sequences in the minibatch of a step.
  public var batchSize: UInt32
  /// Optimizer steps in a block.
  public var stepsPerBlock: UInt32
  /// How steps follow from minibatches.
  public var recipe: TrainingRecipe
  /// Format of the published gradients.
  public var gradientFormat: QuantizationFormat
  /// Format of the model's quantized twin.
  public var modelFormat: QuantizationFormat
  /// Parameters in one leaf; it holds whole records of all formats, or all parameters.
  public var leafValueCount: UInt32
  /// Number of parameters that are trained; follows from shape and fine-tuning.
  public let parameterCount: Int

  /// Throws ``TaskError`` when the values do not fit each other.
  public init(
    arithmeticVersion: UInt32, shape: ModelShape, initializationSeed: UInt64, corpus: Commitment,
    contextLength: Int, batchSize: Int, stepsPerBlock: Int,
    recipe: TrainingRecipe,
    gradientFormat: QuantizationFormat, modelFormat: QuantizationFormat, leafValueCount: Int,
    start: Commitment? = nil, fineTuning: FineTuning = .full, data: DataRule? = nil
  ) throws(TaskError) {
    guard (1...shape.contextLength).contains(contextLength) else {
      throw .contextTooLong(context: contextLength, longest: shape.contextLength)
    }
    guard data?.tokenWidth == .uint16 || shape.vocabularySize >= 256 else {
      throw .vocabularyTooSmall(shape.vocabularySize)
    }
    guard corpus.byteCount > UInt64(contextLength) else {
      throw .corpusTooShort(tokens: corpus.byteCount, needed: UInt64(contextLength) + 1)
    }
    guard corpus.byteCount < 1 << 62 else { throw .data("the corpus has 2^62 bytes or more") }
    try data?.validate(corpusByteCount: corpus.byteCount, contextLength: contextLength)
    guard (1...1_000_000).contains(batchSize), (1...1_000_000).contains(stepsPerBlock) else {
      throw .countOutOfRange
    }
    try recipe.validate(batchSize: batchSize, stepsPerBlock: stepsPerBlock)
    let total: Int
    do { total = try TrainableParameters(shape, fineTuning).count } catch {
      throw .fineTuning(error)
    }
    let isLowRank = if case .lowRank = fineTuning { true } else { false }
    guard !isLowRank || recipe.quantizationPoint == .block else {
      throw .fineTuning(
        .invalidShape("updates of low rank are those of whole blocks, but every step is quantized"))
    }
    // Factors are one leaf.
    let formats = [isLowRank ? nil : gradientFormat, modelFormat, recipe.stateFormat]
    for format in formats.compactMap({ $0 }) {
      guard leafValueCount <= 1 << 24, format.isWholeRecords(leafValueCount, of: total) else {
        throw .leafCutsGroup(leafValues: leafValueCount, groupSize: format.recordValueCount)
      }
    }
    parameterCount = total
    self.arithmeticVersion = arithmeticVersion
    self.shape = shape
    self.initializationSeed = initializationSeed
    self.start = start
    self.fineTuning = fineTuning
    self.corpus = corpus
    // One encoding for one meaning.
    self.data = data.flatMap { $0.isPlain ? nil : $0 }
    self.contextLength = UInt32(contextLength)
    self.batchSize = UInt32(batchSize)
    self.stepsPerBlock = UInt32(stepsPerBlock)
    self.recipe = recipe
    self.gradientFormat = gradientFormat
    self.modelFormat = modelFormat
    self.leafValueCount = UInt32(leafValueCount)
  }

  /// A task of plain descent at one learning rate, with a state committed before every step.
  public init(
    arithmeticVersion: UInt32, shape: ModelShape, initializationSeed: UInt64, corpus: Commitment,
    contextLength: Int, batchSize: Int, stepsPerBlock: Int, learningRate: Float,
    gradientFormat: QuantizationFormat, modelFormat: QuantizationFormat, leafValueCount: Int,
    start: Commitment? = nil, fineTuning: FineTuning = .full
  ) throws(TaskError) {
    try self.init(
      arithmeticVersion: arithmeticVersion, shape: shape, initializationSeed: initializationSeed,
      corpus: corpus, contextLength: contextLength, batchSize: batchSize,
      stepsPerBlock: stepsPerBlock,
      recipe: TrainingRecipe(schedule: LearningRateSchedule(peak: learningRate)),
      gradientFormat: gradientFormat, modelFormat: modelFormat, leafValueCount: leafValueCount,
      start: start, fineTuning: fineTuning)
  }

  /// The part of the model that is trained.
  public var trainable: TrainableParameters {
    guard let trainable = try? TrainableParameters(shape, fineTuning) else {
      preconditionFailure("a task with \(fineTuning) of \(shape) was never made")
    }
    return trainable
  }
  /// Number of leaves, the same for parameters, quantized twin and gradients.
  public var leafCount: Int {
    (parameterCount + Int(leafValueCount) - 1) / Int(leafValueCount)
  }
  /// Parameters of leaf `index`; the last leaf may be short.
  public func valueRange(ofLeaf index: Int) -> Range<Int> {
    let first = index * Int(leafValueCount)
    return first..<min(first + Int(leafValueCount), parameterCount)
  }
}

/// Why values of a task do not fit each other.
public enum TaskError: Error, Sendable, Equatable, CustomStringConvertible {
  case contextTooLong(context: Int, longest: Int)
  case vocabularyTooSmall(Int)
  case corpusTooShort(tokens: UInt64, needed: UInt64)
  case countOutOfRange
  case learningRate(Float)
  case optimizer(OptimizerError)
  case clipNorm(Float)
  case microbatches(Int, batch: Int)
  /// A format for optimizer vectors that there are not.
  case noOptimizerState
  case segment(Int, steps: Int)
  case leafCutsGroup(leafValues: Int, groupSize: Int)
  case fineTuning(ModelError)
  /// A rule of data that does not fit the corpus.
  case data(String)

  public var description: String {
    switch self {
    case .contextTooLong(let context, let longest):
      "the training context is \(context) tokens, but the model has positions for 1...\(longest)"
    case .vocabularyTooSmall(let size):
      "byte tokens need a vocabulary of at least 256, but the model's is \(size)"
    case .corpusTooShort(let tokens, let needed):
      "the corpus has \(tokens) tokens, but one context and its target need \(needed)"
    case .countOutOfRange: "batch and steps_per_block must be in 1...1000000"
    case .learningRate(let rate): "the learning rate must be finite and above 0, but is \(rate)"
    case .optimizer(let error): error.description
    case .clipNorm(let norm):
      "the largest norm of a gradient must be finite and 0 or more, but is \(norm)"
    case .microbatches(let count, let batch):
      "microbatches must divide the batch of \(batch) sequences, but there are \(count)"
    case .noOptimizerState:
      "a format for the optimizer's state needs an optimizer that has one: momentum or adamw"
    case .segment(let length, let steps):
      length == 0
        ? "a segment of one microbatch needs more than one microbatch a step"
        : "a segment must be 1...\(steps) steps, but is \(length)"
    case .leafCutsGroup(let leaf, QuantizationFormat.wholeTensor):
      "one scale for the whole tensor needs a leaf that holds all parameters, but it holds \(leaf)"
    case .leafCutsGroup(let leaf, let group):
      "a leaf must hold whole groups, but \(leaf) values are no multiple of \(group)"
    case .fineTuning(let error): "fine-tuning: \(error)"
    case .data(let problem): "data: \(problem)"
    }
  }
}

extension TrainingTask: CanonicalCodable {
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(arithmeticVersion)
    writer.append(shape)
    writer.append(initializationSeed)
    writer.append(corpus)
    writer.append(data)
    writer.append(contextLength)
    writer.append(batchSize)
    writer.append(stepsPerBlock)
    writer.append(recipe)
    writer.append(gradientFormat)
    writer.append(modelFormat)
    writer.append(leafValueCount)
    writer.append(start)
    writer.append(fineTuning)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    let start = reader.offset
    let version = try reader.readUInt32()
    let shape: ModelShape = try reader.read()
    let seed = try reader.readUInt64()
    let corpus: Commitment = try reader.read()
    let data: DataRule? = try reader.read()
    let context = try reader.readUInt32()
    let batch = try reader.readUInt32()
    let steps = try reader.readUInt32()
    let recipe: TrainingRecipe = try reader.read()
    let gradientFormat: QuantizationFormat = try reader.read()
    let modelFormat: QuantizationFormat = try reader.read()
    let leafValues = try reader.readUInt32()
    let startCommitment: Commitment? = try reader.read()
    let fineTuning: FineTuning = try reader.read()
    do {
      try self.init(
        arithmeticVersion: version,
        shape: shape, initializationSeed: seed,
        corpus: corpus, contextLength: Int(context), batchSize: Int(batch),
        stepsPerBlock: Int(steps), recipe: recipe,
        gradientFormat: gradientFormat, modelFormat: modelFormat,
        leafValueCount: Int(leafValues), start: startCommitment, fineTuning: fineTuning,
        data: data)
    } catch {
      throw .invalidValue(offset: start, expected: "a training task", actual: "\(error)")
    }
  }
}
