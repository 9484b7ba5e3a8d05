import Kernels

/// The learning rate of each step: a linear rise to the peak, then the peak or half a cosine down to
/// the floor. The same bits on every machine.
///
/// With s = step, w = `warmupSteps`, n = the last step of the decay, in binary64 and rounded once to
/// binary32:
///
///     s < w:  peak * (s + 1) / w
///     else:   floor + (peak - floor) * ((1 + cos(pi * p)) / 2),  p = (s - w) / (n - w), at most 1
public struct LearningRateSchedule: Sendable, Hashable {
  /// What follows the warm-up.
  public enum Decay: Sendable, Hashable {
    /// The peak, for ever.
    case constant
    /// Half a cosine that reaches `floor` at step `endStep` and stays there (Loshchilov and Hutter,
    /// "SGDR: Stochastic gradient descent with warm restarts", ICLR 2017, without restarts).
    case cosine(floor: Float, endStep: Int)
  }

  /// The highest rate.
  public var peak: Float
  /// Steps of the linear rise; 0 for none.
  public var warmupSteps: Int
  /// What follows.
  public var decay: Decay

  /// A schedule; with the defaults, the same rate at every step.
  public init(peak: Float, warmupSteps: Int = 0, decay: Decay = .constant) {
    self.peak = peak
    self.warmupSteps = warmupSteps
    self.decay = decay
  }

  /// Throws unless all settings are in their ranges.
  public func validate() throws(OptimizerError) {
    guard peak > 0, peak.isFinite else {
      throw .setting(name: "learning_rate", value: peak, expected: "finite and above 0")
    }
    guard warmupSteps >= 0 else {
      throw .step(name: "warmup_steps", value: warmupSteps, expected: "0 or more")
    }
    guard case .cosine(let floor, let endStep) = decay else { return }
    guard floor >= 0, floor <= peak else {
      throw .setting(
        name: "final_learning_rate", value: floor, expected: "in 0 ... learning_rate (\(peak))")
    }
    guard endStep > warmupSteps else {
      throw .step(
        name: "decay_steps", value: endStep, expected: "above warmup_steps (\(warmupSteps))")
    }
  }

  /// The rate of step `step`, counted from 0.
  public func rate(at step: Int) -> Float {
    precondition(step >= 0, "step \(step)")
    if step < warmupSteps {
      return Float(Double(peak) * Double(step + 1) / Double(warmupSteps))
    }
    switch decay {
    case .constant: return peak
    case .cosine(let floor, let endStep):
      if step >= endStep { return floor }
      let progress = Double(step - warmupSteps) / Double(endStep - warmupSteps)
      let cosine = ScalarMath.sineAndCosine(turns: progress * 0.5).cosine
      return Float(Double(floor) + (Double(peak) - Double(floor)) * ((1 + cosine) * 0.5))
    }
  }
}
