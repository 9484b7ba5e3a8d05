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
    guard answer.leafIndex == UInt32(index), answer.gradients.count == records.count else {
      throw .unavailable("the answer is about another leaf or another number of steps")
    }
    do {
      try header.before.verify(answer.before, at: index)
      try header.after.verify(answer.after, at: index)
      try header.quantizedAfter.verify(answer.quantized, at: index)
      for (record, opening) in zip(records, answer.gradients) {
        try task.gradientCommitment(root: record.gradientRoot).verify(opening, at: index)
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
    guard let bytes = try? task.modelFormat.quantize(values), bytes == quantized.leaf else {
      throw .fraud(.quantizedLeaf(leaf: leaf))
    }
  }
}

/// The published gradients lead from the parameters before to those after: section 6.3.
public enum UpdateCheck {
  /// Throws unless applying every step's published leaf to the leaf before gives the leaf after.
  /// The openings must have been checked already.
  public static func check(
    _ answer: LeafAnswer, task: TrainingTask, arithmetic: Arithmetic
  ) throws(CheckFailure) {
    let leaf = Int(answer.leafIndex)
    let values = FloatBuffer(littleEndianBytes: answer.before.leaf)
    let scratch = FloatBuffer(count: values.count)
    for opening in answer.gradients {
      // A gradient leaf that does not decode was committed by the miner: it updates nothing.
      do {
        try task.applyUpdate(
          opening.leaf, to: Vector(values, count: values.count), scratch: scratch,
          arithmetic: arithmetic)
      } catch { throw .fraud(.update(leaf: leaf)) }
    }
    let same = values.withUnsafeBytes { $0.elementsEqual(answer.after.leaf) }
    guard same else { throw .fraud(.update(leaf: leaf)) }
  }
}
