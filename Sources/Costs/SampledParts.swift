import Protocol

/// What one verifier looks at.
public struct SampledParts: Sendable, Hashable {
  /// Leaves that it opens.
  public var leaves: [Int]
  /// Segments that it replays, ascending.
  public var segments: [Int]
  /// Sequences on which it measures both twins: whole microbatches.
  public var evaluationSequences: Int

  /// From its parts.
  public init(leaves: [Int], segments: [Int], evaluationSequences: Int) {
    self.leaves = leaves
    self.segments = segments
    self.evaluationSequences = evaluationSequences
  }

  /// What a challenge asks for.
  public init(_ challenge: Challenge) {
    self.init(
      leaves: challenge.leaves, segments: challenge.segments,
      evaluationSequences: challenge.evaluationStarts.count)
  }

  /// A challenge like those that a chain draws, but with its leaves and segments evenly over the block:
  /// what a plan is made with before there is a beacon.
  public init(evenlyOver costs: BlockCosts, constants: ProtocolConstants) {
    let task = costs.task
    let leaves =
      constants.checks.isDisjoint(with: [.leaf, .update])
      ? 0 : constants.leafRate.sampleCount(of: costs.leafCount)
    self.init(
      leaves: Self.even(leaves, of: costs.leafCount),
      segments: Self.even(constants.challengedSegments(task), of: task.segmentCount),
      evaluationSequences: constants.evaluationSequences(task))
  }

  /// `count` of `population` things, each in the middle of its share.
  static func even(_ count: Int, of population: Int) -> [Int] {
    let count = min(max(0, count), population)
    return (0..<count).map { (2 * $0 + 1) * population / (2 * count) }
  }
}
