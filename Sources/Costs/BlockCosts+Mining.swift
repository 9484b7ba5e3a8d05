import Protocol

/// What mining a block costs (`docs/protocol.md`, section 3).
extension BlockCosts {
  /// By phase; no other phase is mining's.
  public func mining() -> PhaseWorkloads {
    [.training: training, .quantization: quantization, .commitment: commitment]
  }

  /// S steps, loss and gradient.
  var training: Workload { stepCount * Workload(flops: UInt128(step.total)) }

  /// Quantizing what is published once, dequantizing it where a residual is kept, and applying every
  /// step's gradient.
  var quantization: Workload {
    publishing(times: task.publishedCount) + stepCount * applied
  }

  /// Trees over the state before every segment but the first, which the parent committed; over what
  /// microbatches accumulate, where that is committed; over all that is published; over the model after with its twin, which is quantized once more.
  var commitment: Workload {
    (task.committedStateCount - 1) * stateTrees
      + (task.accumulationCount == 0
        ? Workload() : stepCount * task.accumulationCount * accumulationTree)
      + task.publishedCount * publishedTree + stateTrees + twinTree + onePass
  }

  // MARK: parts that verification has too

  /// Every value quantized or dequantized once.
  var onePass: Workload { Workload(quantizedValues: UInt128(parameterCount)) }

  /// Applying a step: its gradient, and the optimizer's vectors where they lie packed.
  var applied: Workload {
    Workload(quantizedValues: UInt128(task.appliedValueCount(parameterCount)))
  }

  /// Quantizing a gradient or update; with error feedback what was dropped is found by dequantizing.
  func publishing(times count: Int) -> Workload {
    count * (usesErrorFeedback ? onePass + onePass : onePass)
  }

  /// The tree over the parameters.
  var parameterTree: Workload { tree(parameterBytes) }
  /// The tree over optimizer state and residual; nothing without them.
  var auxiliaryTree: Workload {
    task.auxiliaryVectorCount == 0 ? Workload() : tree(auxiliaryBytes)
  }
  /// Both trees of a committed state.
  var stateTrees: Workload { parameterTree + auxiliaryTree }
  /// The tree over what is accumulated after a microbatch, in leaves of parameters.
  var accumulationTree: Workload {
    let leaf = UInt128(task.parameterLeafSize)
    return tree(
      accumulationBytes, leafCount: Int((accumulationBytes + leaf - 1) / leaf))
  }
  /// The tree over a published gradient or update.
  var publishedTree: Workload { tree(publishedBytes, leafCount: task.publishedLeafCount) }
  /// The tree over the quantized twin.
  var twinTree: Workload { tree(twinBytes) }

  private func tree(_ byteCount: UInt128, leafCount count: Int? = nil) -> Workload {
    Workload(
      hashedBytes: MerkleCosts.hashedBytes(of: byteCount, leafCount: count ?? leafCount))
  }
}
