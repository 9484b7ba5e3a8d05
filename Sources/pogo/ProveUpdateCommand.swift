import ArgumentParser
import Harness

/// `pogo prove-update OLD NEW`: which leaves changed between two files, and that no others did.
struct ProveUpdateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prove-update",
    abstract: "Prove which leaves changed between two files of one length.",
    discussion: """
      Prints the proof as JSON; 'pogo prove-check' checks it against both roots, without the files. \
      docs/proofs.md describes it.
      """)

  @Argument(help: "The file before.")
  var old: String

  @Argument(help: "The file after.")
  var new: String

  @Option(help: "Bytes of a leaf, 1KiB to 64MiB, with a unit (4KiB, 1MiB) or without.")
  var leafSize: String

  @Flag(help: "No progress on standard error.")
  var quiet = false

  @OptionGroup var options: ArithmeticOptions

  func run() throws {
    try CommandFailure.sorting {
      let request = try UpdateRequest(old: old, new: new, leafSize: leafSize)
      let document = try RateLine.watching(isQuiet: quiet) { observe in
        try request.run(workers: try options.arithmetic().workers, observe: observe)
      }
      print(document.json, terminator: "")
    }
  }
}
