import Proofs

/// A miner's answer to a leaf challenge: everything about one leaf, opened against the header.
public struct LeafAnswer: Sendable, Hashable, CanonicalCodable {
  /// Number of the leaf.
  public let leafIndex: UInt32
  /// The leaf of the parameters before and after, as float32.
  public let before: LeafOpening
  /// The leaf of the parameters after, as float32.
  public let after: LeafOpening
  /// The leaf of the quantized twin.
  public let quantized: LeafOpening
  /// The leaf of each published gradient.
  public let gradients: [LeafOpening]
  /// The leaf of optimizer state and residual before and after; empty if the task has neither.
  public let auxiliary: [LeafOpening]

  /// From its parts.
  public init(
    leafIndex: Int, before: LeafOpening, after: LeafOpening, quantized: LeafOpening,
    gradients: [LeafOpening], auxiliary: [LeafOpening] = []
  ) {
    self.leafIndex = UInt32(leafIndex)
    self.before = before
    self.after = after
    self.quantized = quantized
    self.gradients = gradients
    self.auxiliary = auxiliary
  }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(leafIndex)
    writer.append(before)
    writer.append(after)
    writer.append(quantized)
    writer.append(gradients)
    writer.append(auxiliary)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    leafIndex = try reader.readUInt32()
    before = try reader.read()
    after = try reader.read()
    quantized = try reader.read()
    gradients = try reader.readArray()
    auxiliary = try reader.readArray()
  }

  /// Bytes that checking its paths hashes: each leaf once, and two children a level.
  var hashedByteCount: UInt64 {
    ([before, after, quantized] + gradients + auxiliary).reduce(0) {
      $0 + UInt64(1 + $1.leaf.count + 65 * $1.proof.auditPath.count)
    }
  }
}

/// Who serves the data of a block: its miner, or anyone who keeps a copy.
///
/// nil means no answer.
public protocol BlockServer {
  /// Virtual time that each answer takes.
  var answerMilliseconds: UInt64 { get }
  /// Trace records and quantized gradients.
  func publication() -> Publication?
  /// The opened leaf `index`.
  func answer(leaf index: Int) -> LeafAnswer?
  /// The quantized twin of the model after the block.
  func quantizedModel() -> [UInt8]?
  /// The committed state before segment `index`, where it does not follow from the publication.
  func state(ofSegment index: Int) -> SegmentState?
  /// What was accumulated before segment `index`, where that is a microbatch but not the first of its
  /// step.
  func accumulation(beforeSegment index: Int) -> [UInt8]?
}

extension BlockServer {
  /// At once: transfer times are the simulation's affair.
  public var answerMilliseconds: UInt64 { 0 }
}
