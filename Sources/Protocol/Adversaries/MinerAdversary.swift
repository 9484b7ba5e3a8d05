import Proofs

/// Every miner that breaks a rule, by the name that specs and reports use.
public enum MinerAdversary: String, Sendable, CaseIterable {
  case skippedTraining = "skipped-training"
  case fakedSteps = "faked-steps"
  case tamperedLeaves = "tampered-leaves"
  case backdooredTensor = "backdoored-tensor"
  case wrongTwin = "wrong-twin"
  case falseLoss = "false-loss"
  case reusedGradients = "reused-gradients"
  case evaluationTraining = "evaluation-training"
  case withholding
  case lateAnswers = "late-answers"
  case lowerPrecision = "lower-precision"
  case falseOperator = "false-operator"
  case copiedBlock = "copied-block"
  case equivocation
  case groundChallenge = "ground-challenge"
  case spoofedTrajectory = "spoofed-trajectory"
  case randomWeights = "random-weights"
  case inventedRoots = "invented-roots"
  case fabricatedProofs = "fabricated-proofs"
  case infiniteStartingLoss = "infinite-starting-loss"

  /// What it does in one line.
  public var summary: String {
    switch self {
    case .skippedTraining: "publishes zero gradients"
    case .fakedSteps: "publishes noise for a fraction of the steps"
    case .tamperedLeaves: "changes a fraction of the leaves after training"
    case .backdooredTensor: "changes one tensor after training"
    case .wrongTwin: "commits the quantized twin of another model in a fraction of the leaves"
    case .falseLoss: "claims half the true losses"
    case .reusedGradients: "publishes the first step's gradient again and again"
    case .evaluationTraining: "trains on evaluation data under the assigned batch's digest"
    case .withholding: "does not serve a fraction of the leaves"
    case .lateAnswers: "answers after the deadline"
    case .lowerPrecision: "computes gradients at parameters rounded to bfloat16"
    case .falseOperator: "computes one operator of the first step falsely, all else honestly from it"
    case .copiedBlock: "signs what another miner published"
    case .equivocation: "signs two blocks at one height"
    case .groundChallenge: "tampers and tries headers until the challenge looks elsewhere"
    case .spoofedTrajectory: "interpolates a path to a model of its own"
    case .randomWeights: "commits random weights with their correct quantized twin"
    case .inventedRoots: "commits to roots that nothing stands behind"
    case .fabricatedProofs: "answers with invented audit paths"
    case .infiniteStartingLoss: "claims an infinite loss before training"
    }
  }

  /// Whether a fraction says how much of it is dishonest.
  public var takesFraction: Bool {
    switch self {
    case .fakedSteps, .tamperedLeaves, .wrongTwin, .withholding, .groundChallenge,
      .fabricatedProofs:
      true
    default: false
    }
  }

  /// The behaviour.
  ///
  /// - Parameters:
  ///   - fraction: how much is dishonest, where that can be chosen.
  ///   - victim: whose block a copier copies.
  ///   - deadlineMilliseconds: what answers must not be later than.
  public func behaviour(
    fraction: PartsPerMillion, victim: PublicKey, deadlineMilliseconds: UInt64
  ) -> any MinerBehaviour {
    switch self {
    case .skippedTraining: SkippedTraining()
    case .fakedSteps: FakedSteps(fraction: fraction)
    case .tamperedLeaves: TamperedLeaves(fraction: fraction)
    case .backdooredTensor: BackdooredTensor()
    case .wrongTwin: WrongTwin(fraction: fraction)
    case .falseLoss: FalseLoss()
    case .reusedGradients: ReusedGradients()
    case .evaluationTraining: EvaluationTraining()
    case .withholding: Withholding(fraction: fraction)
    case .lateAnswers: LateAnswers(milliseconds: deadlineMilliseconds + 1)
    case .lowerPrecision: LowerPrecision()
    // Any will do; where the whole model is trained this one is in the first layer.
    case .falseOperator: FalseOperator(step: 0, operator: 3)
    case .copiedBlock: CopiedBlock(of: victim)
    case .equivocation: Equivocation()
    case .groundChallenge: GroundChallenge(fraction: fraction)
    case .spoofedTrajectory: SpoofedTrajectory()
    case .randomWeights: RandomWeights()
    case .inventedRoots: InventedRoots()
    case .fabricatedProofs: FabricatedProofs(fraction: fraction)
    case .infiniteStartingLoss: InfiniteStartingLoss()
    }
  }
}
