import ArgumentParser
import Harness

/// `pogo commit`: the Merkle root of a file or of a synthetic model, and proofs of its leaves.
struct CommitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "commit",
    abstract: "Commit to a file, a checkpoint or a synthetic model, and prove leaves of it.",
    discussion: """
      The Merkle tree is that of RFC 6962 over leaves of --leaf-size bytes. Memory is bounded \
      (below 256 MiB) whatever the size. docs/proofs.md describes the JSON.

      A synthetic model is what training starts from: --model NAME --seed N give the same float32 \
      values, and the same root, to everyone.
      """)

  @Argument(help: "The file to commit to.")
  var file: String?

  @Option(help: "A checkpoint instead of a file: its parameters as float32 in the flat order.")
  var checkpoint: String?

  @Option(help: "A preset instead of a file, such as gpt3-175b; 'pogo list presets' names them.")
  var model: String?

  @Option(help: "Seed of the synthetic model; 1 by default.")
  var seed: UInt64?

  @Option(help: "Bytes of a leaf, 1KiB to 64MiB, with a unit (4KiB, 1MiB) or without.")
  var leafSize: String

  @Option(help: "Leaves to prove: places from 0, separated by commas.")
  var prove: String?

  @Flag(help: "One proof for all leaves together, with no hash twice.")
  var multi = false

  @Option(help: "Keep the tree's hashes in this file: later proofs need not hash all again.")
  var saveTree: String?

  @Option(help: "Take the tree from a file that --save-tree wrote, for the same source.")
  var tree: String?

  @Flag(help: "Keep every leaf hash, not the upper levels only: proofs read no leaf again.")
  var keepLeaves = false

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "No progress on standard error.")
  var quiet = false

  @OptionGroup var options: ArithmeticOptions

  func run() throws {
    try CommandFailure.sorting {
      let request = try CommitRequest(
        file: file, checkpoint: checkpoint, model: model, seed: seed, leafSize: leafSize,
        leaves: prove,
        isTogether: multi, keepsLeafHashes: keepLeaves, treePath: tree)
      if let saveTree { try OutputPath.check(saveTree, mayReplace: false) }
      let result = try RateLine.watching(isQuiet: quiet) { observe in
        try request.run(arithmetic: try options.arithmetic(), observe: observe)
      }
      if let saveTree { try result.saveTree(to: saveTree) }
      print(json ? result.document.json : result.text, terminator: "")
    }
  }
}
