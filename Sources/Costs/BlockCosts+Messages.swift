import Protocol

/// What one verifier and a miner say to each other about a block.
public struct MessageCount: Sendable, Hashable {
  /// Questions for records and diff.
  public var publications: Int
  /// Questions for opened leaves.
  public var answers: Int
  /// Questions for committed states.
  public var states: Int
  /// Questions for the quantized twin.
  public var twins: Int

  /// Counts of each.
  public init(publications: Int, answers: Int, states: Int, twins: Int) {
    self.publications = publications
    self.answers = answers
    self.states = states
    self.twins = twins
  }

  /// Questions and the header before and the attestation after them.
  public var total: Int { 2 + publications + answers + states + twins }
}

extension BlockCosts {
  /// The questions of one verifier.
  public func messages(_ parts: SampledParts) -> MessageCount {
    var (states, reached) = (0, 0)
    for segment in parts.segments {
      let steps = task.steps(ofSegment: segment)
      if steps.lowerBound > reached, !task.isWalkable { states += 1 }
      reached = steps.upperBound
    }
    return MessageCount(
      publications: 1, answers: parts.leaves.count, states: states,
      twins: parts.evaluationSequences > 0 ? 1 : 0)
  }
}
