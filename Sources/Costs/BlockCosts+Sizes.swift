import Proofs
import Protocol

/// Bytes of what a block is made of.
extension BlockCosts {
  /// float32 parameters.
  public var parameterBytes: UInt128 { 4 * UInt128(parameterCount) }
  /// The float32 gradient of a step, before it is quantized.
  public var gradientBytes: UInt128 { parameterBytes }
  /// What the optimizer and error feedback remember, in the form in which it is committed.
  public var auxiliaryBytes: UInt128 { UInt128(task.auxiliaryByteCount) }
  /// All that a block publishes of the model: its binary diff.
  public var diffBytes: UInt128 { UInt128(task.publishedCount) * publishedBytes }
  /// The records of all steps.
  public var traceBytes: UInt128 { UInt128(stepCount * task.traceRecordByteCount) }
  /// What is carried from one microbatch to the next, where that is committed.
  public var accumulationBytes: UInt128 { UInt128(task.accumulationByteCount) }
  /// A committed state as it is served: parameters, optimizer and residual.
  public var stateBytes: UInt128 { parameterBytes + auxiliaryBytes }

  /// Digests of a whole tree over the model, as a miner keeps them to answer challenges: 2 L - 1.
  public var treeBytes: UInt128 { UInt128(Digest.byteCount) * (2 * UInt128(leafCount) - 1) }

  /// The signed header (`docs/protocol.md`, section 10): fixed fields, four commitments, two more
  /// where there is an optimizer state, and a signature.
  public var headerBytes: UInt128 {
    let fixed = 2 + 32 + 8 + 32 + 32 + 8 + 8 + 2 + 4 + 4 + 8 + 8 + 8 + 32 + 8 + 64
    return UInt128(fixed + Self.commitmentBytes * (task.auxiliaryVectorCount == 0 ? 4 : 6))
  }
  /// Kind, length, leaf size and root.
  private static let commitmentBytes = 1 + 8 + 4 + Digest.byteCount

  /// A signed attestation without evidence.
  public static let attestationBytes: UInt128 = 2 + 32 + 32 + 81 + 1 + 1 + 32 + 12 + 8 + 32 + 8 + 64

  /// What everyone needs to follow the model: records and diff, each with its length.
  public var publicationBytes: UInt128 {
    4 + traceBytes + 4 + 4 * UInt128(task.publishedCount) + diffBytes
  }

  /// One opened leaf with its path: length, bytes, place, size of the tree, length of the path, path.
  func openingBytes(leafBytes: Int, path: Int) -> UInt128 {
    UInt128(4 + leafBytes + 8 + 8 + 4 + Digest.byteCount * path)
  }

  /// The bytes and path lengths of all openings in the answer to leaf `index`: before, after, twin,
  /// each published gradient, and the auxiliary before and after. Factors of an update are one leaf.
  func openings(_ index: Int) -> [(leafBytes: Int, path: Int)] {
    let values = leafValueCount(index)
    let path = MerkleCosts.pathLength(leaf: index, of: leafCount)
    let published =
      task.lowRankForm == nil
      ? (task.gradientFormat.byteCount(values: values), path) : (task.gradientByteCount, 0)
    return [(4 * values, path), (4 * values, path), (task.modelFormat.byteCount(values: values), path)]
      + [(Int, Int)](repeating: published, count: task.publishedCount)
      + [(Int, Int)](
        repeating: (task.auxiliaryByteCount(values: values), path),
        count: task.auxiliaryVectorCount == 0 ? 0 : 2)
  }

  /// The answer to leaf `index`: its proof that before, after, twin and published gradients belong
  /// to the header's roots.
  public func answerBytes(leaf index: Int) -> UInt128 {
    openings(index).reduce(4 + 4 + 4) { $0 + openingBytes(leafBytes: $1.leafBytes, path: $1.path) }
  }
}

/// What trees after RFC 6962 cost.
public enum MerkleCosts {
  /// Bytes that are hashed to make a tree: every byte once, a prefix for each of the L leaves, and
  /// 65 for each of the L - 1 nodes.
  public static func hashedBytes(of byteCount: UInt128, leafCount: Int) -> UInt128 {
    byteCount + UInt128(leafCount) + 65 * UInt128(leafCount - 1)
  }

  /// Digests in the path of leaf `index` (RFC 6962, section 2.1.1): up to the level where the path
  /// meets the right border, and there as many as the index has ones.
  public static func pathLength(leaf index: Int, of leafCount: Int) -> Int {
    precondition((0..<leafCount).contains(index))
    let inner = Int.bitWidth - (index ^ (leafCount - 1)).leadingZeroBitCount
    return inner + (index >> inner).nonzeroBitCount
  }
}
