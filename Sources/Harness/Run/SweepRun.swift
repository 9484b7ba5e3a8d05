import Foundation
import HDF5
import Kernels
import Synchronization

/// Runs an experiment so that nothing that was finished is ever lost.
///
/// Each point is written to the ``RunFolder`` beside the result as soon as it is finished. When all
/// are there, the result appears under its name, whole, and the folder goes. A run that is killed,
/// stopped, or ends with failed points leaves what it has; a later one with `reusing` goes on.
public struct SweepRun: Sendable {
  /// What the user may choose; none of it changes a result.
  public struct Options: Sendable {
    /// Points that run side by side.
    public var jobs = 1
    /// Threads of the whole run, shared out over the jobs.
    public var threads = 1
    /// Whether threads are pinned to processors; only for one job.
    public var isPinned = true
    /// Kernels.
    public var instructionSet = InstructionSet.best
    /// Whether to go on after a point that failed.
    public var keepsGoing = true
    /// Whether finished points of earlier runs are used.
    public var reusing = true
    /// The only point to run, from 0; its result stays in the folder.
    public var only: Int?
    /// Whether ``only`` is run a second time, to compare; that result is kept aside.
    public var isVerification = false
    /// Whether to wait while another process holds the point, as when a scheduler starts a task
    /// again whose node it lost sight of.
    public var waits = false
    /// Node of the cluster, recorded with each point; empty elsewhere.
    public var node = ""
    /// Recorded as it was typed.
    public var commandLine = ""

    /// One point after the other on one thread.
    public init() {}
  }

  /// How a run ended.
  public struct Outcome: Sendable {
    /// The result, or nil if only one point was asked for.
    public var result: ResultFile?
    /// Points that failed: place from 0, settings and error.
    public var failures: [(index: Int, label: String, error: String)]
    /// Points that were run now.
    public var runCount: Int
    /// Points that were there already.
    public var cachedCount: Int
  }

  let experiment: Experiment
  let out: String
  let options: Options
  let events: any RunEvents
  let cancellation: Cancellation

  /// A run whose result goes to `out`.
  public init(
    _ experiment: Experiment, out: String, options: Options, events: any RunEvents,
    cancellation: Cancellation
  ) {
    self.experiment = experiment
    self.out = out
    self.options = options
    self.events = events
    self.cancellation = cancellation
  }

  /// Runs what has to be run.
  ///
  /// Throws ``Cancelled`` after a request to stop, ``PlanError`` for what is impossible or does not
  /// fit into memory, ``RunError`` and `HDF5Error` for faults of the machine. Errors of points are
  /// in the outcome.
  public func run() throws -> Outcome {
    let startedAt = Date()
    // Asks git beside the run, not after it.
    DispatchQueue.global(qos: .utility).async { _ = BuildIdentity.current }
    if let only = options.only { return try runOnly(only) }
    // Refuses before anything is made, and again under the lock, when nobody else can add points.
    let preview = try SweepPlan(experiment, out: out, reusing: options.reusing)
    try preview.checkMemory(jobs: options.jobs)
    let folder = RunFolder(forResultAt: out)
    try folder.holdAll()
    if !options.reusing { try folder.clear() }
    try folder.describe(experiment)
    defer { if !folder.isWorthKeeping { folder.remove() } }
    let plan = try SweepPlan(experiment, out: out, reusing: options.reusing)
    let pending = plan.pending
    events.started(count: plan.entries.count, cached: plan.entries.count - pending.count)
    let ran = try run(pending, in: folder)
    let failures = ran.filter { $0.value.status == .failed }
    let results = plan.entries.map { entry in
      if case .cached(let result) = entry.state { return result }
      let index = entry.point.point.index
      return ran[index]
        ?? experiment.result(
          of: entry.point, arithmetic: arithmetic(threads: 1), startedAt: startedAt, seconds: 0,
          variables: [], error: "not run: another point failed before")
    }
    let result = try gathered(relabelled(results), startedAt: startedAt)
    try result.write(to: out, replacing: true)
    try folder.finish(digest: result.exactDigest)
    return Outcome(
      result: result,
      failures: failures.sorted { $0.key < $1.key }.map {
        ($0.key, experiment.points[$0.key].point.label, $0.value.error)
      },
      runCount: ran.count, cachedCount: plan.entries.count - pending.count)
  }

  // MARK: parts

  /// A point that was finished under another sweep has its settings; here it gets those of this one.
  func relabelled(_ results: [PointResult]) -> [PointResult] {
    zip(experiment.points, results).map { point, result in
      var result = result
      result.settings = point.point.settings.map { .init(path: $0.path, text: $0.value.label) }
      result.spec = point.spec.canonicalText
      return result
    }
  }

  func gathered(
    _ points: [PointResult], startedAt: Date
  ) throws -> ResultFile {
    try ResultFile(
      attributes: experiment.attributes(
        arithmetic: arithmetic(threads: options.threads), commandLine: options.commandLine,
        startedAt: startedAt, endedAt: Date()),
      points: points)
  }

