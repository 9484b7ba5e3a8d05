import Foundation
import HDF5
import Kernels
import Proofs
import Protocol

/// One experiment from spec file to result.
public struct Experiment: Sendable {
  /// The spec with all its points.
  public let file: SpecFile
  /// The spec of the only point.
  public let spec: Spec
  /// The files that it reads.
  public let inputs: Inputs

  /// Reads a spec and the files that it names, relative to the spec's folder.
  ///
  /// Throws ``InputError`` or ``SpecError``.
  public init(
    readingSpecAt path: String, overrides: [String] = [], kinds: KindRegistry = .all
  ) throws {
    file = try SpecFile(readingAt: path, overrides: overrides, kinds: kinds)
    guard file.points.count == 1 else {
      throw InputError(
        path, "it has \(file.points.count) points; --set one value for each swept key to run one")
    }
    spec = file.points[0].spec
    inputs = try Inputs(
      reading: spec.body.inputs, relativeTo: (path as NSString).deletingLastPathComponent,
      spec: (path as NSString).lastPathComponent)
  }

  /// One point of a spec that was read, with its files.
  public init(file: SpecFile, spec: Spec, inputs: Inputs) {
    self.file = file
    self.spec = spec
    self.inputs = inputs
  }

  /// Runs the experiment.
  ///
  /// - Parameter commandLine: recorded as it was typed.
  public func run(
    arithmetic: Arithmetic, commandLine: String, observer: any RunObserver
  ) throws -> ResultFile {
    let startedAt = Date()
    let variables = try spec.body.run(
      RunContext(inputs: inputs, arithmetic: arithmetic, observer: observer))
    let environment = RunEnvironment.current(
      arithmetic: arithmetic, startedAt: startedAt, endedAt: Date())
    return ResultFile(
      attributes: [
        ("Conventions", "CF-1.12"),
        ("title", spec.header.title),
        ("name", spec.header.name),
        ("kind", spec.header.kind),
        ("source", "PoGO \(Version.program)"),
        ("program_version", Version.program),
        ("command_line", commandLine),
        ("spec_text", file.text),
        ("spec_sha256", SHA256.hash(Array(file.text.utf8)).hex),
        ("spec_overrides", file.overrides.joined(separator: "\n")),
        ("spec_resolved", spec.canonicalText),
      ] + environment.attributes, variables: variables)
  }
}

/// Seconds since boot, from the system's monotonic clock.
public struct SystemStopwatch: Stopwatch {
  /// The clock of this machine.
  public init() {}
  /// Seconds since boot.
  public func seconds() -> Double {
    Double(DispatchTime.now().uptimeNanoseconds) / 1e9
  }
}
