import Kernels
import Proofs
import Quant

/// What training carries from one step to the next.
///
/// The buffers are changed in place: a copy that shall stay as it is comes from ``copy()``.
public struct TrainingState: Sendable {
  /// Flat float32 parameters.
  public var parameters: FloatBuffer
  /// Vectors of the optimizer, in its order.
  public var moments: [StateVector]
  /// What quantization dropped so far; nil without error feedback.
  public var residual: FloatBuffer?

  /// From its parts.
  public init(parameters: FloatBuffer, moments: [StateVector], residual: FloatBuffer?) {
    self.parameters = parameters
    self.moments = moments
    self.residual = residual
  }

  /// Parameters with an optimizer and a residual that remember nothing.
  public init(initial parameters: FloatBuffer, task: TrainingTask) {
    self.parameters = parameters
    moments = task.recipe.optimizer.stateNames.map { _ in
      StateVector(zeros: parameters.count, format: task.recipe.stateFormat)
    }
    residual = task.recipe.usesErrorFeedback ? FloatBuffer(count: parameters.count) : nil
  }

  /// From served bytes whose sizes were checked.
  init(_ served: SegmentState, task: TrainingTask) {
    self.init(
      parameters: FloatBuffer(littleEndianBytes: served.parameters),
      auxiliary: task.auxiliaryVectors(served.auxiliary), task: task)
  }

  /// Parameters, and everything besides in the order in which it is committed.
  init(parameters: FloatBuffer, auxiliary: [StateVector], task: TrainingTask) {
    var moments = auxiliary
    let residual = task.recipe.usesErrorFeedback ? moments.popLast()?.floats : nil
    self.init(parameters: parameters, moments: moments, residual: residual)
  }

  /// Everything besides the parameters, in the order in which it is committed.
  public var auxiliary: [StateVector] { moments + (residual.map { [StateVector($0)] } ?? []) }

  /// With buffers of its own.
  public func copy() -> TrainingState {
    func copy(_ buffer: FloatBuffer) -> FloatBuffer {
      let other = FloatBuffer(count: buffer.count)
      other.copy(from: buffer)
      return other
    }
    return TrainingState(
      parameters: copy(parameters), moments: moments.map { $0.copy() },
      residual: residual.map(copy))
  }
}

/// A committed state inside a block as it is served: for replays where it does not follow from what
/// was published.
public struct SegmentState: Sendable, Hashable, CanonicalCodable {
  /// float32 parameters, little endian.
  public let parameters: [UInt8]
  /// Optimizer vectors and residual one after the other, each as it is committed.
  public let auxiliary: [UInt8]

  /// From bytes.
  public init(parameters: [UInt8], auxiliary: [UInt8]) {
    self.parameters = parameters
    self.auxiliary = auxiliary
  }

  /// A state as bytes.
  public init(_ state: TrainingState) {
    parameters = state.parameters.littleEndianBytes(0..<state.parameters.count)
    auxiliary = state.auxiliary.flatMap(\.bytes)
  }

  public func encode(to writer: inout CanonicalWriter) {
    writer.append(parameters)
    writer.append(auxiliary)
  }

  public init(from reader: inout CanonicalReader) throws(CanonicalError) {
    parameters = try reader.readBytes()
    auxiliary = try reader.readBytes()
  }
}

/// Segments, and what is committed besides parameters: `docs/protocol.md`, sections 3 and 5.
extension TrainingTask {
  /// Vectors of the optimizer and the residual.
  public var auxiliaryVectorCount: Int {
    recipe.optimizer.stateNames.count + (recipe.usesErrorFeedback ? 1 : 0)
  }
  /// Segments of a block; the last may be short.
  public var segmentCount: Int {
    guard !recipe.commitsMicrobatches else {
      return Int(stepsPerBlock) * Int(recipe.microbatchCount)
    }
    return (Int(stepsPerBlock) + Int(recipe.segmentLength) - 1) / Int(recipe.segmentLength)
  }
  /// Committed states of a block, the one before it included.
  public var committedStateCount: Int {
    recipe.commitsMicrobatches ? Int(stepsPerBlock) : segmentCount
  }
  /// Steps of segment `index`; the one that it is a part of where segments are microbatches.
  public func steps(ofSegment index: Int) -> Range<Int> {
    guard !recipe.commitsMicrobatches else {
      let step = index / Int(recipe.microbatchCount)
      return step..<step + 1
    }
    let first = index * Int(recipe.segmentLength)
    return first..<min(first + Int(recipe.segmentLength), Int(stepsPerBlock))
  }
  /// The microbatch that segment `index` is, from 0; nil where segments are whole steps.
  public func microbatch(ofSegment index: Int) -> Int? {
    recipe.commitsMicrobatches ? index % Int(recipe.microbatchCount) : nil
  }
  /// Whether segment `index` reaches the end of its last step.
  public func endsStep(segment index: Int) -> Bool {
    microbatch(ofSegment: index).map { $0 == Int(recipe.microbatchCount) - 1 } ?? true
  }
  /// The segment in which a step ends.
  public func segment(ofStep step: Int) -> Int {
    recipe.commitsMicrobatches
      ? (step + 1) * Int(recipe.microbatchCount) - 1 : step / Int(recipe.segmentLength)
  }
  /// Whether a state is committed before `step`.
  public func isSegmentStart(_ step: Int) -> Bool {
    recipe.commitsMicrobatches || step % Int(recipe.segmentLength) == 0
  }
  /// Accumulations that are committed within a step: after every microbatch but the last.
  public var accumulationCount: Int {
    recipe.commitsMicrobatches ? Int(recipe.microbatchCount) - 1 : 0
  }
  /// Bytes of what is carried from one microbatch to the next (`docs/protocol.md`, section 3).
  public var accumulationByteCount: Int {
    trainable.accumulationByteCount(positionCount: Int(batchSize) * Int(contextLength))
  }
  /// Tree over an accumulation.
  public func accumulationTree(_ bytes: [UInt8], workers: Workers) -> MerkleTree {
    bytes.withUnsafeBytes {
      MerkleTree(bytes: $0, leafSize: parameterLeafSize, concurrently: workers.run)
    }
  }
  /// Byte strings that a block publishes.
  public var publishedCount: Int {
    recipe.quantizationPoint == .step ? Int(stepsPerBlock) : 1
  }
  /// Whether something is published after `step`.
  public func publishesAfter(step: Int) -> Bool {
    recipe.quantizationPoint == .step || step == Int(stepsPerBlock) - 1
  }
  /// A step's gradient as bytes: quantized where steps are published, else float32, little endian.
  ///
  /// Throws ``QuantError`` for values that the gradient format cannot express.
  func encodeStep(
    _ gradient: FloatBuffer, batchDigest: Digest = .zero
  ) throws(QuantError) -> [UInt8] {
    switch recipe.quantizationPoint {
    case .step: try publishedGradient(gradient, batchDigest: batchDigest)
    case .block: gradient.littleEndianBytes(0..<gradient.count)
    }
  }
  /// The gradient of some whole groups, as ``encodeStep(_:batchDigest:)`` made them.
  func decodeStep(_ bytes: [UInt8], into vector: Vector) throws(QuantError) {
    switch recipe.quantizationPoint {
    case .step: try gradientFormat.dequantize(bytes, into: vector)
    case .block:
      precondition(bytes.count == 4 * vector.count, "local gradients are never served")
      vector.buffer.setLittleEndianBytes(bytes, at: vector.offset)
    }
  }
  /// Whether every state inside a block follows from the parent and what was published.
  public var isWalkable: Bool {
    recipe.quantizationPoint == .step && !recipe.usesErrorFeedback
  }
  /// Steps of all blocks below `height`.
  public func stepsBefore(height: Height) -> Int {
    Int(clamping: height.value &- 1) * Int(stepsPerBlock)
  }

