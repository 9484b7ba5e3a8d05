import Synchronization

/// Told what a run of a sweep does, from several threads at once.
public protocol RunEvents: Sendable {
  /// The run starts: `count` points, of which `cached` are there already.
  func started(count: Int, cached: Int)
  /// A point starts.
  func pointStarted(_ index: Int, label: String)
  /// The whole run is this far.
  func progressed(_ progress: RunProgress)
  /// Something inside a point is finished, such as a block.
  func noted(_ index: Int, label: String, line: String)
  /// A point ended; `error` is nil if all went well.
  func pointEnded(_ index: Int, label: String, seconds: Double, error: String?)
}

/// How far a run is.
public struct RunProgress: Sendable, Equatable {
  /// Points that ended in this run.
  public var endedPoints: Int
  /// Points that this run has to do.
  public var pointCount: Int
  /// Part of the work that is done, 0...1, weighted by the cost of the points.
  public var share: Double
  /// Seconds since the run started.
  public var elapsedSeconds: Double
  /// Point that reported last, and what it is doing.
  public var activity: String

  /// Seconds until the end if the rest of the work goes as fast as the work so far.
  public var secondsLeft: Double {
    share > 0 ? elapsedSeconds * (1 - share) / share : .nan
  }
}

/// Says nothing.
public struct SilentEvents: RunEvents {
  /// Nothing to set.
  public init() {}
  public func started(count: Int, cached: Int) {}
  public func pointStarted(_ index: Int, label: String) {}
  public func progressed(_ progress: RunProgress) {}
  public func noted(_ index: Int, label: String, line: String) {}
  public func pointEnded(_ index: Int, label: String, seconds: Double, error: String?) {}
}

/// Set from outside to end a run at the next step of each point.
public final class Cancellation: Sendable {
  private let isRequested = Atomic<Bool>(false)

  /// Not requested yet.
  public init() {}

  /// Asks to stop.
  public func request() { isRequested.store(true, ordering: .relaxed) }

  /// Whether it was asked to stop.
  public var wasRequested: Bool { isRequested.load(ordering: .relaxed) }

  /// Throws ``Cancelled`` once that was asked.
  public func check() throws {
    if wasRequested { throw Cancelled() }
  }
}

/// The user asked to stop.
public struct Cancelled: Error, Sendable {
  /// Nothing to tell.
  public init() {}
}

/// Adds up the progress of points that run side by side.
final class ProgressSum: Sendable {
  private struct State {
    var shares: [Int: Double] = [:]
    var ended = 0
  }

  private let weights: [Int: Double]
  private let total: Double
  private let clock: SystemStopwatch
  private let start: Double
  private let state = Mutex(State())
  private let events: any RunEvents
  private let cancellation: Cancellation

  /// `weights` of the points that have to run, by their place in the sweep.
  init(
    weights: [Int: Double], events: any RunEvents, cancellation: Cancellation,
    clock: SystemStopwatch
  ) {
    self.weights = weights
    total = max(weights.values.reduce(0, +), 1e-12)
    self.events = events
    self.cancellation = cancellation
    self.clock = clock
    start = clock.seconds()
  }

  func observer(of index: Int, label: String) -> PointObserver {
    PointObserver(index: index, label: label, sum: self)
  }

  fileprivate func update(_ index: Int, share: Double, activity: String) throws {
    try cancellation.check()
    events.progressed(
      state.withLock { state in
        state.shares[index] = min(max(share, 0), 1)
        return progress(state, activity)
      })
  }

  fileprivate func note(_ index: Int, label: String, line: String) throws {
    try cancellation.check()
    events.noted(index, label: label, line: line)
  }

  func end(_ index: Int) {
    state.withLock { state in
      state.shares[index] = 1
      state.ended += 1
    }
  }

  private func progress(_ state: State, _ activity: String) -> RunProgress {
    let done = state.shares.reduce(0) { $0 + $1.value * (weights[$1.key] ?? 0) }
    return RunProgress(
      endedPoints: state.ended, pointCount: weights.count, share: done / total,
      elapsedSeconds: clock.seconds() - start, activity: activity)
  }
}

/// Passes the progress of one point on.
struct PointObserver: RunObserver {
  let index: Int
  let label: String
  let sum: ProgressSum

  func progress(done: Double, total: Double, activity: String) throws {
    try sum.update(index, share: total > 0 ? done / total : 0, activity: activity)
  }

  func note(_ line: String) throws { try sum.note(index, label: label, line: line) }
}
