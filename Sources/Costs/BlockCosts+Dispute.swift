import Proofs
import Protocol

/// What a dispute about a block costs (`docs/protocol.md`, section 15).
public struct DisputeCosts: Sendable, Hashable {
  /// Questions that both parties answer, at most.
  public var rounds: Int
  /// Bytes that the parties send, at most.
  public var exchangedBytes: UInt128
  /// Work of the referee.
  public var referee: Workload
}

extension BlockCosts {
  /// A dispute that bisection narrows to the gradient of one step: about the last state, log2 S more,
  /// then the data, each microbatch and the gradient; the referee fetches the state before and
  /// computes the step.
  public func disputeAboutGradient() -> DisputeCosts {
    let microbatches = Int(task.recipe.microbatchCount)
    let rounds = 1 + Self.halvings(stepCount) + 1 + microbatches + 1
    let quantized =
      isPublishedByStep
      ? publishing(times: 1) + publishedTree
      : Workload(
        hashedBytes: MerkleCosts.hashedBytes(of: gradientBytes, leafCount: leafCount))
    return DisputeCosts(
      rounds: rounds, exchangedBytes: Self.digests(rounds) + stateBytes,
      referee: stateTrees + Workload(flops: UInt128(step.total)) + quantized)
  }

  /// A dispute that ends at one microbatch: the referee computes that part of a step.
  public func disputeAboutMicrobatch(_ part: Int) -> DisputeCosts {
    let rounds = 1 + Self.halvings(stepCount) + 1 + part + 1
    return DisputeCosts(
      rounds: rounds, exchangedBytes: Self.digests(rounds) + stateBytes,
      referee: stateTrees + parameterTree + Workload(flops: UInt128(microbatch.total)))
  }

  /// Questions until halving `count` things leaves one, at most.
  static func halvings(_ count: Int) -> Int {
    Int.bitWidth - max(0, count - 1).leadingZeroBitCount
  }

  /// A digest of each party a round.
  private static func digests(_ rounds: Int) -> UInt128 {
    UInt128(2 * Digest.byteCount * rounds)
  }
}