  private func runOnly(_ index: Int) throws -> Outcome {
    let main = RunFolder(forResultAt: out)
    let folder = options.isVerification ? RunFolder(forVerificationIn: main) : main
    func look() throws -> SweepPlan.Entry {
      let plan = try SweepPlan(experiment, out: out, reusing: options.reusing)
      guard options.isVerification else { return plan.entries[index] }
      return plan.entries[index].again(folder)
    }
    var entry = try look()
    if !entry.state.isCached {
      try hold(entry.point.key, in: folder)
      if !options.isVerification { try folder.describe(experiment) }
      // Whoever held it may have finished it.
      if options.waits { entry = try look() }
    }
    if entry.state.isCached {
      events.started(count: 1, cached: 1)
      return Outcome(result: nil, failures: [], runCount: 0, cachedCount: 1)
    }
    events.started(count: 1, cached: 0)
    let ran = try run([entry], in: folder)
    return Outcome(
      result: nil,
      failures: ran.filter { $0.value.status == .failed }.map {
        ($0.key, entry.point.point.label, $0.value.error)
      },
      runCount: 1, cachedCount: 0)
  }

  /// Holds a point, if need be as soon as nobody else does.
  private func hold(_ key: PointKey, in folder: RunFolder) throws {
    while true {
      do { return try folder.hold(key) } catch RunError.busy where options.waits {
        try cancellation.check()
        Thread.sleep(forTimeInterval: 0.5)
      }
    }
  }

  func arithmetic(threads: Int) -> Arithmetic {
    Arithmetic(
      instructionSet: options.instructionSet,
      workers: Workers(threads: threads, pinned: options.isPinned && options.jobs == 1))
  }

  /// What the threads of a run share.
  private struct Shared {
    var next = 0
    var results: [Int: PointResult] = [:]
    /// A fault of the machine, or the request to stop: it ends the run.
    var fault: (any Error)?
    var hasFailure = false
  }

  /// Runs the pending points, `jobs` at a time, and keeps each as soon as it is finished.
  private func run(
    _ pending: [SweepPlan.Entry], in folder: RunFolder
  ) throws -> [Int: PointResult] {
    let weights = Dictionary(
      uniqueKeysWithValues: pending.map {
        ($0.point.point.index, MachineRates.typical.seconds($0.estimate))
      })
    let sum = ProgressSum(
      weights: weights, events: events, cancellation: cancellation, clock: SystemStopwatch())
    let shared = Mutex(Shared())
    let jobs = max(1, min(options.jobs, pending.count))
    let threads = max(1, options.threads / jobs)
    // Points of the most work first would finish earlier side by side, but a reader expects the
    // order of the sweep.
    let work: @Sendable () -> Void = {
      let arithmetic = arithmetic(threads: threads)
      while true {
        let entry: SweepPlan.Entry? = shared.withLock { state in
          let stops = state.fault != nil || (state.hasFailure && !options.keepsGoing)
          guard !stops, state.next < pending.count else { return nil }
          defer { state.next += 1 }
          return pending[state.next]
        }
        guard let entry else { return }
        do {
          let result = try runPoint(entry.point, arithmetic, folder, sum)
          shared.withLock { state in
            state.results[entry.point.point.index] = result
            if result.status == .failed { state.hasFailure = true }
          }
        } catch {
          shared.withLock { $0.fault = $0.fault ?? error }
        }
      }
    }
    if jobs == 1 {
      work()
    } else {
      let group = DispatchGroup()
      for _ in 0..<jobs {
        group.enter()
        let thread = Thread {
          work()
          group.leave()
        }
        thread.stackSize = 8 << 20
        thread.start()
      }
      group.wait()
    }
    return try shared.withLock { state in
      if let fault = state.fault { throw fault }
      return state.results
    }
  }

  /// Runs one point and keeps it; an error of the point itself becomes its record.
  private func runPoint(
    _ point: Experiment.Point, _ arithmetic: Arithmetic, _ folder: RunFolder, _ sum: ProgressSum
  ) throws -> PointResult {
    let (index, label) = (point.point.index, point.point.label)
    let startedAt = Date()
    let clock = SystemStopwatch()
    let start = clock.seconds()
    events.pointStarted(index, label: label)
    var result: PointResult
    do {
      result = try experiment.run(
        point, arithmetic: arithmetic, observer: sum.observer(of: index, label: label),
        clock: clock, journal: folder.journal(point.key))
    } catch let error as Cancelled {
      throw error
    } catch let error as RunError {
      throw error
    } catch {
      result = experiment.result(
        of: point, arithmetic: arithmetic, startedAt: startedAt, seconds: clock.seconds() - start,
        variables: [], error: "\(error)")
    }
    result.node = options.node
    // The only point of a run is in the result a moment later; until then its journal stays.
    if result.status == .finished, options.only != nil || experiment.points.count > 1 {
      try folder.keep(
        result,
        attributes: experiment.attributes(
          arithmetic: arithmetic, commandLine: options.commandLine, startedAt: startedAt,
          endedAt: Date()))
    }
    sum.end(index)
    events.pointEnded(
      index, label: label, seconds: result.seconds,
      error: result.status == .failed ? result.error : nil)
    return result
  }
}
