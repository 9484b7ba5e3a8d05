import Foundation
import Synchronization

/// What a task that runs one point says about itself, in a small file beside the points:
/// `tasks/NUMBER.json`. It outlives the task, however that ends.
public struct TaskRecord: Sendable, Equatable, Codable {
  /// How far it came.
  public enum State: String, Sendable, Codable {
    /// It runs, or was killed.
    case running
    /// The point is finished.
    case finished
    /// The point ended with an error of its own.
    case failed
    /// It was asked to stop.
    case stopped
  }

  /// Number of the point, from 1.
  public var point: Int
  /// Digest of the point.
  public var digest: String
  /// How far it came.
  public var state: State
  /// Node of the cluster; empty elsewhere.
  public var node: String
  /// Instruction set that it computes with.
  public var instructionSet: String
  /// The scheduler's name of the task, as in `12_3`; empty elsewhere.
  public var job: String
  /// How often the scheduler started it again.
  public var restarts: Int
  /// Share of the point that was done before this start, 0...1.
  public var firstShare: Double?
  /// Share of the point that is done, 0...1.
  public var share: Double
  /// Seconds since this start.
  public var seconds: Double
  /// Most memory so far, in bytes.
  public var peakBytes: Int
  /// When this was written, UTC.
  public var updatedAt: String
  /// Why it failed; empty if it did not.
  public var error: String

  /// A record.
  package init(
    point: Int, digest: String, state: State, node: String, instructionSet: String, job: String,
    restarts: Int, firstShare: Double?, share: Double, seconds: Double, peakBytes: Int,
    updatedAt: String, error: String
  ) {
    (self.point, self.digest, self.state, self.node) = (point, digest, state, node)
    (self.instructionSet, self.job, self.restarts) = (instructionSet, job, restarts)
    (self.firstShare, self.share, self.seconds) = (firstShare, share, seconds)
    (self.peakBytes, self.updatedAt, self.error) = (peakBytes, updatedAt, error)
  }

  /// Seconds that the whole point takes at the speed seen here; nil if too little was done.
  public var wantedSeconds: Double? {
    let done = share - (firstShare ?? 0)
    return done > 0.001 ? seconds / done : nil
  }

  /// Path of the record of a point.
  package static func path(in folder: String, point: Int) -> String {
    "\(folder)/tasks/\(point).json"
  }

  /// The record of a point, or nil if there is none that reads.
  package static func read(in folder: String, point: Int) -> TaskRecord? {
    guard let data = FileManager.default.contents(atPath: path(in: folder, point: point)) else {
      return nil
    }
    return try? JSONDecoder().decode(TaskRecord.self, from: data)
  }
}

/// Who runs a task, as the scheduler tells it in environment variables.
public struct TaskOrigin: Sendable, Equatable {
  /// Node of the cluster; empty elsewhere.
  public var node: String
  /// Name of the task, as in `12_3`; empty elsewhere.
  public var job: String
  /// How often it was started again.
  public var restarts: Int

  /// Reads Slurm's variables.
  public init(environment: [String: String]) {
    node = environment["SLURMD_NODENAME"] ?? ""
    let array = environment["SLURM_ARRAY_JOB_ID"].flatMap { job in
      environment["SLURM_ARRAY_TASK_ID"].map { "\(job)_\($0)" }
    }
    job = array ?? environment["SLURM_JOB_ID"] ?? ""
    restarts = environment["SLURM_RESTART_COUNT"].flatMap { Int($0) } ?? 0
  }

  /// Whether a scheduler started this process.
  public var isScheduled: Bool { !job.isEmpty }
}

/// Keeps the record of the one point of a run up to date and passes all events on.
public final class TaskRecorder: RunEvents {
  private struct Mutable {
    var record: TaskRecord
    var lastWritten = -Double.infinity
  }

  private let folder: String
  private let next: any RunEvents
  private let mutable: Mutex<Mutable>
  private let clock = SystemStopwatch()
  private let start: Double
  private let interval: Double

  /// - Parameters:
  ///   - index: place of the point, from 0.
  ///   - out: where the result will go; the record lies in the folder beside it.
  ///   - interval: seconds between two writes of progress.
  public init(
    _ experiment: Experiment, index: Int, out: String, origin: TaskOrigin, instructionSet: String,
    passingTo next: any RunEvents, interval: Double = 2
  ) {
    folder = RunFolder(forResultAt: out).path
    self.next = next
    self.interval = interval
    start = clock.seconds()
    mutable = Mutex(
      Mutable(
        record: TaskRecord(
          point: index + 1, digest: experiment.points[index].key.digest.hex, state: .running,
          node: origin.node, instructionSet: instructionSet, job: origin.job,
          restarts: origin.restarts, firstShare: nil, share: 0, seconds: 0, peakBytes: 0,
          updatedAt: "", error: "")))
  }

  /// Passed on.
  public func started(count: Int, cached: Int) { next.started(count: count, cached: cached) }

  /// The point begins, or goes on.
  public func pointStarted(_ index: Int, label: String) {
    update { _ in }
    next.pointStarted(index, label: label)
  }

  /// Keeps how far the point is, now and then.
  public func progressed(_ progress: RunProgress) {
    update(isUrgent: false) { record in
      // The first report of a point that goes on tells where it goes on.
      record.firstShare = record.firstShare ?? progress.share
      record.share = progress.share
    }
    next.progressed(progress)
  }

  /// Passed on.
  public func noted(_ index: Int, label: String, line: String) {
    next.noted(index, label: label, line: line)
  }

  /// The point is finished, or failed.
  public func pointEnded(_ index: Int, label: String, seconds: Double, error: String?) {
    update { record in
      record.state = error == nil ? .finished : .failed
      record.error = error ?? ""
      if error == nil { record.share = 1 }
    }
    next.pointEnded(index, label: label, seconds: seconds, error: error)
  }

  /// The run ended before the point did.
  public func stopped() { update { $0.state = .stopped } }

  /// A record helps people; that it cannot be written must not end a run that could go on.
  private func update(isUrgent: Bool = true, _ change: (inout TaskRecord) -> Void) {
    mutable.withLock { mutable in
      change(&mutable.record)
      let now = clock.seconds()
      guard isUrgent || now - mutable.lastWritten >= interval else { return }
      mutable.lastWritten = now
      mutable.record.seconds = now - start
      mutable.record.peakBytes = ProcessMemory.peakByteCount
      mutable.record.updatedAt = RunEnvironment.utc(Date())
      try? FileManager.default.createDirectory(
        atPath: "\(folder)/tasks", withIntermediateDirectories: false)
      try? JSONFile.write(
        mutable.record, to: TaskRecord.path(in: folder, point: mutable.record.point))
    }
  }
}
