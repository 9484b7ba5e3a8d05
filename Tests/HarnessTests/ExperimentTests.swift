import Foundation
import Harness
import Kernels
import Testing

@Suite struct ExperimentTests {
  @Test func everyRoleEndsAsItShould() throws {
    let file = try TinyExperiment.run()
    #expect(file["verdict"]?.values == .text(["confirmed", "slashed", "slashed"]))
    let report = try Report.document(of: file).text()
    for words in [
      "confirmed", "slashed: leaf", "recomputing it gives another gradient", "full model",
      "quantized model", "diff of a block", file.exactDigest.hex,
    ] {
      #expect(report.contains(words), "the report lacks '\(words)'")
    }
  }

  @Test(arguments: InstructionSet.allCases.filter(\.isSupported), [1, 2, 4])
  func theDigestIsTheSameEverywhere(instructionSet: InstructionSet, threads: Int) throws {
    #expect(
      try TinyExperiment.run(instructionSet, threads: threads).exactDigest.hex
        == TinyExperiment.run(.portable).exactDigest.hex)
  }

  @Test func aResultReadsBackAsItWasWritten() throws {
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("tiny.h5").path
    let file = try TinyExperiment.run()
    try file.write(to: path, replacing: false)
    let again = try ResultFile.read(path)
    #expect(again.exactDigest == file.exactDigest)
    #expect(again.attribute("exact_digest") == file.exactDigest.hex)
    #expect(again.variables.count == file.variables.count)
    #expect(try TinyExperiment.audit(again).blocks == 3)
    #expect(throws: (any Error).self) { try file.write(to: path, replacing: false) }
  }

  @Test func anInterruptedRunStops() throws {
    struct Stop: Error {}
    struct StoppingObserver: RunObserver {
      func progress(done: Double, total: Double, activity: String) throws { throw Stop() }
      func note(_ line: String) {}
    }
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let experiment = try Experiment(readingSpecAt: TinyExperiment.write(to: folder))
    #expect(throws: Stop.self) {
      _ = try experiment.run(
        arithmetic: TinyExperiment.arithmetic(), commandLine: "", observer: StoppingObserver())
    }
  }

  @Test(arguments: [
    ("leaf_size: 256B", "leaf_size: 96B", "a leaf must hold whole groups"),
    ("attestation_window: 1h", "attestation_window: 1m", "attestation_window"),
    ("batch: 2", "batch: 65536", "of memory"),
    ("beacon_period: 10m", "beacon_period: 1ms", "beacon rounds"),
  ])
  func valuesThatDoNotFitEachOtherAreRefused(
    from: String, to: String, words: String
  ) throws {
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var text = TinyExperiment.spec
      .replacingOccurrences(
        of: "blocks: 3", with: "blocks: 3\n  attestation_window: 1h\n  beacon_period: 10m"
      )
      .replacingOccurrences(of: from, with: to)
    if to == "batch: 65536" {
      text = text.replacingOccurrences(of: "d_model: 8", with: "d_model: 8192")
    }
    let experiment = try Experiment(
      readingSpecAt: TinyExperiment.write(to: folder, spec: text))
    var description = ""
    do {
      _ = try SweepPlan(experiment, out: "", reusing: false)
    } catch { description = "\(error)" }
    #expect(description.contains(words), "said: \(description)")
  }

  @Test func missingAndShortInputsAreNamed() throws {
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var description = ""
    do {
      _ = try Experiment(readingSpecAt: folder.appendingPathComponent("none.yaml").path)
    } catch { description = "\(error)" }
    #expect(description.contains("there is no such file"))
    do {
      let experiment = try Experiment(
        readingSpecAt: TinyExperiment.write(to: folder, corpus: "12345678"))
      _ = try SweepPlan(experiment, out: "", reusing: false)
    } catch { description = "\(error)" }
    #expect(description.contains("the corpus has 8 tokens, but data.context: 8 needs at least 9"))
  }
}
