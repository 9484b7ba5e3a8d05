import Kernels
import Models
import Proofs

/// Computes one operator of one step falsely; everything after follows honestly from the lie, so that
/// all bytes fit together.
public struct FalseOperator: MinerBehaviour {
  /// The step with the lie.
  public let falseStep: Int
  /// Number of the false operator in it.
  public let index: Int
  /// The window that it writes falsely, counted round its outputs.
  public let window: Int

  /// Lies at one operator of a step.
  public init(step: Int, operator index: Int, window: Int = 0) {
    falseStep = step
    self.index = index
    self.window = window
  }

  /// The step with the lie in it, or an honest one.
  public func step(
    _ step: Int, after previous: [Trainer.Step], state: TrainingState, in context: MiningContext,
    meter: inout PhaseMeter
  ) throws -> Trainer.Step {
    let trainer = context.trainer
    let observer = step == falseStep ? OperatorRecorder(altering: lie) : nil
    return try trainer.compute(
      startingAt: trainer.starts(step: step, seed: context.seed), state: state, meter: &meter,
      phases: (.training, .quantization), observer: observer)
  }

  /// The records of what it ran.
  public func operatorTrace(
    _ step: Int, before state: TrainingState, in context: MiningContext
  ) throws -> OperatorTrace {
    try context.trainer.operatorTrace(
      step: step, parameters: state.parameters, seed: context.seed
    ) { number, operation in
      if step == falseStep { lie(number, operation) }
    }
  }

  private func lie(_ number: Int, _ operation: Operator) {
    guard number == index, !operation.writes.isEmpty else { return }
    let written = operation.writes[window % operation.writes.count]
    guard written.rows > 0, written.columns > 0 else { return }
    let (row, column) = (written.rows / 2, written.columns / 2)
    // Far enough to be seen behind every later rounding, and finite.
    written[row, column] = written[row, column] == 1 ? -1 : 1
  }
}
