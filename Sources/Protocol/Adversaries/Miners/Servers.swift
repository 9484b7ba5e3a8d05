import Kernels
import Proofs

/// Mines honestly and answers only some questions.
public struct Withholding: MinerBehaviour {
  /// Share of the leaves that are not served; at least one is not.
  public let fraction: PartsPerMillion

  /// Withholds this share of the leaves.
  public init(fraction: PartsPerMillion) { self.fraction = fraction }

  /// Serves the rest.
  public func server(of block: MinedBlock) -> any BlockServer {
    let leaves = TamperedLeaves(fraction: fraction).leaves(
      task: block.task, seed: block.signed.header.digest)
    return AlteringServer(base: block) { leaves.contains(Int($0.leafIndex)) ? nil : $0 }
  }
}

/// Mines honestly and answers after the deadline.
public struct LateAnswers: MinerBehaviour {
  /// How late.
  public let milliseconds: UInt64

  /// Answers this long after it was asked.
  public init(milliseconds: UInt64) { self.milliseconds = milliseconds }

  /// The truth, late.
  public func server(of block: MinedBlock) -> any BlockServer {
    AlteringServer(base: block, answerMilliseconds: milliseconds) { $0 }
  }
}

/// Tampers with leaves and answers for them with proofs that it made up, as text that merely looks
/// like a proof.
public struct FabricatedProofs: MinerBehaviour {
  /// The leaves that it changes.
  public let tampering: TamperedLeaves

  /// Changes this share of the leaves and shows the honest ones in their place.
  public init(fraction: PartsPerMillion) { tampering = TamperedLeaves(fraction: fraction) }

  /// Tampers.
  public func finish(_ parameters: FloatBuffer, in context: MiningContext) {
    tampering.finish(parameters, in: context)
  }

  /// Shows the parent's leaf under an invented path.
  public func server(of block: MinedBlock) -> any BlockServer {
    AlteringServer(base: block) { answer in
      let proof = answer.after.proof
      let path = proof.auditPath.indices.map { Digest.tagged("proof_\($0)", proof.auditPath[$0]) }
      return LeafAnswer(
        leafIndex: Int(answer.leafIndex), before: answer.before,
        after: LeafOpening(
          leaf: answer.before.leaf,
          proof: InclusionProof(
            leafIndex: proof.leafIndex, leafCount: proof.leafCount, auditPath: path)),
        quantized: answer.quantized, gradients: answer.gradients, auxiliary: answer.auxiliary)
    }
  }
}

/// Serves a block with changed leaf answers, or late.
struct AlteringServer: BlockServer {
  let base: MinedBlock
  var answerMilliseconds: UInt64 = 0
  let alter: @Sendable (LeafAnswer) -> LeafAnswer?

  func publication() -> Publication? { base.publication() }
  func answer(leaf index: Int) -> LeafAnswer? { base.answer(leaf: index).flatMap(alter) }
  func quantizedModel() -> [UInt8]? { base.quantizedModel() }
  func state(ofSegment index: Int) -> SegmentState? { base.state(ofSegment: index) }
  func accumulation(beforeSegment index: Int) -> [UInt8]? {
    base.accumulation(beforeSegment: index)
  }
}
