import ArgumentParser
import Foundation
import Harness
import Synchronization

/// Options for what is said while a run goes on.
struct ProgressOptions: ParsableArguments {
  @Flag(help: "No progress on standard error.")
  var quiet = false

  @Option(help: ArgumentHelp("Write events as lines of JSON to this file.", valueName: "file"))
  var logJson: String?

  /// What listens to the run.
  func events(pointCount: Int) throws -> ProgressLine {
    var log: FileHandle?
    if let logJson {
      guard FileManager.default.createFile(atPath: logJson, contents: nil),
        let handle = FileHandle(forWritingAtPath: logJson)
      else { throw CommandFailure(.machineFault, "\(logJson): it cannot be written") }
      log = handle
    }
    return ProgressLine(
      isQuiet: quiet, isLive: Console.isTerminal, pointCount: pointCount, log: log)
  }
}

/// Progress on standard error: a line for each point and block, and on a terminal a live one with
/// the time left. The same events go to a log of JSON lines.
final class ProgressLine: RunEvents {
  private struct State {
    var lastShown = 0.0
    var lastLogged = 0.0
    var hasLiveLine = false
  }

  private let isQuiet: Bool
  private let isLive: Bool
  private let pointCount: Int
  private let log: FileHandle?
  private let state = Mutex(State())

  init(isQuiet: Bool, isLive: Bool, pointCount: Int, log: FileHandle?) {
    self.isQuiet = isQuiet
    self.isLive = isLive
    self.pointCount = pointCount
    self.log = log
  }

  func started(count: Int, cached: Int) {
    if cached > 0 { say("\(cached) of \(count) points were finished before") }
    record("started", ["points": count, "cached": cached])
  }

  func pointStarted(_ index: Int, label: String) {
    record("point_started", ["point": index, "settings": label])
  }

  func progressed(_ progress: RunProgress) {
    let isDue = state.withLock { state in
      let show = !isQuiet && isLive && progress.elapsedSeconds - state.lastShown > 0.1
      let write = log != nil && progress.elapsedSeconds - state.lastLogged > 1
      if show {
        state.lastShown = progress.elapsedSeconds
        state.hasLiveLine = true
      }
      if write { state.lastLogged = progress.elapsedSeconds }
      return (show: show, write: write)
    }
    if isDue.show {
      let points = pointCount > 1 ? "\(progress.endedPoints)/\(progress.pointCount) points  " : ""
      Console.write(
        "\r\u{1B}[K\(points)\(Int(100 * progress.share)) %  \(progress.activity)  "
          + "\(Self.rate(progress))\(Self.duration(progress.secondsLeft)) left")
    }
    if isDue.write {
      record(
        "progress",
        [
          "share": progress.share, "seconds": progress.elapsedSeconds,
          "share_per_second": progress.elapsedSeconds > 0
            ? progress.share / progress.elapsedSeconds : 0,
          "seconds_left": progress.secondsLeft.isFinite ? progress.secondsLeft : 0,
          "ended_points": progress.endedPoints, "activity": progress.activity,
        ])
    }
  }

  func noted(_ index: Int, label: String, line: String) {
    // With many points their blocks are too many to read; on a terminal the live line tells.
    if pointCount == 1 { say(line) }
    record("note", ["point": index, "line": line])
  }

  func pointEnded(_ index: Int, label: String, seconds: Double, error: String?) {
    if pointCount > 1 || error != nil {
      let outcome = error.map { "failed: \($0)" } ?? "finished"
      say(
        "point \(index + 1)/\(pointCount) \(label): \(outcome) in \(Self.duration(seconds))")
    }
    var entry: [String: Any] = ["point": index, "settings": label, "seconds": seconds]
    if let error { entry["error"] = error }
    record("point_ended", entry)
  }

  /// Takes the live line away and ends the log.
  func finish() {
    clear()
    record("ended", [:])
    try? log?.close()
  }

  private func say(_ line: String) {
    guard !isQuiet else { return }
    clear()
    Console.write("\(line)\n")
  }

  private func clear() {
    let wasShown = state.withLock { state in
      defer { state.hasLiveLine = false }
      return state.hasLiveLine
    }
    if wasShown { Console.write("\r\u{1B}[K") }
  }

  private func record(_ event: String, _ fields: [String: Any]) {
    guard let log else { return }
    var fields = fields
    fields["event"] = event
    fields["time"] = ISO8601DateFormatter().string(from: Date())
    guard
      let data = try? JSONSerialization.data(
        withJSONObject: fields, options: [.sortedKeys, .withoutEscapingSlashes])
    else { return }
    // One write a line, so that lines of several threads do not mix.
    state.withLock { _ in try? log.write(contentsOf: data + Data("\n".utf8)) }
  }

  /// How much of the run is done in a second or a minute, whichever reads better.
  private static func rate(_ progress: RunProgress) -> String {
    guard progress.share > 0, progress.elapsedSeconds > 0 else { return "" }
    let perSecond = 100 * progress.share / progress.elapsedSeconds
    return perSecond >= 1
      ? String(format: "%.1f %%/s  ", perSecond) : String(format: "%.1f %%/min  ", 60 * perSecond)
  }

  private static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "?" }
    let whole = Int(seconds.rounded())
    if seconds < 10 { return String(format: "%.1f s", seconds) }
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}
