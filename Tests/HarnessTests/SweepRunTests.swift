import Foundation
import HDF5
import Harness
import Kernels
import Protocol
import Synchronization
import Testing

/// A kind whose points cost nothing: it writes a journal, fails when told to, and has axes of
/// different lengths in different points.
private struct CountingExperiment: ExperimentKind {
  static let name = "counting"
  static let summary = "numbers are counted"
  static let version = 1
  static let template = "name: counting\nkind: counting\n"

  let seed: UInt64
  let length: Int
  let fails: Bool

  init(reading file: inout SpecSection, header: Spec.Header) throws(SpecError) {
    seed = header.seed
    length = try file.integer("length", in: 1...1000, default: 3, doc: "How far.")
    fails = try file.flag("fails", default: false, doc: "Whether it fails.")
  }

  func estimate(_ inputs: Inputs) throws -> Estimate {
    Estimate(flops: 1e6 * Double(length), memoryBytes: 1e6 * Double(length))
  }

  struct Refusal: Error, CustomStringConvertible {
    let description = "told to fail"
  }

  func run(_ context: RunContext) throws -> [ResultVariable] {
    let old = try context.journal?.load() ?? []
    try context.journal?.keep(old[...])
    defer { try? context.journal?.finish() }
    var values = old.map { Int64($0[0]) }
    for step in old.count..<length {
      try context.observer.progress(
        done: Double(step), total: Double(length), activity: "counting")
      if fails, step == 1 { throw Refusal() }
      values.append(Int64((seed &+ UInt64(step)) % 251))
      let piece = [UInt8(values[step])]
      // Both ways, in turns.
      if step % 2 == 0 {
        try context.journal?.append(piece)
      } else {
        try context.journal?.appendLater { piece }
      }
    }
    let axis = [(name: "step", length: length)]
    return [
      ResultVariable("step", axis, .int64((0..<Int64(length)).map { $0 }), "step"),
      ResultVariable("value", axis, .int64(values), "value"),
      ResultVariable("mean", [], .float64([.nan]), "a number that is none"),
      ResultVariable("walked", [], .float64([Double(length)]), units: "s", "time", .measured),
      ResultVariable(
        "bytes", group: "raw", [(name: "bytes", length: length)],
        .uint8(values.map { UInt8($0) }), "bytes"),
    ]
  }

  static func report(_ result: ResultFile) throws(ResultError) -> ReportDocument {
    try ReportDocument(result, summary: ["value"]) { _ in [] }
  }
}

/// Asks a run to stop after some events.
private final class StoppingEvents: RunEvents {
  let cancellation: Cancellation
  private let left: Mutex<Int>
  init(after count: Int, _ cancellation: Cancellation) {
    left = Mutex(count)
    self.cancellation = cancellation
  }
  func started(count: Int, cached: Int) {}
  func pointStarted(_ index: Int, label: String) {}
  func progressed(_ progress: RunProgress) {
    let isOver = left.withLock { left in
      left -= 1
      return left <= 0
    }
    if isOver { cancellation.request() }
  }
  func noted(_ index: Int, label: String, line: String) {}
  func pointEnded(_ index: Int, label: String, seconds: Double, error: String?) {}
}

private let countingKinds = KindRegistry([CountingExperiment.self])

private func experiment(_ sweep: String = "sweep: {seed: [1, 2], length: [2, 5]}") throws
  -> Experiment
{
  try Experiment(
    file: SpecFile(
      text: "name: counting\nkind: counting\n" + sweep, fileName: "f.yaml", kinds: countingKinds),
    dataFolder: "", name: "f.yaml")
}

private func run(
  _ experiment: Experiment, _ out: String, events: any RunEvents = SilentEvents(),
  cancellation: Cancellation = Cancellation(), change: (inout SweepRun.Options) -> Void = { _ in }
) throws -> SweepRun.Outcome {
  var options = SweepRun.Options()
  options.instructionSet = .portable
  change(&options)
  return try SweepRun(
    experiment, out: out, options: options, events: events, cancellation: cancellation
  ).run()
}

