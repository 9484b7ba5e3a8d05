import Foundation
import Harness

/// Bytes done, rate and time left on standard error, when someone watches it.
final class RateLine {
  private let isShown: Bool
  private let started = Date()
  private var lastShown = Date.distantPast

  private init(isShown: Bool) { self.isShown = isShown }

  /// Runs `body`, shows how far it is, and stops it where Ctrl-C asks for that.
  static func watching<Result>(
    isQuiet: Bool, _ body: (_ observe: (_ done: Int, _ total: Int) throws -> Void) throws -> Result
  ) throws -> Result {
    let cancellation = Cancellation()
    let signals = Signals.watch(cancellation)
    defer { for signal in signals { signal.cancel() } }
    let line = RateLine(isShown: Console.isTerminal && !isQuiet)
    defer { line.clear() }
    return try body { done, total in
      try cancellation.check()
      line.show(done, of: total)
    }
  }

  private func show(_ done: Int, of total: Int) {
    guard isShown, done > 0, Date().timeIntervalSince(lastShown) > 0.2 else { return }
    lastShown = Date()
    let rate = Double(done) / Date().timeIntervalSince(started)
    Console.write(
      String(
        format: "\r\u{1B}[K%3.0f %%  %.2f GB/s  %.0f s left", 100 * Double(done) / Double(total),
        rate / 1e9, Double(total - done) / rate))
  }

  private func clear() {
    if isShown { Console.write("\r\u{1B}[K") }
  }
}
