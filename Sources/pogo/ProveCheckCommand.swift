import ArgumentParser
import Harness
import Proofs

/// `pogo prove-check PROOF.json --root HEX`: whether leaves are in a tree, or only they changed.
struct ProveCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prove-check",
    abstract: "Check a proof that 'pogo commit' or 'pogo prove-update' wrote against a root.",
    discussion: """
      The root comes from you, never from the proof. The number of leaves is part of what a root \
      means: give --tree-size where you know it, else the proof's own is used and printed.
      A proof of an update is checked against two roots, --old-root and --root, the new one.
      Exit code 0 if what the proof says holds, 1 if not, 2 if this is no proof.
      """)

  @Argument(help: "The proof, a JSON file.")
  var proof: String

  @Option(help: "The root: 64 hexadecimal digits.")
  var root: String

  @Option(help: "The root before, for a proof of an update: 64 hexadecimal digits.")
  var oldRoot: String?

  @Option(help: "Leaves of the tree that the root belongs to.")
  var treeSize: Int?

  @Option(help: "The committed file: its bytes must be the leaves that the proof speaks of.")
  var file: String?

  func run() throws {
    try CommandFailure.sorting {
      let outcome = try ProofCheck(
        proofPath: proof, root: root, oldRoot: oldRoot, treeSize: treeSize, filePath: file)
      do { print(try outcome.run()) } catch let failure as ProofCheckFailure {
        throw CommandFailure(.checkFailed, "\(proof): \(failure)")
      }
    }
  }
}
