import Foundation
import Kernels
import Proofs
import Protocol

/// An experiment as it was asked for: all its points, each with its files.
public struct Experiment: Sendable {
  /// The spec with all its points.
  public let file: SpecFile
  /// The points with their files and digests, in the order of the sweep.
  public let points: [Point]
  /// Folder that paths of the spec are relative to, absolute.
  public let dataFolder: String
  /// File name of the spec, for messages.
  public let specName: String

  /// One point with what it reads.
  public struct Point: Sendable {
    /// Place in the sweep, settings and spec.
    public let point: SpecPoint
    /// The files that it reads.
    public let inputs: Inputs
    /// What its result depends on.
    public let key: PointKey

    /// The spec of the point.
    public var spec: Spec { point.spec }
  }

  /// Reads a spec and the files that its points name, relative to the spec's folder.
  ///
  /// Throws ``InputError`` or ``SpecError``.
  public init(
    readingSpecAt path: String, overrides: [String] = [], kinds: KindRegistry = .all
  ) throws {
    let file = try SpecFile(readingAt: path, overrides: overrides, kinds: kinds)
    try self.init(
      file: file, dataFolder: (path as NSString).deletingLastPathComponent,
      name: (path as NSString).lastPathComponent)
  }

  /// A spec that was read, with files relative to `dataFolder`; `name` is for messages.
  public init(file: SpecFile, dataFolder: String, name: String) throws {
    self.file = file
    self.dataFolder = URL(fileURLWithPath: dataFolder.isEmpty ? "." : dataFolder).standardized.path
    specName = name
    var loaded: [(files: [InputFile], inputs: Inputs)] = []
    points = try file.points.map { point in
      let files = point.spec.body.inputs
      let inputs: Inputs
      if let known = loaded.first(where: { $0.files == files }) {
        inputs = known.inputs
      } else {
        inputs = try Inputs(reading: files, relativeTo: dataFolder, spec: name)
        loaded.append((files, inputs))
      }
      return Point(
        point: point, inputs: inputs,
        key: PointKey(
          spec: point.spec, inputs: inputs, arithmeticVersion: Int(arithmeticVersion)))
    }
  }

  /// The header of the first point; a sweep may give each a seed of its own.
  public var header: Spec.Header { file.points[0].spec.header }

  /// Runs all points one after the other and keeps nothing on the disk; the first that fails ends
  /// the run.
  ///
  /// - Parameter commandLine: recorded as it was typed.
  public func run(
    arithmetic: Arithmetic, commandLine: String, observer: any RunObserver,
    clock: any Stopwatch = SystemStopwatch()
  ) throws -> ResultFile {
    let startedAt = Date()
    let results = try points.map {
      try run($0, arithmetic: arithmetic, observer: observer, clock: clock, journal: nil)
    }
    return try ResultFile(
      attributes: attributes(
        arithmetic: arithmetic, commandLine: commandLine, startedAt: startedAt, endedAt: Date()),
      points: results)
  }

  /// Whether some point computes products with OpenBLAS.
  public var usesOpenBLAS: Bool { points.contains { $0.spec.body.usesOpenBLAS } }

  /// Runs one point.
  func run(
    _ point: Point, arithmetic: Arithmetic, observer: any RunObserver, clock: any Stopwatch,
    journal: Journal?
  ) throws -> PointResult {
    let startedAt = Date()
    let start = clock.seconds()
    let variables = try point.spec.body.run(
      RunContext(
        inputs: point.inputs, arithmetic: arithmetic, clock: clock, observer: observer,
        journal: journal))
    return result(
      of: point, arithmetic: arithmetic, startedAt: startedAt, seconds: clock.seconds() - start,
      variables: variables)
  }

  /// The record of a point that ended, with its variables or with an error.
  func result(
    of point: Point, arithmetic: Arithmetic, startedAt: Date, seconds: Double,
    variables: [ResultVariable], error: String? = nil
  ) -> PointResult {
    PointResult(
      settings: point.point.settings.map { .init(path: $0.path, text: $0.value.label) },
      spec: point.spec.canonicalText, key: point.key,
      status: error == nil ? .finished : .failed, error: error ?? "", seconds: seconds,
      startedAt: RunEnvironment.utc(startedAt),
      machine: RunEnvironment.machine(
        arithmetic, usesOpenBLAS: point.spec.body.usesOpenBLAS), variables: variables)
  }

  /// The attributes of a result file.
  func attributes(
    arithmetic: Arithmetic, commandLine: String, startedAt: Date, endedAt: Date
  ) -> [(name: String, text: String)] {
    [
      ("Conventions", "CF-1.12"),
      ("title", header.title),
      ("name", header.name),
      ("kind", header.kind),
      ("source", "PoGO \(Version.program)"),
      ("program_version", Version.program),
      ("command_line", commandLine),
      ("spec_text", file.text),
      ("spec_sha256", SHA256.hash(Array(file.text.utf8)).hex),
      ("spec_overrides", file.overrides.joined(separator: "\n")),
      ("spec_expanded", file.expandedText),
    ]
      + RunEnvironment.current(
        arithmetic: arithmetic, startedAt: startedAt, endedAt: endedAt
      ).attributes
  }
}

/// Seconds since boot, from the system's monotonic clock: changes of the time of day do not touch
/// it.
public struct SystemStopwatch: Stopwatch {
  /// The clock of this machine.
  public init() {}
  /// Seconds since boot.
  public func seconds() -> Double {
    Double(DispatchTime.now().uptimeNanoseconds) / 1e9
  }
}
