import Foundation

/// Puts the points of a folder into one result.
public struct Gathering: Sendable {
  /// How it ended.
  public enum Outcome: Sendable {
    /// The result was written; the points that failed are those of a local run.
    case written(ResultFile, failures: [(index: Int, label: String, error: String)])
    /// It was gathered before, with this digest.
    case already(String)
    /// Second runs were submitted as these jobs; the last one gathers.
    case verifying(jobs: [String], points: [Int])
  }

  let run: SweepRun

  /// Gathers what `run` would; its options `waits` and `threads` and its command line count.
  public init(_ run: SweepRun) { self.run = run }

  /// Writes the result, if all points are there and those that are to be verified are.
  ///
  /// - Parameters:
  ///   - executor: submits second runs that are asked for and missing; nil refuses instead.
  ///   - generator: draws the points that are verified.
  /// - Throws: ``RunError`` that names what is missing, ``VerificationFailure`` if two nodes
  ///   disagree.
  public func gather(
    verifyingWith executor: SlurmExecutor? = nil,
    using generator: inout some RandomNumberGenerator
  ) throws -> Outcome {
    let startedAt = Date()
    let folder = RunFolder(forResultAt: run.out)
    guard folder.exists else {
      throw RunError.refused(
        "\(folder.path): there is no such folder; points put their results there")
    }
    try hold(folder)
    var state = try? SweepState.read(in: folder.path)
    if let digest = state?.gathered, FileManager.default.fileExists(atPath: run.out) {
      return .already(digest)
    }
    var results = try self.results(folder, isSubmitted: state?.submissions.isEmpty == false)
    if var wanted = state, let verification = wanted.verification {
      let jobs = try verify(&results, &wanted, verification, folder, executor, &generator)
      state = wanted
      if !jobs.isEmpty {
        return .verifying(jobs: jobs, points: wanted.verification?.points ?? [])
      }
    }
    let result = try run.gathered(run.relabelled(results), startedAt: startedAt)
    try result.write(to: run.out, replacing: true)
    try folder.finish(digest: result.exactDigest)
    return .written(
      result,
      failures: results.enumerated().filter { $0.element.status == .failed }.map {
        ($0.offset, run.experiment.points[$0.offset].point.label, $0.element.error)
      })
  }

  private func hold(_ folder: RunFolder) throws {
    while true {
      do { return try folder.holdAll() } catch RunError.busy where run.options.waits {
        try run.cancellation.check()
        Thread.sleep(forTimeInterval: 0.5)
      }
    }
  }

  /// Each point as it ended. Throws ``RunError`` if some are not there.
  private func results(_ folder: RunFolder, isSubmitted: Bool) throws -> [PointResult] {
    let plan = try SweepPlan(run.experiment, out: run.out)
    var missing: [Int] = []
    let results = plan.entries.compactMap { entry -> PointResult? in
      if case .cached(let result) = entry.state { return result }
      let number = entry.point.point.index + 1
      if let record = TaskRecord.read(in: folder.path, point: number), record.state == .failed,
        record.digest == entry.point.key.digest.hex
      {
        return run.experiment.result(
          of: entry.point, arithmetic: run.arithmetic(threads: 1), startedAt: Date(),
          seconds: record.seconds, variables: [], error: record.error)
      }
      missing.append(number)
      return nil
    }
    guard missing.isEmpty else {
      let count = run.experiment.points.count
      let list = missing.prefix(10).map(String.init).joined(separator: ", ")
      throw RunError.refused(
        "\(folder.path): \(missing.count) of \(count) points are missing: "
          + "\(list)\(missing.count > 10 ? ", …" : ""); "
          + (isSubmitted
            ? "pogo status tells why, and pogo run --executor slurm submits them again"
            : "run them with --point \(missing[0])/\(count)"))
    }
    return results
  }

  /// Compares second runs with the first, and submits those that are missing; gives their jobs.
  private func verify(
    _ results: inout [PointResult], _ state: inout SweepState,
    _ verification: SweepState.Verification, _ folder: RunFolder, _ executor: SlurmExecutor?,
    _ generator: inout some RandomNumberGenerator
  ) throws -> [String] {
    let finished = results.indices.filter { results[$0].status == .finished }
    var points = verification.points
    if points.isEmpty, !finished.isEmpty {
      let count = min(
        finished.count, Int((verification.fraction * Double(results.count)).rounded(.up)))
      points = finished.shuffled(using: &generator).prefix(count).map { $0 + 1 }.sorted()
      state.verification?.points = points
      try state.write(in: folder.path)
    }
    let seconds = RunFolder(forVerificationIn: folder)
    var missing: [(number: Int, node: String)] = []
    for number in points {
      let first = results[number - 1]
      guard let second = seconds.exists ? seconds.finished(first.key) : nil else {
        missing.append((number, first.node))
        continue
      }
      guard second.exactDigest == first.exactDigest else {
        throw VerificationFailure(
          point: number, count: results.count, first: first, second: second)
      }
      guard second.node != first.node else {
        throw RunError.refused(
          "point \(number) was run twice on \(first.node.isEmpty ? "one machine" : first.node), so "
            + "nothing is verified; --verify-fraction needs nodes of a cluster")
      }
      results[number - 1].verifiedOn = "\(second.node), \(second.machine)"
    }
    guard !missing.isEmpty else { return [] }
    guard let executor else {
      throw RunError.refused(
        "\(folder.path): second runs of \(missing.count) points are missing: "
          + "\(TaskList.text(missing.map(\.number))); pogo gather submits them again")
    }
    return try executor.submitVerification(&state, of: missing)
  }
}

/// Two nodes gave different exact values of one point.
public struct VerificationFailure: Error, Sendable, CustomStringConvertible {
  /// Which point, where it was run, and both digests.
  public let description: String

  init(point: Int, count: Int, first: PointResult, second: PointResult) {
    let places = [first, second].map { result in
      "\(result.node) (\(result.machine)): \(result.exactDigest.hex)"
    }
    description =
      "point \(point)/\(count) has other exact values on another node:\n  "
      + places.joined(separator: "\n  ")
      + "\none of them is broken, or the arithmetic is; run 'pogo arithmetic' on both"
  }
}
