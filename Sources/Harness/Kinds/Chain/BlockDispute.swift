import Kernels
import Proofs
import Protocol

/// How the first accusation of a segment of a block is settled between its miner and who accuses it
/// (`docs/protocol.md`, section 15), where the spec asks for that (`verification.disputes`).
///
/// It follows from the plan and the record of the chain, so that an audit settles it again.
public struct BlockDispute: Sendable, Hashable {
  /// Who accuses, in the order of genesis.
  public var verifier: UInt32
  /// What the parties turn out to differ about: nothing, batch, structure, operator, gradient_leaf,
  /// loss, gradient or update.
  public var contested: String
  /// The step that it belongs to; nil if they differ about nothing.
  public var step: UInt32?
  /// Layer and name of the operator that the referee runs; empty if it runs none.
  public var operation: String
  /// Whom the referee finds wrong: nobody, accused, accuser or both.
  public var guilty: String
  /// Questions that both answer.
  public var rounds: UInt32
  /// Bytes that both send.
  public var exchangedBytes: UInt64
  /// What the referee does.
  public var refereeWork: Work
  /// Operations of the replay of the accused segment, which the dispute spares.
  public var segmentFLOPs: UInt64
}

extension BlockDispute {
  /// Settles the first accusation of a segment among `accusations`; nil if there is none.
  ///
  /// - Parameters:
  ///   - accusations: the evidence of each verifier, in the order of genesis.
  ///   - number: of the proposal, from 0.
  ///   - before: the chain before the block.
  static func settle(
    _ accusations: [Evidence?], of number: Int, plan: Plan, before: ChainState, parent: ModelState,
    trainingBeacon: Digest, trainer: Trainer
  ) throws -> BlockDispute? {
    guard
      let (verifier, segment) = accusations.enumerated().lazy.compactMap({ index, evidence in
        switch evidence?.proof {
        case .segment(let segment, _), .microbatch(let segment, _, _): (index, Int(segment))
        default: nil
        }
      }).first, segment < trainer.task.segmentCount
    else { return nil }
    let miner = plan.miner(ofProposal: number)
    let context = MiningContext(
      state: before, parent: parent, trainingBeacon: trainingBeacon, miner: miner.key.publicKey,
      salt: miner.behaviour.salt(before, trainer: trainer), trainer: trainer)
    var meter = PhaseMeter(clock: StoppedClock())
    let firstStep = trainer.task.stepsBefore(height: before.height.next)
    var dispute = Dispute(
      accused: try DisputeRecord(of: miner.behaviour, in: context, meter: &meter),
      accuser: try DisputeRecord(of: HonestMiner(), in: context, meter: &meter),
      trainer: trainer, firstStep: firstStep, seed: context.seed)
    return BlockDispute(
      try dispute.run(), verifier: verifier,
      segmentFLOPs: trainer.task.replayFLOPs(ofSegment: segment))
  }

  private init(_ outcome: Dispute.Outcome, verifier: Int, segmentFLOPs: UInt64) {
    let (contested, step, operation): (String, Int?, String) =
      switch outcome.contested {
      case .nothing: ("nothing", nil, "")
      case .batch(let step): ("batch", step, "")
      case .structure(let step): ("structure", step, "")
      case .operation(let step, let name): ("operator", step, "\(name.place): \(name.name)")
      case .gradientLeaf(let step, _): ("gradient_leaf", step, "")
      case .loss(let step): ("loss", step, "")
      case .gradient(let step): ("gradient", step, "")
      case .update(let step, _): ("update", step, "")
      }
    self.init(
      verifier: UInt32(verifier), contested: contested, step: step.map { UInt32($0) },
      operation: operation, guilty: "\(outcome.guilty)", rounds: UInt32(outcome.rounds),
      exchangedBytes: outcome.exchangedBytes, refereeWork: outcome.refereeWork,
      segmentFLOPs: segmentFLOPs)
  }
}

/// As the journal of a run keeps it.
extension BlockDispute: CanonicalCodable {
  /// All fields in their order; no step is 2^32 - 1.
  public func encode(to writer: inout CanonicalWriter) {
    writer.append(verifier)
    writer.append(contested)
    writer.append(step ?? .max)
    writer.append(operation)
    writer.append(guilty)
    writer.append(rounds)
    writer.append(exchangedBytes)
    writer.append(refereeWork)
    writer.append(segmentFLOPs)
  }

  /// Reads what `encode` wrote.
  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    verifier = try reader.readUInt32()
    contested = try reader.readString()
    let step = try reader.readUInt32()
    self.step = step == .max ? nil : step
    operation = try reader.readString()
    guilty = try reader.readString()
    rounds = try reader.readUInt32()
    exchangedBytes = try reader.readUInt64()
    refereeWork = try reader.read()
    segmentFLOPs = try reader.readUInt64()
  }
}