private func inFolder(_ body: (URL) throws -> Void) throws {
  let folder = try TinyExperiment.folder()
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}

private func names(_ folder: URL) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
}

@Suite struct SweepRunTests {
  @Test func pointsBecomeAnAxisAndComeBackAsTheyWere() throws {
    try inFolder { folder in
      let out = folder.appendingPathComponent("r.h5").path
      let outcome = try run(experiment(), out)
      let file = try ResultFile.read(out)
      #expect(try names(folder) == ["r.h5"])
      #expect(outcome.runCount == 4)
      #expect(file.pointCount == 4)
      #expect(file.exactDigest == outcome.result?.exactDigest)
      #expect(file["seed"]?.values == .int64([1, 1, 2, 2]))
      #expect(file["length"]?.values == .int64([2, 5, 2, 5]))
      #expect(file["value"]?.dimensions == ["point", "step"])
      #expect(file["value"]?.shape == [4, 5])
      #expect(file["step"]?.shape == [5])
      for (index, point) in file.points.enumerated() {
        let alone = try experiment(
          "seed: \(index < 2 ? 1 : 2)\nlength: \(index % 2 == 0 ? 2 : 5)"
        ).run(
          arithmetic: TinyExperiment.arithmetic(), commandLine: "", observer: SilentObserver())
        #expect(point.exactDigest == alone.points[0].exactDigest)
        #expect(point["value"]?.values == alone.points[0]["value"]?.values)
        #expect(point["raw/bytes"]?.values == alone.points[0]["raw/bytes"]?.values)
        #expect(point.key == alone.points[0].key)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 8]) func jobsDoNotChangeTheDigest(jobs: Int) throws {
    try inFolder { folder in
      let serial = try run(experiment(), folder.appendingPathComponent("a.h5").path)
      let parallel = try run(experiment(), folder.appendingPathComponent("b.h5").path) {
        $0.jobs = jobs
        $0.threads = 4
      }
      #expect(serial.result?.exactDigest == parallel.result?.exactDigest)
    }
  }

  @Test(arguments: 1...13) func aStoppedRunGoesOnToTheSameDigest(after: Int) throws {
    try inFolder { folder in
      let out = folder.appendingPathComponent("r.h5").path
      let whole = try run(experiment(), folder.appendingPathComponent("w.h5").path)
      let cancellation = Cancellation()
      #expect(throws: Cancelled.self) {
        _ = try run(
          experiment(), out, events: StoppingEvents(after: after, cancellation),
          cancellation: cancellation)
      }
      #expect(!FileManager.default.fileExists(atPath: out))
      let resumed = try run(experiment(), out)
      #expect(resumed.result?.exactDigest == whole.result?.exactDigest)
      #expect(try names(folder) == ["r.h5", "w.h5"])
    }
  }

  @Test func onlyNewPointsRun() throws {
    try inFolder { folder in
      let out = folder.appendingPathComponent("r.h5").path
      _ = try run(experiment(), out)
      let wider = try experiment("sweep: {seed: [1, 2, 3], length: [2, 5]}")
      let states = try SweepPlan(wider, out: out).entries.map(\.state.isCached)
      #expect(states == [true, true, true, true, false, false])
      let outcome = try run(wider, out)
      #expect(outcome.cachedCount == 4)
      #expect(outcome.runCount == 2)
      let whole = try run(wider, folder.appendingPathComponent("w.h5").path)
      #expect(outcome.result?.exactDigest == whole.result?.exactDigest)
    }
  }

  @Test func thePlanSaysWhy() throws {
    try inFolder { folder in
      let out = folder.appendingPathComponent("r.h5").path
      _ = try run(experiment("length: 4"), out)
      func reason(_ text: String) throws -> String {
        guard case .willRun(let reason) = try SweepPlan(experiment(text), out: out).entries[0].state
        else { return "cached" }
        return reason
      }
      #expect(try reason("length: 4") == "cached")
      #expect(try reason("title: Another\nlength: 4   # as before") == "cached")
      #expect(try reason("length: 5") == "now length: 5")
      #expect(try reason("length: 4\nsweep: {seed: [9]}") == "is new")
    }
  }

  @Test func aFailedPointIsRecordedAndTheOthersGoOn() throws {
    try inFolder { folder in
      let out = folder.appendingPathComponent("r.h5").path
      let sweep = "sweep: {fails: [false, true], seed: [1, 2]}"
      let outcome = try run(experiment(sweep), out)
      #expect(outcome.failures.map(\.index) == [2, 3])
      let file = try ResultFile.read(out)
      #expect(file["point_status"]?.values == .text(["finished", "finished", "failed", "failed"]))
      #expect(file.points[2].error == "told to fail")
      #expect(file.points[0]["value"]?.values == .int64([1, 2, 3]))
      let report = try Report.document(of: file, kinds: countingKinds).text()
      #expect(report.contains("point 3/4 fails=true seed=1: told to fail"))
      let stopped = try run(experiment(sweep), folder.appendingPathComponent("s.h5").path) {
        $0.keepsGoing = false
      }
      #expect(stopped.failures.map(\.index) == [2])
      #expect(stopped.result?.points[3].error.contains("not run") == true)
      // The next run tries the failed ones again, and only those.
      let states = try SweepPlan(experiment(sweep), out: out).entries.map(\.state.isCached)
      #expect(states == [true, true, false, false])
    }
  }

  @Test func pointsRunOneByOneGatherToTheSameDigest() throws {
    try inFolder { folder in
      let out = folder.appendingPathComponent("r.h5").path
      let whole = try run(experiment(), folder.appendingPathComponent("w.h5").path)
      let gathering = Gathering(
        try SweepRun(
          experiment(), out: out, options: .init(), events: SilentEvents(),
          cancellation: Cancellation()))
      var generator = SystemRandomNumberGenerator()
      for index in [3, 0, 1] { _ = try run(experiment(), out) { $0.only = index } }
      do {
        _ = try gathering.gather(using: &generator)
        Issue.record("a point is missing")
      } catch let error as RunError {
        #expect(
          error.description.contains("1 of 4 points are missing: 3; run them with --point 3/4"))
      }
      _ = try run(experiment(), out) { $0.only = 2 }
      guard case .written(let result, _) = try gathering.gather(using: &generator) else {
        Issue.record("it was not gathered")
        return
      }
      #expect(result.exactDigest == whole.result?.exactDigest)
      #expect(try names(folder) == ["r.h5", "w.h5"])
    }
  }

