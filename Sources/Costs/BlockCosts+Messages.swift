import Protocol

/// What one verifier and a miner say to each other about a block.
public struct MessageCount: Sendable, Hashable {
  /// Questions for records and diff.
  public var publications: Int
  /// Questions for opened leaves.
  public var answers: Int
  /// Questions for committed states.
  public var states: Int
  /// Questions for what was accumulated before a microbatch.
  public var accumulations: Int
  /// Questions for the quantized twin.
  public var twins: Int

  /// Counts of each.
  public init(publications: Int, answers: Int, states: Int, accumulations: Int = 0, twins: Int) {
    self.publications = publications
    self.answers = answers
    self.states = states
    self.accumulations = accumulations
    self.twins = twins
  }

  /// Questions and the header before and the attestation after them.
  public var total: Int { 2 + publications + answers + states + accumulations + twins }
}

extension BlockCosts {
  /// The questions of one verifier.
  public func messages(_ parts: SampledParts) -> MessageCount {
    var (states, accumulations, reached) = (0, 0, 0)
    var previous: Int?
    for segment in parts.segments {
      let steps = task.steps(ofSegment: segment)
      if previous.map({ task.steps(ofSegment: $0) }) != steps, steps.lowerBound > reached,
        !task.isWalkable
      {
        states += 1
      }
      if (task.microbatch(ofSegment: segment) ?? 0) > 0, previous != segment - 1 {
        accumulations += 1
      }
      previous = segment
      reached = task.endsStep(segment: segment) ? steps.upperBound : steps.lowerBound
    }
    return MessageCount(
      publications: 1, answers: parts.leaves.count, states: states,
      accumulations: accumulations, twins: parts.evaluationSequences > 0 ? 1 : 0)
  }
}
