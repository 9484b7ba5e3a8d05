import Foundation
import Harness
import Testing

@Suite struct ToleranceKindTests {
  static let spec = """
    name: tiny-tolerance
    kind: tolerance
    seed: 5
    model: {n_layers: 1, d_model: 16, n_heads: 2, context: 16, vocab_size: 256}
    data: {corpus: text.txt, context: 16}
    training: {learning_rate: 0.1, batch: 4, steps_per_block: 4}
    quantization: {gradient: {bits: 8, group: 16}, model: {bits: 4, group: 32}}
    splits: [3]
    cheats: [lower-precision, skipped-training]
    strengths: [0.01, 0.5]
    target: "fiat lux "
    tolerances: [0, 0.001, 0.01, 1]
    """

  private func run(_ text: String = spec) throws -> PointResult {
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let result = try Experiment(readingSpecAt: TinyExperiment.write(to: folder, spec: text)).run(
      arithmetic: TinyExperiment.arithmetic(), commandLine: "test", observer: SilentObserver())
    return try #require(result.points.first)
  }

  @Test func fixedMachinesNeedNoToleranceAndOthersAreRejectedBelowTheirs() throws {
    let point = try run()
    let names = try point.texts("contender")
    #expect(
      names == [
        "fixed", "sums in 3 parts", "lower-precision", "skipped-training", "steered by 0.01",
        "steered by 0.5",
      ])
    let needed = try point.numbers("needed_tolerance")
    #expect(needed[0] == 0 && needed[1] > 0 && needed[1] < 0.01)
    // A gradient of zeros is at distance 1 of any other.
    #expect(needed[3] == 1 && needed[4] < needed[5])
    #expect(try point.numbers("equal_steps")[0] == 1)
    let (limits, rejected) = (try point.numbers("tolerance"), try point.numbers("rejected_steps"))
    for (row, limit) in limits.enumerated() {
      for column in names.indices {
        #expect((rejected[row * names.count + column] == 0) == (needed[column] <= limit))
      }
    }
    let targets = try point.numbers("target_loss")
    // The more it steers, the better it says the target; a model that was not trained is the worst.
    let order = [5, 4, 0, 3].map { targets[$0] }
    #expect(order == order.sorted())
    #expect(try point.numbers("honest_tolerance") == [needed[1]])
    #expect(try point.numbers("cheat_tolerance") == [needed[2...].min() ?? .nan])
  }

  @Test func openBLASIsMeasuredAndApart() throws {
    let plain = try run()
    let point = try run(Self.spec + "\nopenblas: true")
    let apart = point.variables.filter { $0.name.hasPrefix("openblas") }
    #expect(apart.count == 3 && apart.allSatisfy { $0.determinism == .measured })
    #expect(point.variables.filter { !$0.name.hasPrefix("openblas") } == plain.variables)
  }

  @Test func residualsHaveNoTolerance() throws {
    #expect {
      try run(
        Self.spec.replacing(
          "steps_per_block: 4}", with: "steps_per_block: 4, error_feedback: true}"))
    } throws: { "\($0)".contains("follow from published gradients") }
  }
}
