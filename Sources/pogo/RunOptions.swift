import ArgumentParser
import Foundation
import Harness
import Kernels

/// `--set`.
struct OverrideOptions: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Override a value of the spec; several values, as in seed=1,2,3, make an axis of the sweep.",
      valueName: "key=value"))
  var set: [String] = []
}

/// `--out`.
struct OutputOptions: ParsableArguments {
  @Option(help: "Where to write the result; by default Results/NAME.h5.")
  var out: String?

  /// Where the result of an experiment goes.
  func path(_ experiment: Experiment) -> String {
    out ?? "Results/\(experiment.header.name).h5"
  }
}

extension ArithmeticOptions {
  /// The same choice for a run of many points.
  func runOptions() throws -> SweepRun.Options {
    let arithmetic = try arithmetic()
    var options = SweepRun.Options()
    options.threads = threads ?? Workers.cores
    options.isPinned = !noPin
    options.instructionSet = arithmetic.instructionSet
    return options
  }
}

/// The command as it was typed.
enum Invocation {
  static var text: String {
    (["pogo"] + CommandLine.arguments.dropFirst()).joined(separator: " ")
  }
}

/// Where a result may go.
enum OutputPath {
  /// Whether a run to `path` was stopped before its end.
  static func hasUnfinishedRun(_ path: String) -> Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path + ".points")) ?? []
    return names.contains { $0.hasSuffix(".h5") || $0.hasSuffix(".journal") }
  }

  /// Throws ``CommandFailure`` unless a file can be written at `path`; `hint` says what else could
  /// be done with a file that is there. Without `isProbed` nothing is tried out.
  static func check(
    _ path: String, mayReplace: Bool, option: String = "--out", hint: String = "",
    isProbed: Bool = true
  ) throws {
    let manager = FileManager.default
    var isFolder: ObjCBool = false
    if manager.fileExists(atPath: path, isDirectory: &isFolder) {
      guard !isFolder.boolValue else {
        throw CommandFailure(.badInput, "\(path): it is a folder; \(option) needs a file name")
      }
      guard mayReplace else {
        throw CommandFailure(
          .badInput,
          "\(path): there is a file already; \(hint.isEmpty ? "" : hint + ", ")--force replaces it, "
            + "\(option) names another")
      }
    }
    let parent = (path as NSString).deletingLastPathComponent
    let folder = parent.isEmpty ? "." : parent
    guard manager.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw CommandFailure(
        .machineFault, "\(path): its folder does not exist; make it or name another with \(option)")
    }
    guard isProbed else { return }
    // Permission bits do not tell for the superuser or a read-only file system: try.
    let probe = (folder as NSString).appendingPathComponent(".pogo-probe")
    let descriptor = open(probe, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw CommandFailure(
        .machineFault, "\(path): its folder cannot be written; name another with \(option)")
    }
    close(descriptor)
    unlink(probe)
  }
}

/// Ctrl-C and SIGTERM.
enum Signals {
  /// From now on a signal asks the run to stop, until the sources are cancelled; a second one ends
  /// the process.
  static func watch(_ cancellation: Cancellation) -> [any DispatchSourceSignal] {
    [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if cancellation.wasRequested { exit(FailureCode.interrupted.rawValue) }
        cancellation.request()
      }
      source.resume()
      return source
    }
  }
}
