import ArgumentParser
import Harness

/// `pogo audit RESULT`: judges a recorded chain again, trusting nothing but the file.
struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Judge a recorded chain again, trusting nothing but the file.",
    discussion: "Exit code 0 if all holds, 1 with the first thing that does not.")

  @Argument(help: "The result, an HDF5 file.")
  var result: String

  @OptionGroup var options: ArithmeticOptions

  func run() throws {
    try CommandFailure.sorting {
      let file: ResultFile
      do throws(ResultError) { file = try ResultFile.read(result) } catch {
        // A result that no longer reads as it was written fails the audit; another file is misuse.
        guard case .damaged = error else { throw error }
        throw CommandFailure(.checkFailed, "\(error)")
      }
      if let kind = file.attribute("kind"), kind != ChainExperiment.name {
        throw CommandFailure(
          .badInput,
          "\(result): a result of kind '\(kind)' records no chain to judge; run its spec again and "
            + "use pogo compare")
      }
      var audit = Audit(file: file, arithmetic: try options.arithmetic())
      let summary: Audit.Summary
      do { summary = try audit.run() } catch let failure as AuditFailure {
        throw CommandFailure(.checkFailed, "\(result): \(failure)")
      }
      print(
        """
        \(result): all holds
          points             \(summary.points)
          blocks             \(summary.blocks)
          signatures         \(summary.signatures)
          random outputs     \(summary.randomOutputs)
          openings           \(summary.openings)
          replayed steps     \(summary.replayedSteps)
          loss measurements  \(summary.lossMeasurements)
          evidence           \(summary.evidence)
          verdicts           \(summary.verdicts)
          balances           \(summary.balances)
          disputes           \(summary.disputes)
          exact variables    \(summary.exactVariables)
        exact digest: \(file.exactDigest.hex)
        """)
      if summary.untrueAttestations > 0 {
        print(
          "note: \(summary.untrueAttestations) attestations say what is not so; their verifiers "
            + "signed them all the same")
      }
      for place in summary.escapedFrauds {
        print("note: \(place) was confirmed although its model is not what its diff leads to")
      }
    }
  }
}
