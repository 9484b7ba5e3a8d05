import Proofs
import Protocol

/// One way in which a header can break a rule.
struct HeaderLie: Sendable, CustomStringConvertible {
  let violation: HeaderViolation
  let name: String
  private let change: @Sendable (inout BlockHeader) throws -> Void

  var description: String { name }

  func apply(to header: inout BlockHeader) throws { try change(&header) }

  private init(
    _ violation: HeaderViolation, _ name: String,
    _ change: @escaping @Sendable (inout BlockHeader) throws -> Void
  ) {
    self.violation = violation
    self.name = name
    self.change = change
  }

  private static func resized(
    _ commitment: Commitment, kind: CommitmentKind? = nil, bytes: Int = 0, leaf: Int = 0
  ) -> Commitment {
    Commitment(
      kind ?? commitment.kind, byteCount: Int(commitment.byteCount) + bytes,
      leafSize: Int(commitment.leafSize) + leaf, root: commitment.root)
  }

  private static func later(_ time: VirtualTime) -> VirtualTime { time + 1 }

  private static func earlier(_ time: VirtualTime) -> VirtualTime {
    VirtualTime(milliseconds: time.milliseconds - 1)
  }

  static let all: [HeaderLie] = [
    HeaderLie(.wrongTask, "another task") { $0.task = .zero },
    HeaderLie(.wrongTrainingRound, "a later round") { $0.trainingRound += 1 },
    HeaderLie(.wrongTrainingRound, "the last round") { $0.trainingRound = .max },
    HeaderLie(.wrongStart, "a later start") { $0.startedAt = later($0.startedAt) },
    HeaderLie(.wrongStart, "the end of time") {
      $0.startedAt = VirtualTime(milliseconds: .max)
    },
    HeaderLie(.wrongCommitmentTime, "a late commitment") {
      $0.committedAt = later($0.committedAt)
    },
    HeaderLie(.wrongCommitmentTime, "an early commitment") {
      $0.committedAt = earlier($0.committedAt)
    },
    HeaderLie(.wrongCommitmentTime, "a commitment at the end of time") {
      $0.committedAt = VirtualTime(milliseconds: .max)
    },
    HeaderLie(.wrongChallengeRound, "a later challenge") { $0.challengeRound += 1 },
    HeaderLie(.wrongChallengeRound, "an earlier challenge") { $0.challengeRound -= 1 },
    HeaderLie(.wrongBefore, "another start") { $0.before = $0.after },
    HeaderLie(.wrongBefore, "another size of the start") {
      $0.before = resized($0.before, bytes: 4)
    },
    HeaderLie(.wrongAfterSize, "more parameters") { $0.after = resized($0.after, bytes: 4) },
    HeaderLie(.wrongAfterSize, "larger leaves") { $0.after = resized($0.after, leaf: 4) },
    HeaderLie(.wrongAfterSize, "another kind") {
      $0.after = resized($0.after, kind: .quantizedModel)
    },
    HeaderLie(.wrongQuantizedSize, "fewer quantized bytes") {
      $0.quantizedAfter = resized($0.quantizedAfter, bytes: -1)
    },
    HeaderLie(.wrongQuantizedSize, "parameters as their own twin") {
      $0.quantizedAfter = $0.after
    },
    HeaderLie(.wrongTraceSize, "one more step") {
      $0.trace = resized($0.trace, bytes: Int($0.trace.leafSize))
    },
    HeaderLie(.wrongTraceSize, "no step") {
      $0.trace = resized($0.trace, bytes: -Int($0.trace.byteCount))
    },
    HeaderLie(.wrongDiffSize, "a smaller diff") { $0.diffByteCount -= 1 },
    HeaderLie(.wrongDiffSize, "the largest diff") { $0.diffByteCount = .max },
    HeaderLie(.nonFiniteLoss, "a first loss that is no number") { $0.claimedFirstLoss = .nan },
    HeaderLie(.nonFiniteLoss, "an infinite last loss") { $0.claimedLastLoss = -.infinity },
    HeaderLie(.wrongWork, "one operation less") { $0.work.flops -= 1 },
    HeaderLie(.wrongWork, "no work") { $0.work = Work() },
    HeaderLie(.wrongAuxiliaryBefore, "an optimizer state out of nowhere") {
      $0.auxiliaryBefore = resized($0.before, kind: .optimizerState)
    },
    HeaderLie(.wrongAuxiliarySize, "an optimizer state where there is none") {
      $0.auxiliaryAfter = resized($0.after, kind: .optimizerState)
    },
    HeaderLie(.chosenData, "data of its choice") { $0.trainingSalt = 1 },
  ]
}
