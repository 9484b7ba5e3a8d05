import Kernels
import Proofs

/// Signs two blocks at one height, so that it can tell different verifiers different things.
public struct Equivocation: MinerBehaviour {
  /// Signs two blocks.
  public init() {}

  /// The same block with another claim.
  public func rivals(of header: BlockHeader) -> [BlockHeader] {
    var other = header
    other.work.hashedBytes += 1
    return [other]
  }
}

/// Tampers with leaves, then tries headers until no verifier's challenge would look at one of them.
/// Where challenges follow from the header alone this succeeds; where they follow from a value born
/// later its tries are worth nothing.
public struct GroundChallenge: MinerBehaviour {
  /// The leaves that it changes.
  public let tampering: TamperedLeaves
  /// Headers that it tries at most.
  public let tries: Int

  /// Grinds to hide a tampered share of the leaves.
  public init(fraction: PartsPerMillion, tries: Int = 10_000) {
    tampering = TamperedLeaves(fraction: fraction)
    self.tries = tries
  }

  /// Tampers.
  public func finish(_ parameters: FloatBuffer, in context: MiningContext) {
    tampering.finish(parameters, in: context)
  }

  /// Counts up a field that no rule binds, until all challenges that it can foresee miss.
  public func amend(_ header: inout BlockHeader, in context: MiningContext) {
    let tampered = Set(tampering.leaves(task: context.task, seed: context.seed))
    let genesis = context.state.genesis
    for _ in 0..<tries {
      let digest = header.digest
      let isSeen = genesis.verifiers.contains { verifier in
        let challenge = Challenge(
          output: Randomness.earlyChallengeOutput(block: digest, verifier: verifier.key),
          task: context.task, constants: genesis.constants)
        return !tampered.isDisjoint(with: challenge.leaves)
      }
      guard isSeen else { return }
      header.work.hashedBytes &+= 1
    }
  }
}

/// Claims an infinite loss before training, from which anything is progress.
public struct InfiniteStartingLoss: MinerBehaviour {
  /// Claims an infinite loss.
  public init() {}

  /// The lie.
  public func amend(_ header: inout BlockHeader, in context: MiningContext) {
    header.claimedFirstLoss = .infinity
  }
}

/// Commits to roots that are merely not zero: it has no model, and nothing to show.
public struct InventedRoots: MinerBehaviour {
  /// Invents roots.
  public init() {}

  /// Zero gradients, as there must be something to hash; the header hides them.
  public func step(
    _ step: Int, after previous: [Trainer.Step], state: TrainingState, in context: MiningContext,
    meter: inout PhaseMeter
  ) throws -> Trainer.Step {
    try SkippedTraining().step(
      step, after: previous, state: state, in: context, meter: &meter)
  }

  /// Roots that nothing stands behind.
  public func amend(_ header: inout BlockHeader, in context: MiningContext) {
    func invented(_ name: String) -> Digest { Digest.tagged("adversary/root", context.seed, name) }
    let task = context.task
    header.after = task.parameterCommitment(root: invented("after"))
    header.quantizedAfter = task.quantizedCommitment(root: invented("quantized"))
    header.trace = task.traceCommitment(root: invented("trace"))
  }

  /// The work that honest steps would have taken.
  public func claim(_ done: Work, task: TrainingTask) -> Work { task.claimingHonestWork(done) }
}
