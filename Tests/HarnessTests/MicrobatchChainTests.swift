import Foundation
import Harness
import Testing

/// Chains whose verifiers replay single microbatches.
@Suite struct MicrobatchChainTests {
  static let spec = TinyExperiment.spec.replacingOccurrences(
    of: "batch: 2, steps_per_block: 4",
    with: "batch: 4, microbatches: 4, commit_microbatches: true, steps_per_block: 4")

  private func run(_ spec: String) throws -> ResultFile {
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    return try Experiment(readingSpecAt: TinyExperiment.write(to: folder, spec: spec)).run(
      arithmetic: TinyExperiment.arithmetic(), commandLine: "test", observer: SilentObserver())
  }

  /// States follow from what is published; from that and a residual; from nothing but themselves.
  @Test(arguments: ["", ", error_feedback: true", ", optimizer: momentum, quantize: block"])
  func anAuditReplaysThemFromTheirSteps(variant: String) throws {
    var file = try run(
      Self.spec.replacingOccurrences(
        of: "steps_per_block: 4", with: "steps_per_block: 4\(variant)"))
    let verdicts = try file.points[0].texts("verdict")
    #expect(verdicts == ["confirmed", "slashed", "slashed"])
    file.attributes.append(("exact_digest", file.exactDigest.hex))
    let summary = try TinyExperiment.audit(file)
    #expect(summary.untrueAttestations == 0 && summary.escapedFrauds.isEmpty)
    // Eight of sixteen microbatches, by each honest verifier of the honest block, and those before them.
    #expect(summary.replayedSteps >= 16)
  }

  /// An accusation of a microbatch is settled like one of a segment, for what its replay spares.
  @Test func accusationsOfThemAreSettled() throws {
    let point = try run(
      Self.spec.replacingOccurrences(of: "progress_margin: 5", with: "progress_margin: 5, disputes: true")
    ).points[0]
    let (steps, spared) = (
      try point.integers("dispute_step"), try point.integers("dispute_segment_flops")
    )
    #expect(steps[0] == -1 && steps[2] >= 0)
    let mining = try point.integers("mining_flops")
    // Four steps of four microbatches.
    #expect(spared[2] * 16 == mining[2])
  }

  @Test func whatOneOfThemCannotDoIsRefused() throws {
    for (change, words) in [
      ("microbatches: 4, ", "needs more than one microbatch, but microbatches is '1'"),
      ("", "commits the state before every step, but segment is '2'"),
    ] {
      let spec = Self.spec.replacingOccurrences(of: change, with: "").replacingOccurrences(
        of: "steps_per_block: 4",
        with: change.isEmpty ? "steps_per_block: 4, segment: 2" : "steps_per_block: 4")
      #expect {
        _ = try run(spec)
      } throws: { "\($0)".contains("training.commit_microbatches") && "\($0)".contains(words) }
    }
    #expect {
      _ = try run(Self.spec + "\narithmetic: {products: openblas, tolerance: 0.01}")
    } throws: { "\($0)".contains("arithmetic.tolerance compares the gradients of whole steps") }
  }
}