  @Test func whatDoesNotFitIntoMemoryIsRefusedBeforeTheStart() throws {
    let plan = try SweepPlan(experiment("length: 1000"), out: "", reusing: false)
    try plan.checkMemory(jobs: 1, available: 2e9)
    do {
      try plan.checkMemory(jobs: 1, available: 1e8)
      Issue.record("it does not fit")
    } catch { #expect("\(error)".contains("954 MiB")) }
    let sweep = try SweepPlan(
      experiment("length: 1000\nsweep: {seed: [1, 2]}"), out: "", reusing: false)
    try sweep.checkMemory(jobs: 1, available: 1.5e9)
    do {
      try sweep.checkMemory(jobs: 2, available: 1.5e9)
      Issue.record("two do not fit")
    } catch { #expect("\(error)".contains("fewer --jobs need less")) }
  }
}

/// Whatever happens to the files of a run, its result is right or there is none.
@Suite struct RunFaultTests {
  /// Stops a run in the middle; gives the folder of its points.
  private func interrupted(_ folder: URL, after: Int = 9) throws -> (out: String, points: URL) {
    let out = folder.appendingPathComponent("r.h5").path
    let cancellation = Cancellation()
    #expect(throws: Cancelled.self) {
      _ = try run(
        experiment(), out, events: StoppingEvents(after: after, cancellation),
        cancellation: cancellation)
    }
    return (out, folder.appendingPathComponent("r.h5.points"))
  }

  private func digest() throws -> String {
    try experiment().run(
      arithmetic: TinyExperiment.arithmetic(), commandLine: "", observer: SilentObserver()
    ).exactDigest.hex
  }

  @Test func damagedFilesOfAStoppedRunNeverReachTheResult() throws {
    try inFolder { folder in
      let (out, points) = try interrupted(folder)
      let files = try names(points).filter { $0 != "lock" }
      #expect(files.contains { $0.hasSuffix(".h5") } && files.contains { $0.hasSuffix(".journal") })
      let whole = try digest()
      let copy = folder.appendingPathComponent("copy")
      try FileManager.default.copyItem(at: points, to: copy)
      for file in files {
        let bytes = try Data(contentsOf: copy.appendingPathComponent(file))
        var variants = [
          Data(), bytes.prefix(bytes.count / 2), bytes.dropLast(), bytes + [0, 1, 2],
        ]
        // Bits all over a journal. HDF5's own heap of texts has no checksum and may end the
        // process, so of a result file only the numbers at its end are hit.
        let places =
          file.hasSuffix(".journal")
          ? Array(stride(from: 0, to: bytes.count, by: 5)) : [bytes.count - 9, bytes.count - 40]
        for place in places where bytes.indices.contains(place) {
          var flipped = bytes
          flipped[place] ^= 0x10
          variants.append(flipped)
        }
        for variant in variants {
          try? FileManager.default.removeItem(at: points)
          try FileManager.default.copyItem(at: copy, to: points)
          try Data(variant).write(to: points.appendingPathComponent(file))
          #expect(try run(experiment(), out).result?.exactDigest.hex == whole)
          try FileManager.default.removeItem(atPath: out)
        }
      }
    }
  }

  @Test func aDamagedResultIsNoCache() throws {
    try inFolder { folder in
      let out = folder.appendingPathComponent("r.h5").path
      _ = try run(experiment(), out)
      let whole = try digest()
      let bytes = try Data(contentsOf: URL(fileURLWithPath: out))
      for variant in [Data(), bytes.prefix(bytes.count / 2), bytes.prefix(100)] {
        try Data(variant).write(to: URL(fileURLWithPath: out))
        #expect(try run(experiment(), out).result?.exactDigest.hex == whole)
      }
    }
  }

  @Test func twoRunsOnOneOutputAreKeptApart() throws {
    try inFolder { folder in
      let out = folder.appendingPathComponent("r.h5").path
      try FileManager.default.createDirectory(
        atPath: out + ".points", withIntermediateDirectories: false)
      let descriptor = open(out + ".points/lock", O_RDWR | O_CREAT, 0o666)
      defer { close(descriptor) }
      #expect(flock(descriptor, LOCK_EX) == 0)
      do {
        _ = try run(experiment(), out)
        Issue.record("another run holds the folder")
      } catch let error as RunError {
        #expect(error.description.contains("another run is at work there"))
      }
      #expect(!FileManager.default.fileExists(atPath: out))
      flock(descriptor, LOCK_UN)
      #expect(try run(experiment(), out).runCount == 4)
    }
  }

  @Test func aFolderThatVanishesEndsTheRunAndNotTheProcess() throws {
    final class Remover: RunEvents {
      let path: String
      init(_ path: String) { self.path = path }
      func started(count: Int, cached: Int) {}
      func pointStarted(_ index: Int, label: String) {
        if index == 1 { try? FileManager.default.removeItem(atPath: path) }
      }
      func progressed(_ progress: RunProgress) {}
      func noted(_ index: Int, label: String, line: String) {}
      func pointEnded(_ index: Int, label: String, seconds: Double, error: String?) {}
    }
    try inFolder { folder in
      let out = folder.appendingPathComponent("r.h5").path
      do {
        _ = try run(experiment(), out, events: Remover(out + ".points"))
        Issue.record("the folder was removed")
      } catch { #expect("\(error)".contains("r.h5.points")) }
      #expect(try names(folder) == [])
      let whole = try digest()
      #expect(try run(experiment(), out).result?.exactDigest.hex == whole)
    }
  }

  @Test func aFullDiskEndsTheRunAndLosesNothing() throws {
    // A device that takes no byte stands for the disk.
    try inFolder { folder in
      let out = folder.appendingPathComponent("r.h5").path
      let (_, points) = try interrupted(folder)
      let kept = try names(points).filter { $0.hasSuffix(".h5") }
      let key = try #require(names(points).first { $0.hasSuffix(".journal") })
      try FileManager.default.removeItem(at: points.appendingPathComponent(key))
      try FileManager.default.createSymbolicLink(
        atPath: points.appendingPathComponent(key).path, withDestinationPath: "/dev/full")
      do {
        _ = try run(experiment(), out)
        Issue.record("the disk is full")
      } catch { #expect("\(error)".contains("No space left on device"), "said: \(error)") }
      #expect(!FileManager.default.fileExists(atPath: out))
      #expect(try names(points).filter { $0.hasSuffix(".h5") } == kept)
      try FileManager.default.removeItem(at: points.appendingPathComponent(key))
      let whole = try digest()
      #expect(try run(experiment(), out).result?.exactDigest.hex == whole)
    }
  }

  @Test func aResultThatCannotBeWrittenKeepsItsPoints() throws {
    try inFolder { folder in
      let out = folder.appendingPathComponent("r.h5")
      try FileManager.default.createDirectory(at: out, withIntermediateDirectories: false)
      #expect(throws: HDF5Error.self) { _ = try run(experiment(), out.path) }
      #expect(try names(folder) == ["r.h5", "r.h5.points"])
      try FileManager.default.removeItem(at: out)
      let outcome = try run(experiment(), out.path)
      #expect(outcome.cachedCount == 4)
      let whole = try digest()
      #expect(outcome.result?.exactDigest.hex == whole)
    }
  }

  @Test func theTimeOfDayTouchesNothing() throws {
    struct JumpingClock: Stopwatch {
      func seconds() -> Double { Double.random(in: -1e9...1e9) }
    }
    let steady = try digest()
    let jumping = try experiment().run(
      arithmetic: TinyExperiment.arithmetic(), commandLine: "", observer: SilentObserver(),
      clock: JumpingClock())
    #expect(jumping.exactDigest.hex == steady)
  }

  @Test func aChainGoesOnInsideAfterEveryBlock() throws {
    let whole = try TinyExperiment.run()
    let folder = try TinyExperiment.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let experiment = try Experiment(readingSpecAt: TinyExperiment.write(to: folder))
    let out = folder.appendingPathComponent("r.h5").path
    // Progress is told 4 times a block by training and 3 times by verifying; blocks that are there
    // tell none. So these stop in block 1, 2, 3 and 3.
    for after in [2, 8, 8, 3] {
      let cancellation = Cancellation()
      #expect(throws: Cancelled.self) {
        _ = try runAgain(
          experiment, out, StoppingEvents(after: after, cancellation), cancellation)
      }
    }
    let outcome = try runAgain(experiment, out, SilentEvents(), Cancellation())
    #expect(outcome.result?.exactDigest == whole.exactDigest)
    #expect(try TinyExperiment.audit(ResultFile.read(out)).blocks == 3)
  }

  private func runAgain(
    _ experiment: Experiment, _ out: String, _ events: any RunEvents, _ cancellation: Cancellation
  ) throws -> SweepRun.Outcome {
    try run(experiment, out, events: events, cancellation: cancellation)
  }
}
