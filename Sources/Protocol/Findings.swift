import Proofs

/// A contradiction in a block that anyone can check again: objective proof of fraud.
public enum Finding: Error, Sendable, Hashable {
  /// The signed header breaks a rule by itself.
  case header(HeaderViolation)
  /// The committed trace contradicts itself or its header.
  case trace(TraceViolation)
  /// Re-quantizing the opened parameters gives other bytes than the quantized twin's leaf.
  case quantizedLeaf(leaf: Int)
  /// Parameters before plus published gradients are not the parameters after.
  case update(leaf: Int)
  /// The committed state before a segment is not what the published gradients lead to.
  case state(step: Int)
  /// Recomputing a segment up to this step leads to another committed state.
  case outcome(step: Int)
  /// The step was not run on the data that the randomness fixed.
  case batch(step: Int)
  /// Recomputing the step gives another gradient.
  case gradient(step: Int)
  /// Recomputing the step gives another loss.
  case loss(step: Int)
  /// Recomputing one microbatch of the step leads to another committed accumulation.
  case microbatch(step: Int, part: Int)
  /// Its miner signed two blocks at one height.
  case equivocation

  /// The step that it is about, if it is about one.
  public var step: Int? {
    switch self {
    case .header, .trace, .quantizedLeaf, .update, .equivocation: nil
    case .state(let step), .outcome(let step), .batch(let step), .gradient(let step),
      .loss(let step), .microbatch(let step, _):
      step
    }
  }

  /// A segment whose replay shows it, if it is about a step. What a step starts from shows in any
  /// microbatch of it, so in the first; what comes out of it in the last.
  public func segment(_ task: TrainingTask) -> Int? {
    switch self {
    case .header, .trace, .quantizedLeaf, .update, .equivocation: nil
    case .state(let step), .batch(let step): task.segment(ofStep: step) - task.accumulationCount
    case .outcome(let step), .gradient(let step), .loss(let step): task.segment(ofStep: step)
    case .microbatch(let step, let part):
      task.segment(ofStep: step) - task.accumulationCount + part
    }
  }

  /// Whether a verifier with `challenge` was bound to see it.
  public func isInside(_ challenge: Challenge, task: TrainingTask) -> Bool {
    switch self {
    case .header, .trace: true
    // Who was never shown the other header could not know of it.
    case .equivocation: false
    case .quantizedLeaf(let leaf), .update(let leaf): challenge.leaves.contains(leaf)
    case .state(let step), .batch(let step): challenge.steps.contains(step)
    case .outcome, .gradient, .loss, .microbatch:
      segment(task).map(challenge.segments.contains) ?? false
    }
  }
}

extension Finding: CustomStringConvertible {
  public var description: String {
    switch self {
    case .header(let violation): "header: \(violation)"
    case .trace(let violation): "trace: \(violation)"
    case .quantizedLeaf(let leaf):
      "leaf \(leaf): the quantized twin is not the quantized form of the float32 leaf"
    case .update(let leaf):
      "leaf \(leaf): parameters before + published gradients are not the parameters after"
    case .state(let step):
      "step \(step): the published gradients lead to other parameters than the committed ones"
    case .outcome(let step): "step \(step): recomputing it leads to another committed state"
    case .batch(let step): "step \(step): trained on other data than the randomness fixed"
    case .gradient(let step): "step \(step): recomputing it gives another gradient"
    case .loss(let step): "step \(step): recomputing it gives another loss"
    case .microbatch(let step, let part):
      "step \(step): recomputing microbatch \(part) leads to another committed accumulation"
    case .equivocation: "its miner signed another block at the same height"
    }
  }
}

/// A rule that a signed header breaks by itself.
public enum HeaderViolation: String, Sendable, Hashable, CustomStringConvertible {
  case wrongTask = "it names another training task"
  case wrongTrainingRound = "its training data come from another beacon round"
  case wrongStart = "mining started at another time than the round that opened it"
  case wrongCommitmentTime = "it was not committed at the end of the block time"
  case wrongChallengeRound = "its challenge round is not the first after the commitment"
  case wrongBefore = "its parameters before are not its parent's parameters after"
  case wrongAfterSize = "its parameters after have another size, leaf size or kind"
  case wrongQuantizedSize = "its quantized model has another size, leaf size or kind"
  case wrongAuxiliaryBefore = "its optimizer state before is not its parent's after"
  case wrongAuxiliarySize = "its optimizer state after has another size, leaf size or kind"
  case wrongTraceSize = "its trace has another number of steps"
  case wrongDiffSize = "its diff has another number of bytes than the steps' gradients"
  case nonFiniteLoss = "a claimed loss is infinite or not a number"
  case wrongWork = "it claims other work than its steps need"
  case chosenData = "it chooses its training data where the beacon fixes them"

  public var description: String { rawValue }
}

/// A contradiction inside the committed trace.
public enum TraceViolation: Sendable, Hashable, CustomStringConvertible {
  case wrongStepNumber(position: Int)
  case wrongFirstState
  case misplacedState(position: Int)
  case misplacedGradient(position: Int)
  case misplacedAccumulations(position: Int)
  case wrongClaimedLoss

  public var description: String {
    switch self {
    case .wrongStepNumber(let position): "record \(position) carries another step number"
    case .wrongFirstState: "the first step does not start from the parent's parameters"
    case .misplacedState(let position):
      "record \(position) commits to a state where none belongs, or to none where one does"
    case .misplacedGradient(let position):
      "record \(position) names a published gradient where none belongs"
    case .misplacedAccumulations(let position):
      "record \(position) commits to another number of accumulations than its step has"
    case .wrongClaimedLoss: "the header claims other losses than the trace"
    }
  }
}

/// How a check can end badly.
public enum CheckFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// Proven by public data.
  case fraud(Finding)
  /// The miner did not give a valid answer: a negative, but no proof for strangers.
  case unavailable(String)
  /// The quantized model did not become better: a measurement on a sample, no proof.
  case noProgress(before: Float, after: Float)

  public var description: String {
    switch self {
    case .fraud(let finding): finding.description
    case .unavailable(let what): "no valid answer: \(what)"
    case .noProgress(let before, let after):
      "the quantized model's loss went from \(before) to \(after)"
    }
  }
}
