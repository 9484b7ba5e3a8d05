import ArgumentParser
import Foundation
import Harness
import Kernels
import Synchronization

/// `pogo run SPEC`: runs an experiment and writes its result.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run an experiment and write its HDF5 result.")

  @Argument(help: "The spec, a YAML file.")
  var spec: String

  @Option(help: "Override a value: key.path=value; several values make an axis of the sweep.")
  var set: [String] = []

  @Option(help: "Where to write the result; by default Results/NAME.h5.")
  var out: String?

  @Flag(help: "Replace a result that is already there.")
  var force = false

  @Flag(help: "No progress on standard error.")
  var quiet = false

  @OptionGroup var options: ArithmeticOptions

  func run() throws {
    try CommandFailure.sorting {
      let experiment = try Experiment(readingSpecAt: spec, overrides: set)
      let arithmetic = try options.arithmetic()
      let path = out ?? "Results/\(experiment.spec.header.name).h5"
      // Before hours of work, not after them.
      try OutputPath.check(path, mayReplace: force)
      let cancellation = Cancellation()
      let signals = cancellation.watchSignals()
      defer { for signal in signals { signal.cancel() } }
      let observer = ProgressLine(
        isShown: Console.isTerminal && !quiet, cancellation: cancellation)
      let result = try experiment.run(
        arithmetic: arithmetic,
        commandLine: (["pogo"] + CommandLine.arguments.dropFirst()).joined(separator: " "),
        observer: observer)
      observer.clear()
      try result.write(to: path, replacing: force)
      print("exact digest: \(result.exactDigest.hex)")
      print("result: \(path)")
    }
  }
}

/// Where a result may go.
enum OutputPath {
  /// Throws ``CommandFailure`` unless a file can be written at `path`.
  static func check(_ path: String, mayReplace: Bool, option: String = "--out") throws {
    let manager = FileManager.default
    var isFolder: ObjCBool = false
    if manager.fileExists(atPath: path, isDirectory: &isFolder) {
      guard !isFolder.boolValue else {
        throw CommandFailure(.badInput, "\(path): it is a folder; \(option) needs a file name")
      }
      guard mayReplace else {
        throw CommandFailure(
          .badInput,
          "\(path): there is a result already; --force replaces it, \(option) names another")
      }
    }
    let parent = (path as NSString).deletingLastPathComponent
    let folder = parent.isEmpty ? "." : parent
    guard manager.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw CommandFailure(
        .machineFault, "\(path): its folder does not exist; make it or name another with \(option)")
    }
    // Permission bits do not tell for the superuser or a read-only file system: try.
    let probe = (folder as NSString).appendingPathComponent(".pogo-\(UUID().uuidString)")
    guard manager.createFile(atPath: probe, contents: Data()) else {
      throw CommandFailure(
        .machineFault, "\(path): its folder cannot be written; name another with \(option)")
    }
    try? manager.removeItem(atPath: probe)
  }
}

/// The user asked to stop.
struct Cancelled: Error {}

/// Set by Ctrl-C or SIGTERM, asked between steps.
final class Cancellation: Sendable {
  private let isRequested = Atomic<Bool>(false)

  /// From now on the two signals only set the flag, until the sources are cancelled.
  func watchSignals() -> [any DispatchSourceSignal] {
    [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { [self] in isRequested.store(true, ordering: .relaxed) }
      source.resume()
      return source
    }
  }

  /// Throws ``Cancelled`` once a signal has come.
  func check() throws {
    if isRequested.load(ordering: .relaxed) { throw Cancelled() }
  }
}
