import Kernels
import Proofs
import Quant

/// The quantized twin belongs to the float32 model: `docs/protocol.md`, section 6.2.
public enum LeafCheck {
  /// Throws unless all openings lie under the header's and the records' roots at the leaf asked
  /// for. Sizes come from the task, never from the answer.
  public static func checkOpenings(
    of answer: LeafAnswer, leaf index: Int, header: BlockHeader, records: [TraceRecord],
    task: TrainingTask
  ) throws(CheckFailure) {
    guard answer.leafIndex == UInt32(index),
      records.count == Int(task.stepsPerBlock), answer.gradients.count == task.publishedCount,
      answer.auxiliary.count == (task.auxiliaryVectorCount == 0 ? 0 : 2)
    else { throw .unavailable("the answer is about another leaf or another number of steps") }
    let published = records.indices.filter { task.publishesAfter(step: $0) }
    do {
      try header.before.verify(answer.before, at: index)
      try header.after.verify(answer.after, at: index)
      try header.quantizedAfter.verify(answer.quantized, at: index)
      for (step, opening) in zip(published, answer.gradients) {
        try task.gradientCommitment(root: records[step].gradientRoot).verify(
          opening, at: task.publishedLeaf(of: index))
      }
      for (commitment, opening) in zip(
        [header.auxiliaryBefore, header.auxiliaryAfter], answer.auxiliary)
      {
        try commitment?.verify(opening, at: index)
      }
    } catch { throw .unavailable("leaf \(index): \(error)") }
  }

  /// Throws unless re-quantizing the opened float32 leaf gives the opened quantized leaf.
  public static func check(
    after: LeafOpening, quantized: LeafOpening, task: TrainingTask
  ) throws(CheckFailure) {
    let leaf = after.proof.leafIndex
    let values = FloatBuffer(littleEndianBytes: after.leaf)
    // Parameters that cannot be quantized at all have no twin either.
    guard
      let bytes = try? task.quantizedTwin(values, at: leaf * Int(task.leafValueCount)),
      bytes == quantized.leaf
    else {
      throw .fraud(.quantizedLeaf(leaf: leaf))
    }
  }
}

/// The published gradients lead from the parameters before to those after: section 6.3.
public enum UpdateCheck {
  /// Throws unless applying every published leaf to the leaf before gives the leaf after, and the
  /// same for the optimizer's vectors where steps are published. What a residual becomes does not
  /// follow from what was published: that is the replay's affair.
  ///
  /// The openings must have been checked already.
  ///
  /// - Parameter firstStep: number of the block's first step since genesis.
  public static func check(
    _ answer: LeafAnswer, firstStep: Int, task: TrainingTask, arithmetic: Arithmetic
  ) throws(CheckFailure) {
    let leaf = Int(answer.leafIndex)
    let values = FloatBuffer(littleEndianBytes: answer.before.leaf)
    let scratch = FloatBuffer(count: values.count)
    let parameters = Vector(values, count: values.count)
    let auxiliary = answer.auxiliary.first?.leaf ?? []
    guard auxiliary.count == task.auxiliaryByteCount(values: values.count) else {
      throw .unavailable("leaf \(leaf): the optimizer's state has another size")
    }
    let moments = Array(
      task.auxiliaryVectors(auxiliary, ofLeaf: leaf)
        .prefix(task.recipe.optimizer.stateNames.count))
    for (index, opening) in answer.gradients.enumerated() {
      // A gradient leaf that does not decode was committed by the miner: it updates nothing.
      do {
        switch task.recipe.quantizationPoint {
        case .step:
          try task.applyUpdate(
            opening.leaf, step: firstStep + index, to: parameters, moments: moments,
            scratch: scratch, arithmetic: arithmetic)
        case .block:
          try task.addUpdate(
            opening.leaf, range: task.valueRange(ofLeaf: leaf), to: parameters, scratch: scratch,
            arithmetic: arithmetic)
        }
      } catch { throw .fraud(.update(leaf: leaf)) }
    }
    guard values.withUnsafeBytes({ $0.elementsEqual(answer.after.leaf) }) else {
      throw .fraud(.update(leaf: leaf))
    }
    guard task.recipe.quantizationPoint == .step, let after = answer.auxiliary.last else { return }
    guard after.leaf.starts(with: moments.flatMap(\.bytes)) else { throw .fraud(.update(leaf: leaf)) }
  }
}
