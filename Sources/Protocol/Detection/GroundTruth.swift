import Proofs

/// What is really wrong with a block, found by looking at everything: what a sample is measured
/// against.
public struct GroundTruth: Sendable, Hashable {
  /// Whether every verifier sees it, whatever it is challenged for: structure, or nothing served.
  public let isAlwaysSeen: Bool
  /// Leaves at which the checks fail.
  public let leaves: Set<Int>
  /// Segments at which the checks fail, each replayed from its own committed state.
  public let segments: Set<Int>
  /// Leaves and segments of the block.
  public let leafCount: Int
  /// Segments of the block.
  public let segmentCount: Int

  /// Opens every leaf and replays every segment of `block` as the chain's checks ask.
  public init(
    of block: MinedBlock, state: ChainState, trainingBeacon: Digest, trainer: Trainer
  ) {
    let task = trainer.task
    let header = block.signed.header
    let constants = state.genesis.constants
    let server = block.server
    leafCount = task.leafCount
    segmentCount = task.segmentCount
    let publication = server.publication()
    var isSeen = StructureCheck.violation(in: header, state: state) != nil
    isSeen = isSeen || block.rivals.contains { EquivocationCheck.contradicts(header, $0) }
    let asksInTime = server.answerMilliseconds <= constants.answerDeadlineMilliseconds
    if constants.checks.contains(.availability), !asksInTime || publication == nil { isSeen = true }
    if let publication {
      let failure = Self.failure {
        try StructureCheck.check(trace: publication.records, header: header, task: task)
      }
      isSeen = isSeen || Self.isNegative(failure, constants.checks)
    }
    isAlwaysSeen = isSeen
    guard !isSeen, let publication else {
      (leaves, segments) = ([], [])
      return
    }
    leaves = Self.leaves(
      server, header: header, publication: publication, checks: constants.checks, trainer: trainer)
    segments =
      constants.checks.contains(.replay)
      ? Self.segments(
        server, header: header, publication: publication, parent: block.parent,
        seed: Randomness.trainingSeed(
          of: header, beaconValue: trainingBeacon, rules: constants.randomness),
        constants: constants, trainer: trainer) : []
  }

  private static func leaves(
    _ server: some BlockServer, header: BlockHeader, publication: Publication, checks: Checks,
    trainer: Trainer
  ) -> Set<Int> {
    let task = trainer.task
    guard !checks.isDisjoint(with: [.leaf, .update]) else { return [] }
    var found = Set<Int>()
    for leaf in 0..<task.leafCount {
      let failure = Self.failure {
        guard let answer = server.answer(leaf: leaf) else {
          throw CheckFailure.unavailable("no answer for leaf \(leaf)")
        }
        try LeafCheck.checkOpenings(
          of: answer, leaf: leaf, header: header, records: publication.records, task: task)
        if checks.contains(.leaf) {
          try LeafCheck.check(after: answer.after, quantized: answer.quantized, task: task)
        }
        if checks.contains(.update) {
          try UpdateCheck.check(
            answer, firstStep: task.stepsBefore(height: header.height), task: task,
            arithmetic: trainer.arithmetic)
        }
      }
      if isNegative(failure, checks) { found.insert(leaf) }
    }
    return found
  }

  /// What a check throws, if it is a failure of the block.
  private static func failure(_ body: () throws -> Void) -> CheckFailure? {
    do { try body() } catch { return error as? CheckFailure }
    return nil
  }

  /// Whether a verifier that runs `checks` attests negative on it.
  private static func isNegative(_ failure: CheckFailure?, _ checks: Checks) -> Bool {
    switch failure {
    case nil: false
    case .unavailable: checks.contains(.availability)
    case .fraud, .noProgress: true
    }
  }

  private static func segments(
    _ server: some BlockServer, header: BlockHeader, publication: Publication, parent: ModelState,
    seed: Digest, constants: ProtocolConstants, trainer: Trainer
  ) -> Set<Int> {
    var found = Set<Int>()
    for segment in 0..<trainer.task.segmentCount {
      let failure = Self.failure {
        var meter = PhaseMeter(clock: NoClock())
        try ReplayCheck.check(
          segments: [segment], header: header, publication: publication, parent: parent,
          states: { server.state(ofSegment: $0) },
          accumulations: { server.accumulation(beforeSegment: $0) }, trainingSeed: seed,
          trainer: trainer,
          tolerance: constants.tolerance, meter: &meter)
      }
      if isNegative(failure, constants.checks) { found.insert(segment) }
    }
    return found
  }

  /// The chance that at least one of `verifiers` sees it in its sample of leaves and segments.
  public func detection(verifiers: Int, leaves drawn: Int, segments replayed: Int) -> Double {
    guard !isAlwaysSeen else { return verifiers > 0 ? 1 : 0 }
    let miss =
      Odds.miss(population: leafCount, marked: leaves.count, draws: drawn)
      * Odds.miss(population: segmentCount, marked: segments.count, draws: replayed)
    return 1 - (0..<max(0, verifiers)).reduce(1.0) { product, _ in product * miss }
  }
}
