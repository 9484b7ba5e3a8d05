import Kernels
import Proofs

/// How far the published steps of a block are from what one machine computes: what a tolerance is
/// chosen by (`docs/protocol.md`, section 6.4).
public struct Deviation: Sendable, Hashable {
  /// Relative distance of each step's gradient; 0 for equal bytes, infinite for one that does not
  /// decode or cannot be computed.
  public let distances: [Float]
  /// Relative difference of each step's loss; 0 for equal bits, infinite if it is none.
  public let lossDifferences: [Float]

  /// Computes every step of a block again, each from the state that what was published leads to.
  ///
  /// The task must be walkable. Throws what cannot be applied at all.
  public init(
    of publication: Publication, firstStep: Int, parent: ModelState, trainingSeed: Digest,
    trainer: Trainer
  ) throws {
    precondition(trainer.task.isWalkable, "states that do not follow from what was published")
    let state = parent.trainingState(trainer.task)
    var meter = PhaseMeter(clock: NoClock())
    var distances: [Float] = []
    var differences: [Float] = []
    for (step, (record, published)) in zip(publication.records, publication.gradients).enumerated()
    {
      if let honest = try? trainer.compute(
        step: step, state: state, seed: trainingSeed, meter: &meter, phases: (.replay, .replay))
      {
        distances.append(Self.distance(published, from: honest, trainer))
        differences.append(Self.difference(record.loss, honest.loss))
      } else {
        distances.append(.infinity)
        differences.append(.infinity)
      }
      try trainer.apply(published, step: firstStep + step, to: state)
    }
    self.distances = distances
    lossDifferences = differences
  }

  private static func distance(
    _ published: [UInt8], from honest: Trainer.Step, _ trainer: Trainer
  ) -> Float {
    guard published != honest.gradient else { return 0 }
    guard let distance = try? trainer.distance(published, from: honest.gradient), !distance.isNaN
    else { return .infinity }
    return distance
  }

  private static func difference(_ claimed: Float, _ honest: Float) -> Float {
    guard claimed.bitPattern != honest.bitPattern else { return 0 }
    let difference = (claimed - honest).magnitude / honest.magnitude
    return difference.isNaN ? .infinity : difference
  }

  /// Steps whose gradient and loss are equal bit for bit.
  public var equalSteps: Int {
    zip(distances, lossDifferences).count { $0 == 0 && $1 == 0 }
  }

  /// Smallest tolerance at which a replay of step `index` passes; above 1 none does.
  public func tolerance(forStep index: Int) -> Float {
    max(distances[index], lossDifferences[index])
  }

  /// Smallest tolerance at which replays of all steps pass; above 1 none does.
  public var tolerance: Float { distances.indices.map(tolerance(forStep:)).max() ?? 0 }
}
