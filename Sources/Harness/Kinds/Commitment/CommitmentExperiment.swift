import Kernels
import Models
import Proofs
import Protocol
import Quant

/// The kind `commitment`: a synthetic model of any size and its quantized twin are committed, and
/// leaves of it proved.
public struct CommitmentExperiment: ExperimentKind, Equatable {
  /// `commitment`.
  public static let name = "commitment"
  /// What it does.
  public static let summary = "a model of any size is committed as it starts, and leaves are proved"
  /// Results of this version.
  public static let version = 1

  /// Seed of the model's first parameters.
  public var seed: UInt64
  /// The model (`model`).
  public var model: Spec.Model
  /// Bytes of float32 parameters in a leaf (`leaf_size`).
  public var leafSize: Int
  /// Format of the quantized twin (`twin`), or nil for none.
  public var twin: QuantizationFormat?
  /// Numbers of leaves that are proved together (`proof_leaves`).
  public var proofLeaves: [Int]

  /// Reads the keys of the kind.
  public init(reading file: inout SpecSection, header: Spec.Header) throws(SpecError) {
    seed = header.seed
    model = try file.section(
      "model", required: "a mapping with \(Spec.Model.rule)",
      doc: "The model that is committed: \(Spec.Model.rule).")
    leafSize = try file.size(
      "leaf_size", in: 1024...(64 << 20), multipleOf: 4, default: "1MiB",
      doc: "float32 bytes of a Merkle leaf.")
    twin = try file.optionalText(
      "twin", "a format such as int4:g64 (`pogo list formats`)", example: "int4",
      doc: "Format of the quantized twin, whose leaves cover the same parameters; none without it.",
      accept: { try? QuantizationFormat(named: $0) })
    proofLeaves = try file.integers(
      "proof_leaves", in: 1...MultiProof.maximumLeafCount, default: [1, 10, 100, 1000],
      unit: "leaf", doc: "Numbers of leaves that are proved together, each at most all leaves.")
  }

  /// Bytes to hash; throws ``PlanError`` for leaves that cannot be.
  public func estimate(_ inputs: Inputs) throws -> Estimate {
    let source = try source(Arithmetic(workers: Workers(threads: 1)))
    var bytes = Double(source.byteCount)
    let leafCount = MerkleTree.leafCount(byteCount: source.byteCount, leafSize: leafSize)
    if let most = proofLeaves.max(), most > leafCount {
      throw PlanError.impossible(
        "proof_leaves holds \(most), but the model has \(leafCount) leaves of "
          + Units.size(byteCount: leafSize))
    }
    if let twin = try quantizedTwin(source) { bytes += Double(twin.byteCount) }
    return Estimate(hashedBytes: bytes, memoryBytes: 180e6)
  }

  func source(_ arithmetic: Arithmetic) throws -> SyntheticModel {
    SyntheticModel(
      layout: ParameterLayout(model.shape), seed: seed, arithmetic: arithmetic)
  }

  func quantizedTwin(_ source: SyntheticModel) throws -> QuantizedTwin? {
    guard let twin else { return nil }
    do throws(TwinError) {
      return try QuantizedTwin(of: source, format: twin, leafValueCount: leafSize / 4)
    } catch { throw PlanError.impossible("\(error)") }
  }

  /// Commits, proves and checks.
  public func run(_ context: RunContext) throws -> [ResultVariable] {
    try CommitmentRun(experiment: self, context: context).variables()
  }

  /// Roots, rates, and what proofs cost.
  public static func report(_ result: ResultFile) throws(ResultError) -> ReportDocument {
    try ReportDocument(result, summary: ["parameters", "commit_seconds"], showsEachPoint: true) {
      point throws(ResultError) in try CommitmentReport(point).sections()
    }
  }

  /// A small model and its 4-bit twin.
  public static let template = """
    # The first parameters of a model, committed without a file, and proofs of some of its leaves.
    name: my-commitment
    title: A small model and its 4-bit twin
    kind: commitment
    seed: 1
    model: {preset: gpt3-nano}
    leaf_size: 4KiB
    twin: int4:g64           # the quantized twin's leaves cover the same parameters
    proof_leaves: [1, 10, 100]

    """
}
