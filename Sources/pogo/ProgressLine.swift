import Foundation
import Harness

/// Progress on standard error when someone watches it: a line for each block, and a live one with the
/// time left. Nothing when it is no terminal.
final class ProgressLine: RunObserver {
  private let isShown: Bool
  private let cancellation: Cancellation
  private let started = Date()
  private var lastShown = Date.distantPast

  init(isShown: Bool, cancellation: Cancellation) {
    self.isShown = isShown
    self.cancellation = cancellation
  }

  func progress(done: Double, total: Double, activity: String) throws {
    try cancellation.check()
    guard isShown, Date().timeIntervalSince(lastShown) > 0.1, done > 0 else { return }
    lastShown = Date()
    let share = done / max(total, 1)
    let left = Date().timeIntervalSince(started) * (1 - share) / share
    Console.write(
      String(format: "\r\u{1B}[K%3.0f %%  %@  %.0f s left", 100 * share, activity, max(left, 0)))
  }

  func note(_ line: String) throws {
    guard isShown else { return }
    clear()
    Console.write("\(line)\n")
  }

  /// Takes the live line away.
  func clear() {
    if isShown { Console.write("\r\u{1B}[K") }
  }
}
