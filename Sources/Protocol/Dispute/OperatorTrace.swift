import Kernels
import Models
import Proofs

/// What a party says about a step that is contested: one record for each operator, a tree over the
/// layers each of which is a tree over its operators, and the root of the gradient that came out. It
/// can serve what each operator wrote, as a party does by running the step again.
public struct OperatorTrace: Sendable {
  /// Records in the order of execution.
  public var records: [OperatorRecord]
  /// Root over the float32 gradient before clipping, in the leaves of the parameters.
  public var gradientRoot: Digest
  /// What each operator wrote, window by window; empty where the party does not serve it.
  public var outputs: [[[UInt8]]]
  /// The float32 gradient before clipping, little endian.
  public var gradient: [UInt8]
  /// What the operators are called, as the party runs them.
  public let names: [String]

  /// Tree over the records of some operators. A leaf binds number, name and place with the record.
  static func tree(
    _ layer: Range<Int>, of records: [OperatorRecord], plan: OperatorPlan
  ) -> MerkleTree {
    MerkleTree(
      leafHashes: layer.map {
        MerkleTree.leafHash(leaf(records[$0], $0, plan.operators[$0]))
      })
  }

  /// Bytes of one leaf.
  static func leaf(_ record: OperatorRecord, _ index: Int, _ operation: Operator) -> [UInt8] {
    var writer = CanonicalWriter()
    writer.append(UInt32(index))
    writer.append(UInt32(operation.part))
    writer.append(operation.place.description)
    writer.append(operation.name)
    record.encode(to: &writer)
    return writer.bytes
  }

  /// Root of each layer.
  func layerRoots(_ plan: OperatorPlan) -> [Digest] {
    plan.layers.map { Self.tree($0, of: records, plan: plan).root }
  }

  /// Tree over the layers.
  static func tree(layerRoots: [Digest]) -> MerkleTree {
    MerkleTree(
      leafHashes: layerRoots.map { root in root.withUnsafeBytes { MerkleTree.leafHash($0) } })
  }

  /// Whether there is a record for each operator, with a digest for each window: which is known
  /// without computing.
  func fits(_ plan: OperatorPlan) -> Bool {
    records.count == plan.operators.count
      && zip(records, plan.operators).allSatisfy {
        $0.reads.count == $1.reads.count && $0.writes.count == $1.writes.count
      }
  }
}

/// Keeps a record of each operator, and may change what one of them wrote.
final class OperatorRecorder: OperatorObserver {
  private let alter: (Int, Operator) -> Void
  private(set) var records: [OperatorRecord] = []
  private(set) var outputs: [[[UInt8]]] = []
  private(set) var names: [String] = []

  /// - Parameter alter: called after each operator with its number.
  init(altering alter: @escaping (Int, Operator) -> Void = { _, _ in }) { self.alter = alter }

  func perform(_ operation: Operator, _ run: () -> Void) {
    let reads = operation.reads.map { OperatorRecord.digest($0) }
    run()
    alter(records.count, operation)
    let written = operation.writes.map(\.littleEndianBytes)
    records.append(
      OperatorRecord(
        reads: reads,
        writes: zip(operation.writes, written).map {
          OperatorRecord.digest(rows: $0.rows, columns: $0.columns, bytes: $1)
        }))
    outputs.append(written)
    names.append(operation.name)
  }

  func cleared(_ windows: [Matrix]) {}
}

extension Trainer {
  /// Runs loss and gradient of a step and keeps a record of every operator.
  ///
  /// - Parameter alter: called after each operator with its number; what it changes goes on.
  public func operatorTrace(
    step: Int, parameters: FloatBuffer, seed: Digest,
    altering alter: @escaping (Int, Operator) -> Void = { _, _ in }
  ) throws(TrainingError) -> OperatorTrace {
    let recorder = OperatorRecorder(altering: alter)
    try observe(step: step, parameters: parameters, seed: seed, recorder)
    return OperatorTrace(
      records: recorder.records,
      gradientRoot: task.parameterTree(gradient, workers: arithmetic.workers).root,
      outputs: recorder.outputs, gradient: gradient.littleEndianBytes(0..<gradient.count),
      names: recorder.names)
  }

  /// Runs the code of loss and gradient of a step with an observer. What it leaves in ``gradient``, and
  /// how many operations are counted, is up to the observer.
  func observe(
    step: Int, parameters: FloatBuffer, seed: Digest, _ observer: any OperatorObserver
  ) throws(TrainingError) {
    let batch = try batch(startingAt: starts(step: step, seed: seed))
    workspace.observer = observer
    defer { workspace.observer = nil }
    _ = model.lossAndGradient(parameters, on: batch, gradient: gradient, in: workspace)
  }
}