  /// The only commitment with `root` that fits optimizer state and residual; nil without either.
  public func auxiliaryCommitment(root: Digest) -> Commitment? {
    auxiliaryVectorCount == 0
      ? nil
      : Commitment(
        .optimizerState, byteCount: auxiliaryByteCount,
        leafSize: auxiliaryByteCount(values: Int(leafValueCount)), root: root)
  }

  /// Tree whose leaf i is leaf i of every vector, one after the other, so that it covers the same
  /// parameters as leaf i of the other trees; nil without vectors.
  public func auxiliaryTree(_ vectors: [StateVector], workers: Workers) -> MerkleTree? {
    guard !vectors.isEmpty else { return nil }
    let leaves = (0..<leafCount).map {
      MerkleTree.leafHash(auxiliaryLeaf($0, of: vectors))
    }
    return MerkleTree(leafHashes: leaves, concurrently: workers.run)
  }

  /// Bytes of leaf `index` of optimizer state and residual.
  public func auxiliaryLeaf(_ index: Int, of vectors: [StateVector]) -> [UInt8] {
    let range = valueRange(ofLeaf: index)
    return vectors.flatMap { $0.bytes(range) }
  }

  /// Bytes of so many values of optimizer state and residual: whole records of the state's format.
  public func auxiliaryByteCount(values: Int) -> Int {
    recipe.optimizer.stateNames.count * StateVector.byteCount(recipe.stateFormat, values: values)
      + (recipe.usesErrorFeedback ? 4 * values : 0)
  }

  /// Bytes of optimizer state and residual.
  public var auxiliaryByteCount: Int { auxiliaryByteCount(values: parameterCount) }

  /// Optimizer vectors and residual from bytes of the right number: one vector after the other, of all
  /// parameters or of those of one leaf.
  public func auxiliaryVectors(_ bytes: [UInt8], ofLeaf leaf: Int? = nil) -> [StateVector] {
    let range = leaf.map(valueRange) ?? 0..<parameterCount
    precondition(bytes.count == auxiliaryByteCount(values: range.count), "\(bytes.count) bytes")
    var start = 0
    return (0..<auxiliaryVectorCount).map { index in
      let format = index < recipe.optimizer.stateNames.count ? recipe.stateFormat : nil
      let size = StateVector.byteCount(format, values: range.count)
      defer { start += size }
      return StateVector(
        bytes[start..<start + size], count: range.count, format: format, origin: range.lowerBound)
    }
  }

  /// Values that are packed or unpacked where a step is applied to so many parameters: its gradient,
  /// and twice each of the optimizer's vectors that lies packed.
  public func appliedValueCount(_ values: Int) -> Int {
    values * (recipe.stateFormat == nil ? 1 : 1 + 2 * recipe.optimizer.stateNames.count)
  }

  /// Values that are packed or unpacked where all that a block publishes is applied to so many
  /// parameters: every step, or the update alone, which leaves the optimizer's vectors as they are.
  public func updateValueCount(_ values: Int) -> Int {
    publishedCount * (recipe.quantizationPoint == .step ? appliedValueCount(values) : values)
  }

  /// Bytes that hashing parameters takes.
  var parameterHashedByteCount: UInt64 {
    UInt64(parameterByteCount + leafCount + 65 * (leafCount - 1))
  }

  /// Bytes that hashing optimizer state and residual takes.
  var auxiliaryHashedByteCount: UInt64 {
    auxiliaryVectorCount == 0
      ? 0
      : UInt64(auxiliaryByteCount + leafCount + 65 * (leafCount - 1))
  }
}
