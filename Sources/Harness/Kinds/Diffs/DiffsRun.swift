import Diffs
import Kernels
import Models
import Proofs
import Protocol
import Quant

/// One run of the kind `diffs`.
struct DiffsRun {
  let experiment: DiffsExperiment
  let context: RunContext

  /// What a block changes.
  enum Update: String, CaseIterable {
    /// All parameters, by plain training with quantized gradients.
    case dense
    /// The feed-forward matrices of the last layer, as when one layer is fine-tuned.
    case oneLayer = "one-layer"
    /// All matrices, by a merged product of low rank, as an adapter does.
    case adapter
  }

  /// A diff that was made and applied.
  private struct Measured {
    let byteCount: Int
    let makeSeconds: Double
    let applySeconds: Double
  }

  func variables() throws -> [ResultVariable] {
    let trainer = try DiffsTrainer(experiment, context)
    let steps = experiment.blockSteps
    let total = Double(Update.allCases.count * steps.count)
    var (bytes, making, applying): ([Double], [Double], [Double]) = ([], [], [])
    var roots: [String] = []
    var done = 0.0
    for update in Update.allCases {
      for block in try trainer.blocks(update) {
        for kind in DiffKind.allCases {
          try context.observer.progress(
            done: done, total: total,
            activity: "\(update.rawValue), \(block.steps) steps, \(kind.name)")
          let measured = try measure(kind, block, trainer)
          bytes.append(measured.map { Double($0.byteCount) } ?? .nan)
          making.append(measured?.makeSeconds ?? .nan)
          applying.append(measured?.applySeconds ?? .nan)
        }
        // The factors of an adapter are LAPACK's, whose bits differ between machines.
        roots.append(
          update == .adapter
            ? ""
            : MerkleTree(
              source: MemorySource(block.after), leafSize: experiment.leafSize,
              concurrently: context.arithmetic.workers.run
            ).root.hex)
        done += 1
      }
    }
    let axes = [
      (name: "update", length: Update.allCases.count), (name: "block_steps", length: steps.count),
      (name: "diff", length: DiffKind.allCases.count),
    ]
    return [
      ResultVariable(
        "update", [axes[0]], .text(Update.allCases.map(\.rawValue)), "what a block changes"),
      ResultVariable(
        "block_steps", [axes[1]], .int64(steps.map(Int64.init)), "steps of a block"),
      ResultVariable(
        "diff", [axes[2]], .text(DiffKind.allCases.map(\.name)), "how a diff says what changed"),
      ResultVariable(
        "model_bytes", [], .int64([Int64(4 * trainer.layout.count)]), units: "byte",
        "size of the float32 model"),
      ResultVariable(
        "root_after", Array(axes[..<2]), .text(roots),
        "root of the model after the block; empty for adapters"),
      // Compressors and LAPACK differ between versions and machines.
      ResultVariable(
        "diff_bytes", axes, .float64(bytes), units: "byte",
        "size of the diff; NaN where the kind cannot say the update", .measured),
      ResultVariable(
        "make_seconds", axes, .float64(making), units: "s", "time to make the diff", .measured),
      ResultVariable(
        "apply_seconds", axes, .float64(applying), units: "s", "time to apply the diff", .measured),
    ]
  }

  private func measure(
    _ kind: DiffKind, _ block: DiffsTrainer.Block, _ trainer: DiffsTrainer
  ) throws -> Measured? {
    let clock = context.clock
    let (before, after) = (MemorySource(trainer.before), MemorySource(block.after(kind)))
    let start = clock.seconds()
    guard let encoder = try encoder(kind, block, trainer) else { return nil }
    var diff: [UInt8] = []
    _ = try ModelDiff.make(
      encoder, before: before, after: after, arithmetic: context.arithmetic
    ) { diff += $0 }
    let made = clock.seconds()
    let source = MemorySource(diff)
    let applying = clock.seconds()
    var offset = 0
    var isSame = true
    _ = try ModelDiff.apply(source, to: before, arithmetic: context.arithmetic) { bytes in
      isSame = isSame && after.copy(of: offset..<offset + bytes.count) == bytes
      offset += bytes.count
    }
    let applied = clock.seconds()
    precondition(isSame && offset == after.byteCount, "roots agree, so bytes do")
    return Measured(
      byteCount: diff.count, makeSeconds: made - start, applySeconds: applied - applying)
  }

  /// The encoder of a kind, or nil where the kind cannot say the update.
  private func encoder(
    _ kind: DiffKind, _ block: DiffsTrainer.Block, _ trainer: DiffsTrainer
  ) throws -> (any DiffEncoder)? {
    let size = 4 * trainer.layout.count
    switch kind {
    case .stepGradients:
      guard let gradients = block.gradients else { return nil }
      return try QuantizedStepsEncoder.stepGradients(
        gradients.map { .init(rate: experiment.learningRate, gradient: $0) },
        format: experiment.format, byteCount: size)
    case .blockUpdate:
      guard let update = block.blockUpdate else { return nil }
      return try QuantizedStepsEncoder.blockUpdate(
        .init(rate: 1, gradient: update.bytes), format: experiment.format, byteCount: size)
    case .xor: return XorEncoder()
    case .changedLeaves: return try ChangedLeavesEncoder(leafSize: experiment.leafSize)
    case .lowRank:
      let updates = try trainer.matrices.map { tensor in
        let change = tensor.range.map { block.after[$0] - trainer.before[$0] }
        return try LowRankUpdate.approximating(
          change, offset: tensor.offset, rows: tensor.dimensions[0],
          columns: tensor.dimensions[1], rank: experiment.rank)
      }
      return try LowRankEncoder(updates, byteCount: size, arithmetic: context.arithmetic)
    }
  }
}
