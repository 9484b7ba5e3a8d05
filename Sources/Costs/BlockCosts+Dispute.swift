import Models
import Proofs
import Protocol

/// What a dispute about a block costs (`docs/protocol.md`, section 15).
public struct DisputeCosts: Sendable, Hashable {
  /// Questions that both parties answer, at most.
  public var rounds: Int
  /// Bytes that the parties send, at most.
  public var exchangedBytes: UInt128
  /// Work of the referee.
  public var referee: Workload
}

extension BlockCosts {
  /// A dispute that bisection narrows to the gradient of one step as it was applied: about the last
  /// state, log2 S more, then the data, the operators, the float32 gradient and what became of it. The
  /// referee fetches the float32 gradient, clips and quantizes it.
  public func disputeAboutGradient() -> DisputeCosts {
    let rounds = 1 + Self.halvings(stepCount) + 4
    let quantized =
      isPublishedByStep
      ? publishing(times: 1) + publishedTree
      : Workload(
        hashedBytes: MerkleCosts.hashedBytes(of: gradientBytes, leafCount: leafCount))
    var bytes = Self.digests(rounds) + parameterBytes
    if usesErrorFeedback { bytes += auxiliaryBytes + UInt128(Digest.byteCount) }
    return DisputeCosts(
      rounds: rounds, exchangedBytes: bytes,
      referee: parameterTree + quantized + (usesErrorFeedback ? auxiliaryTree : Workload()))
  }

  /// A dispute that ends at the product that makes the logits of the first microbatch, in most models
  /// the largest of all operators: the referee fetches what the norm before it wrote and the token
  /// embedding, and multiplies them. Nil where only a part of the model is trained.
  public func disputeAboutLogits() -> DisputeCosts? {
    guard task.fineTuning == .full else { return nil }
    let (depth, parts) = (task.shape.layerCount, Int(task.recipe.microbatchCount))
    // In each part: embedding, layers, head, layers back, embedding back; and the end of the step.
    let layers = parts * (2 * depth + 3) + 1
    let isGPT3 = task.shape.architecture == .gpt3
    let head = isGPT3 ? 5 : 6
    let producer = lastNorm(layers: layers, head: head, isGPT3: isGPT3)
    let rows = UInt128(task.batchSize / task.recipe.microbatchCount) * UInt128(task.contextLength)
    let (d, vocabulary) = (UInt128(task.shape.dModel), UInt128(task.shape.vocabularySize))

    // The token embedding comes first in the parameters.
    let leafValues = Int(task.leafValueCount)
    let leaves = (task.shape.dModel * task.shape.vocabularySize + leafValues - 1) / leafValues
    let leafBytes = UInt128(4 * min(leaves * leafValues, parameterCount))
    let proof = Self.proofHashes(first: leaves, of: leafCount)

    let questions = 1 + Self.halvings(stepCount) + 2
    let descent = Self.halvings(layers) + Self.halvings(head)
    let digests = 2 * questions + 4 * descent + producer.path + proof + 1
    let records = 2 * OperatorRecord.byteCount(reads: 2, writes: 1) + producer.record
    let exchanged =
      UInt128(Digest.byteCount * digests + records) + leafBytes + 4 * rows * d

    // Fetched, then the inputs and the output.
    let values = 2 * rows * d + vocabulary * d + rows * vocabulary
    let windows = UInt128(4 * OperatorRecord.windowHeaderByteCount) + 4 * values
    let opening = producer.leaf + 2 + Digest.byteCount + 65 * producer.path
    let parameters = leafBytes + UInt128(leaves + 65 * (leaves + proof - 1))
    return DisputeCosts(
      rounds: questions + descent + 1, exchangedBytes: exchanged,
      referee: Workload(
        flops: 2 * rows * d * vocabulary, hashedBytes: windows + UInt128(opening) + parameters))
  }

  /// Bytes of the record of the last norm and of the leaf that holds it, and the length of its paths.
  /// In GPT-3 it is one operator with the end of the last layer.
  private func lastNorm(
    layers: Int, head: Int, isGPT3: Bool
  ) -> (record: Int, leaf: Int, path: Int) {
    let depth = task.shape.layerCount
    let place = isGPT3 ? OperatorPlace.forward(depth - 1) : .head
    let name = isGPT3 ? "feed-forward-norm" : "norm"
    let record =
      isGPT3
      ? OperatorRecord.byteCount(reads: 5, writes: 4)
      : OperatorRecord.byteCount(reads: 2, writes: 2)
    let path =
      isGPT3
      ? MerkleCosts.pathLength(leaf: 8, of: 9) + MerkleCosts.pathLength(leaf: depth, of: layers)
      : MerkleCosts.pathLength(leaf: 0, of: head)
        + MerkleCosts.pathLength(leaf: depth + 1, of: layers)
    // Number, part, place and name stand before the record.
    let leaf = 4 + 4 + 4 + place.description.utf8.count + 4 + name.utf8.count + record
    return (record, leaf, path)
  }

  /// Operations of the replay of a whole segment, which a dispute spares.
  public var segmentReplay: UInt128 {
    task.recipe.commitsMicrobatches
      ? UInt128(microbatch.total)
      : UInt128(task.steps(ofSegment: 0).count) * UInt128(step.total)
  }

  /// Hashes of one proof for the first `leaves` leaves of a tree.
  private static func proofHashes(first leaves: Int, of count: Int) -> Int {
    var (hashes, known, size) = (0, leaves, count)
    while size > 1 {
      if known % 2 == 1, known < size { hashes += 1 }
      (known, size) = ((known + 1) / 2, (size + 1) / 2)
    }
    return hashes
  }

  /// Questions until halving `count` things leaves one, at most.
  static func halvings(_ count: Int) -> Int {
    Int.bitWidth - max(0, count - 1).leadingZeroBitCount
  }

  /// A digest of each party a round.
  private static func digests(_ rounds: Int) -> UInt128 {
    UInt128(2 * Digest.byteCount * rounds)
  }
}
