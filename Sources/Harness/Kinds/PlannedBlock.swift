import Costs
import Models
import Proofs
import Protocol
import Quant

/// A block of any shape that is planned, not mined: what `cost` and `schedule` take their costs from.
struct PlannedBlock {
  /// Shape of the model, and its name in errors.
  var shape: ModelShape
  var name: String
  /// Tokens of a sequence, sequences of a step.
  var contextLength: Int
  var batchSize: Int
  /// Optimizer steps, and steps between committed states.
  var steps: Int
  var segment: Int
  var optimizer: Optimizer
  var errorFeedback: Bool
  var quantize: Spec.Training.QuantizationPoint
  /// Format of what is published and of the twin.
  var format: QuantizationFormat
  /// Format of the optimizer's vectors; nil for float32.
  var stateFormat: QuantizationFormat?
  /// float32 bytes of a leaf.
  var leafByteCount: Int
  var fineTuning: FineTuning = .full

  /// Its costs. The corpus is a name only: nothing is read.
  func costs() throws(PlanError) -> BlockCosts {
    do {
      let task = try TrainingTask(
        arithmeticVersion: 1, shape: shape, initializationSeed: 1,
        corpus: Commitment(.corpus, byteCount: 1 << 50, leafSize: 1 << 20, root: .zero),
        contextLength: contextLength, batchSize: batchSize, stepsPerBlock: steps,
        recipe: TrainingRecipe(
          optimizer: optimizer, schedule: LearningRateSchedule(peak: 1e-4),
          microbatchCount: batchSize, segmentLength: min(segment, steps),
          usesErrorFeedback: errorFeedback,
          quantizationPoint: quantize == .step ? .step : .block,
          stateFormat: optimizer.stateNames.isEmpty ? nil : stateFormat),
        gradientFormat: format, modelFormat: format, leafValueCount: leafByteCount / 4,
        fineTuning: fineTuning)
      return try BlockCosts(task)
    } catch let error as TaskError {
      throw .impossible("\(name): \(error)")
    } catch let error as CostError {
      throw .impossible("\(name): \(error)")
    } catch { throw .impossible("\(error)") }
  }
}
