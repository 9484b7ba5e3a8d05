import Foundation
import Harness
import Testing

@Suite struct ProgressKindTests {
  private static let spec = """
    name: p
    kind: progress
    seed: 7
    model: {n_layers: 1, d_model: 8, n_heads: 2, context: 8, vocab_size: 256}
    data: {corpus: text.txt, context: 8}
    training: {learning_rate: 0.05, batch: 2, steps_per_block: 1}
    quantization: {gradient: {bits: 8, group: 16}, model: {bits: 8, group: 16}}
    commitment: {leaf_size: 256B}
    blocks: 60
    tokens: [10, 160]
    margins: [0, 0.001, 10]
    trials: 150
    """

  private func run() throws -> ResultFile {
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    return try Experiment(readingSpecAt: TinyExperiment.write(to: folder, spec: Self.spec)).run(
      arithmetic: TinyExperiment.arithmetic(), commandLine: "test", observer: SilentObserver())
  }

  private func numbers(_ file: ResultFile, _ name: String) throws -> [Double] {
    switch file.points[0][name]?.values {
    case .float64(let values): values
    case .int64(let values): values.map(Double.init)
    default: throw ResultError.malformed(name)
    }
  }

  @Test func whatIsMeasuredIsWhatTheMarginImplies() throws {
    let result = try run()
    // 10 tokens are a microbatch of 16.
    #expect(try numbers(result, "evaluated_tokens") == [16, 160])
    let deviation = try numbers(result, "loss_rise_deviation")
    #expect(deviation[1] > 0 && deviation[1] < deviation[0] / 2)
    let (rejected, implied) = (
      try numbers(result, "rejected"), try numbers(result, "rejected_implied")
    )
    let (lower, upper) = (
      try numbers(result, "rejected_lower"), try numbers(result, "rejected_upper")
    )
    #expect(rejected.count == 6)
    for place in 0..<6 {
      #expect(lower[place] <= rejected[place] && rejected[place] <= upper[place])
      // The rises of few tokens are not quite normal.
      #expect(abs(rejected[place] - implied[place]) < 0.12, "\(place): \(rejected) \(implied)")
    }
    // No honest block rises by 10 nats a token; a larger margin rejects less.
    #expect(rejected[2] == 0 && rejected[5] == 0)
    #expect(rejected[0] >= rejected[1] && rejected[3] >= rejected[4])
    // So late in training a block helps little: few tokens reject some that are honest.
    #expect(rejected[0] > rejected[3] && rejected[3] > 0)
    let (needed, rise) = (try numbers(result, "margin_needed"), try numbers(result, "loss_rise"))
    #expect(needed[0] > needed[1] && needed[1] > 0)
    for (place, margin) in needed.enumerated() {
      // 3.0902 deviations leave a thousandth above them.
      #expect(abs(margin - (rise[place] + 3.090232306167813 * deviation[place])) < 1e-9)
    }
    let report = try Report.document(of: result).text()
    #expect(report.contains("margin needed") && report.contains("150 verifiers"))
  }

  @Test(arguments: [
    (
      "false_rejection: 0",
      "f.yaml:13: false_rejection must be a number above 0 and at most 1, but is '0'"
    ),
    ("false_rejection: 1", "f.yaml:13: false_rejection must be below 1, but is '1.0'"),
    ("trial: 3", "f.yaml:13: unknown key 'trial'; did you mean 'trials'?"),
  ]) func refusals(line: String, message: String) throws {
    do {
      _ = try Spec.read(text: Self.spec + "\n" + line, fileName: "f.yaml")
      Issue.record("\(line) was accepted")
    } catch { #expect("\(error)" == message) }
  }
}
