import Models
import Proofs
import Quant

/// How steps follow from minibatches: the part of a task that is about training alone
/// (`docs/protocol.md`, section 3).
public struct TrainingRecipe: Sendable, Hashable {
  /// What a miner publishes in quantized form.
  public enum QuantizationPoint: UInt8, Sendable, Hashable, CaseIterable {
    /// Every step's gradient; the model moves by what was published.
    case step = 0
    /// The difference of the whole block, after local float32 steps.
    case block = 1
  }

  /// Turns gradients into updates.
  public var optimizer: Optimizer
  /// Learning rate of each step since genesis.
  public var schedule: LearningRateSchedule
  /// Largest norm of a gradient; 0 for no limit.
  public var clipNorm: Float
  /// Parts of a minibatch whose gradients are added up one after the other.
  public var microbatchCount: UInt32
  /// Steps between two committed states; 0 if what is accumulated is committed after every microbatch
  /// besides the state before every step, so that a segment is one microbatch.
  public var segmentLength: UInt32
  /// Whether what quantization dropped is added to what is quantized next.
  public var usesErrorFeedback: Bool
  /// What is published.
  public var quantizationPoint: QuantizationPoint
  /// Format in which the optimizer's vectors lie between steps; nil for float32.
  public var stateFormat: QuantizationFormat?

  /// A recipe; with the defaults, plain descent with a state committed before every step.
  public init(
    optimizer: Optimizer = .sgd, schedule: LearningRateSchedule, clipNorm: Float = 0,
    microbatchCount: Int = 1, segmentLength: Int = 1, usesErrorFeedback: Bool = false,
    quantizationPoint: QuantizationPoint = .step, stateFormat: QuantizationFormat? = nil
  ) {
    self.optimizer = optimizer
    self.schedule = schedule
    self.clipNorm = clipNorm
    self.microbatchCount = UInt32(clamping: microbatchCount)
    self.segmentLength = UInt32(clamping: segmentLength)
    self.usesErrorFeedback = usesErrorFeedback
    self.quantizationPoint = quantizationPoint
    self.stateFormat = stateFormat
  }

  /// Whether a segment is one microbatch.
  public var commitsMicrobatches: Bool { segmentLength == 0 }

  /// Throws ``TaskError`` unless all values are in their ranges and fit the minibatch.
  func validate(batchSize: Int, stepsPerBlock: Int) throws(TaskError) {
    guard schedule.peak.isFinite, schedule.peak > 0 else { throw .learningRate(schedule.peak) }
    do {
      try schedule.validate()
      try optimizer.validate()
    } catch { throw .optimizer(error) }
    guard schedule.warmupSteps <= Int(UInt32.max), clipNorm.isFinite, clipNorm >= 0 else {
      throw .clipNorm(clipNorm)
    }
    guard microbatchCount > 0, batchSize % Int(microbatchCount) == 0 else {
      throw .microbatches(Int(microbatchCount), batch: batchSize)
    }
    guard stateFormat == nil || !optimizer.stateNames.isEmpty else { throw .noOptimizerState }
    guard
      (1...stepsPerBlock).contains(Int(segmentLength)) || commitsMicrobatches && microbatchCount > 1
    else {
      throw .segment(Int(segmentLength), steps: stepsPerBlock)
    }
  }
}

/// In the order of the table in `docs/protocol.md`, section 3.
extension TrainingRecipe: CanonicalCodable {
  public func encode(to writer: inout CanonicalWriter) {
    switch optimizer {
    case .sgd: writer.append(UInt8(0))
    case .momentum(let settings):
      writer.append(UInt8(1))
      writer.append(settings.factor)
      writer.append(settings.isNesterov)
    case .adamW(let settings):
      writer.append(UInt8(2))
      for value in [settings.beta1, settings.beta2, settings.epsilon, settings.weightDecay] {
        writer.append(value)
      }
    }
    writer.append(schedule.peak)
    writer.append(UInt32(clamping: schedule.warmupSteps))
    switch schedule.decay {
    case .constant: writer.append(UInt8(0))
    case .cosine(let floor, let endStep):
      writer.append(UInt8(1))
      writer.append(floor)
      writer.append(UInt32(clamping: endStep))
    }
    writer.append(clipNorm)
    writer.append(microbatchCount)
    writer.append(segmentLength)
    writer.append(usesErrorFeedback)
    writer.append(quantizationPoint.rawValue)
    writer.append(stateFormat)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    func tag(_ expected: String, below limit: UInt8) throws(CanonicalError) -> UInt8 {
      let start = reader.offset
      let raw = try reader.readUInt8()
      guard raw < limit else {
        throw .invalidValue(offset: start, expected: expected, actual: "\(raw)")
      }
      return raw
    }
    switch try tag("an optimizer", below: 3) {
    case 0: optimizer = .sgd
    case 1:
      optimizer = .momentum(
        Optimizer.Momentum(factor: try reader.readFloat(), isNesterov: try reader.readBool()))
    default:
      optimizer = .adamW(
        Optimizer.AdamW(
          beta1: try reader.readFloat(), beta2: try reader.readFloat(),
          epsilon: try reader.readFloat(), weightDecay: try reader.readFloat()))
    }
    let peak = try reader.readFloat()
    let warmup = Int(try reader.readUInt32())
    let decay: LearningRateSchedule.Decay
    if try tag("a decay of the learning rate", below: 2) == 0 {
      decay = .constant
    } else {
      decay = .cosine(floor: try reader.readFloat(), endStep: Int(try reader.readUInt32()))
    }
    schedule = LearningRateSchedule(peak: peak, warmupSteps: warmup, decay: decay)
    clipNorm = try reader.readFloat()
    microbatchCount = try reader.readUInt32()
    segmentLength = try reader.readUInt32()
    usesErrorFeedback = try reader.readBool()
    quantizationPoint =
      try tag("what is quantized", below: 2) == 0 ? .step : .block
    stateFormat = try reader.read()
  }
}
