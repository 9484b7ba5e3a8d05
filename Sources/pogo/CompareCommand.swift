import ArgumentParser
import Foundation
import Harness

/// `pogo compare A B`: two results side by side.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Show two results side by side.",
    discussion: "Exact variables are equal or not; measured ones are compared by their ratio and a "
      + "rank test, if both results come from the same kind of machine. Exit code 1 if an exact "
      + "variable differs.")

  @Argument(help: "The first result.")
  var first: String

  @Argument(help: "The second result.")
  var second: String

  @Flag(help: "Print Markdown.")
  var markdown = false

  func run() throws {
    try CommandFailure.sorting {
      let comparison = Comparison(try ResultFile.read(first), try ResultFile.read(second))
      let document = comparison.document(first: first, second: second)
      try Output.write(markdown ? document.markdown() : document.text(), to: nil)
      guard comparison.matchedPointCount > 0 else {
        throw CommandFailure(.checkFailed, "the results have no point in common")
      }
      guard comparison.isEqual else {
        throw CommandFailure(.checkFailed, "the results differ")
      }
    }
  }
}
