import Proofs

/// Losses of the quantized model before and after a block on data that nobody could foresee.
public struct ProgressMeasurement: Sendable, Hashable {
  /// Mean cross-entropy in nats a token.
  public let before: Float
  /// Mean cross-entropy after the block, nats a token.
  public let after: Float

  /// From its parts.
  public init(before: Float, after: Float) {
    self.before = before
    self.after = after
  }
}

/// The quantized model became better: `docs/protocol.md`, section 6.5.
public enum ProgressCheck {
  /// Both quantized models on the same sequences.
  ///
  /// Throws when the served quantized model is not the committed one.
  public static func measure(
    quantizedAfter: [UInt8], header: BlockHeader, parent: ModelState, starts: [Int],
    trainer: Trainer, work: inout Work
  ) throws -> ProgressMeasurement {
    let task = trainer.task
    guard quantizedAfter.count == task.quantizedByteCount else {
      throw CheckFailure.unavailable("the quantized model has another size")
    }
    let tree = task.quantizedTree(quantizedAfter, workers: trainer.arithmetic.workers)
    work.receivedBytes += UInt64(quantizedAfter.count)
    work.hashedBytes += UInt64(tree.hashedByteCount)
    guard tree.root == header.quantizedAfter.root else {
      throw CheckFailure.unavailable("the quantized model has another root")
    }
    do {
      return ProgressMeasurement(
        before: try trainer.loss(ofQuantized: parent.quantized, startingAt: starts, work: &work),
        after: try trainer.loss(ofQuantized: quantizedAfter, startingAt: starts, work: &work))
    } catch {
      throw CheckFailure.unavailable("the quantized model has no finite loss: \(error)")
    }
  }

  /// Whether the loss did not rise by more than the margin. NaN never passes.
  public static func accepts(_ measured: ProgressMeasurement, margin: Float) -> Bool {
    measured.after <= measured.before + margin
  }
}
