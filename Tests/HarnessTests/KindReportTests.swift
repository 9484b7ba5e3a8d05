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
