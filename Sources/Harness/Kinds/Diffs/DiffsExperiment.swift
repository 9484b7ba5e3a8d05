import Diffs
import Kernels
import Models
import Proofs
import Protocol
import Quant

/// The kind `diffs`: a model is trained for blocks of several lengths, and every kind of diff between
/// the models before and after is made and applied.
public struct DiffsExperiment: ExperimentKind, Equatable {
  /// `diffs`.
  public static let name = "diffs"
  /// What it does.
  public static let summary =
    "bytes and seconds of every kind of diff, for blocks of several lengths"
  /// Results of this version.
  public static let version = 1

  /// Seed of the first parameters and of the minibatches.
  public var seed: UInt64
  /// The model that is trained (`model`).
  public var model: Spec.Model
  /// The text that it is trained on (`data`).
  public var data: Spec.Data
  /// Step size (`learning_rate`).
  public var learningRate: Float
  /// Sequences of one step (`batch`).
  public var batchSize: Int
  /// Format of published gradients and updates (`gradient`).
  public var format: QuantizationFormat
  /// Lengths of a block in steps (`block_steps`), ascending.
  public var blockSteps: [Int]
  /// Rank of the factors (`rank`).
  public var rank: Int
  /// Bytes of a leaf of `changed-leaves` (`leaf_size`).
  public var leafSize: Int

  /// Reads the keys of the kind.
  public init(reading file: inout SpecSection, header: Spec.Header) throws(SpecError) {
    seed = header.seed
    (model, data) = try file.modelAndData()
    learningRate = Float(
      try file.number("learning_rate", .positive, default: 0.1, doc: "Step size of plain SGD."))
    batchSize = try file.integer(
      "batch", in: 1...65536, default: 4, unit: "sequence", doc: "Sequences of one step.")
    format = try file.text(
      "gradient", "a format such as int4:g64 (`pogo list formats`)", default: "int4:g64",
      example: "int4:g64", doc: "Format of published gradients and of a block's update.",
      accept: { try? QuantizationFormat(named: $0) })
    let steps = try file.integers(
      "block_steps", in: 1...65536, default: [1, 2, 4, 8, 16, 32, 64], unit: "step",
      doc: "Lengths of a block, ascending.")
    try file.require(
      zip(steps, steps.dropFirst()).allSatisfy { $0 < $1 }, "block_steps", "must ascend")
    blockSteps = steps
    rank = try file.integer(
      "rank", in: 1...4096, default: 4, doc: "Rank of the factors of each matrix's update.")
    leafSize = try file.size(
      "leaf_size", in: 64...(1 << 20), multipleOf: 4, default: "4KiB",
      doc: "Bytes of a leaf of which only changed ones are sent.")
  }

  /// The corpus.
  public var inputs: [InputFile] { data.inputs() }

  /// Two trainings as long as the longest block. Throws ``PlanError``.
  public func estimate(_ inputs: Inputs) throws -> Estimate {
    let layout = ParameterLayout(model.shape)
    let chunk = ModelDiff.defaultChunkByteCount / 4
    guard format.isWholeRecords(chunk, of: layout.count) else {
      throw PlanError.impossible(
        "\(format.name) encodes \(format.recordValueCount) values together, which do not divide the "
          + "\(chunk) of a chunk")
    }
    let steps = Double(blockSteps.last ?? 0)
    let (forward, backward) = (
      model.shape.forwardFLOPs(sequenceCount: batchSize, contextLength: data.contextLength),
      model.shape.backwardFLOPs(sequenceCount: batchSize, contextLength: data.contextLength)
    )
    return Estimate(
      flops: 2 * steps * Double((forward + backward).total),
      movedBytes: Double(blockSteps.count * 20 * 4 * layout.count),
      memoryBytes: Double(4 * layout.count) * 16 + Double(blockSteps.last ?? 0)
        * Double(format.byteCount(values: layout.count)))
  }

  /// Trains, makes and applies.
  public func run(_ context: RunContext) throws -> [ResultVariable] {
    try DiffsRun(experiment: self, context: context).variables()
  }

  /// Bytes and seconds by update, length and kind, and which is smallest.
  public static func report(_ result: ResultFile) throws(ResultError) -> ReportDocument {
    try ReportDocument(result, summary: ["model_bytes"], showsEachPoint: true) {
      point throws(ResultError) in try DiffsReport(point).sections()
    }
  }

  /// Short blocks of a small model.
  public static let template = """
    # Bytes and seconds of every kind of binary diff between a model before and after a block.
    name: my-diffs
    title: Binary diffs of short blocks
    kind: diffs
    seed: 1
    model: {preset: gpt3-nano}
    data: {corpus: Data/kjv.txt, context: 64}
    learning_rate: 0.1
    batch: 2
    gradient: int4:g64
    block_steps: [1, 2]

    """
}
