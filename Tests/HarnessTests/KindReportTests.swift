import Foundation
import Harness
import Testing

/// What the kinds say about their own results.
@Suite struct KindReportTests {
  private func run(_ text: String) throws -> ResultFile {
    try Experiment(
      file: SpecFile(text: text, fileName: "swept.yaml"), dataFolder: ".", name: "swept.yaml"
    ).run(
      arithmetic: TinyExperiment.arithmetic(), commandLine: "test", observer: SilentObserver())
  }

  @Test func aSweepShowsTheTablesOfEachPoint() throws {
    let template = try #require(KindRegistry.all["schedule"]).template
    let text = try Report.document(
      of: run(template + "sweep: {model.preset: [gpt3-175b, gemma3-27b]}\n")
    ).text()
    for preset in ["gpt3-175b", "gemma3-27b"] {
      #expect(text.contains("\nmodel.preset=\(preset): Block times and lines\n"))
    }
    #expect(text.components(separatedBy: "exact digest: ").count == 2)
    let single = try Report.document(of: run(template)).text()
    #expect(single.contains("\nBlock times and lines\n"))
    #expect(!single.contains("\nPoints\n"))
  }

  /// The block that a schedule plans is the longest that fits, and costs what a real one would.
  @Test func aScheduleFillsItsBlockTimes() throws {
    let template = try #require(KindRegistry.all["schedule"]).template
    let point = try #require(try run(template).points.first)
    let step = try #require(try point.numbers("step_seconds").first)
    let (steps, training) = (
      try point.numbers("steps_per_block"), try point.numbers("training_seconds")
    )
    let (committing, published) = (
      try point.numbers("commitment_seconds"), try point.numbers("publication_bytes")
    )
    for (place, hours) in [1.0, 1, 4, 4].enumerated() {
      #expect(abs(training[place] / (steps[place] * step) - 1) < 1e-9)
      // Trees over 64 states of three float32 vectors, hashed by 1024 hosts.
      #expect(committing[place] > 63 * 3 * 4 * 174_604_259_328 / (1024 * 4e9))
      let mining = training[place] + committing[place]
      let available = 0.95 * 3600 * hours
      #expect(mining <= available && mining + 2 * step > available, "\(hours) h")
      // 4.5 bits a parameter, and 136 bytes a step with the lengths of both lists and of the update.
      #expect(published[place] == 174_604_259_328 / 64 * 36 + 136 * steps[place] + 12)
    }
  }

  @Test func theHeadlineOfAChainIsTheLossThatWasConfirmed() throws {
    let result = try TinyExperiment.run()
    let point = try #require(result.points.first)
    guard case .text(let verdicts) = point["verdict"]?.values else {
      Issue.record("no verdicts")
      return
    }
    let losses = try #require(point["loss_after"]?.values.numbers)
    let last = try #require(verdicts.lastIndex(of: "confirmed"))
    // A dishonest block comes after it, so the last number of all would be another.
    #expect(last < verdicts.count - 1)
    let text = try Report.document(of: result).text()
    let headline = try #require(
      text.split(separator: "\n").first { $0.hasPrefix("Loss of the quantized model:") })
    #expect(headline.hasSuffix("-> \(String(format: "%.4f", losses[last])) nat a token"))
  }
}
