import Foundation
import HDF5
import Kernels
import Models
import Proofs
import Protocol

/// One experiment from spec file to result.
public struct Experiment: Sendable {
  /// The spec as it was read.
  public let spec: Spec
  /// The spec as its author wrote it.
  public let text: String
  /// Bytes of the corpus.
  public let corpus: [UInt8]

  /// Reads a spec and the corpus that it names, relative to the spec's folder.
  ///
  /// Throws ``InputError`` or ``SpecError``.
  public init(readingSpecAt path: String) throws {
    let name = (path as NSString).lastPathComponent
    let bytes = try InputError.contents(of: path, what: "spec")
    guard let text = String(bytes: bytes, encoding: .utf8) else {
      throw InputError(path, "the spec is not UTF-8 text")
    }
    let spec = try Spec.read(
      text: text, fileName: name, presets: ModelShape.presets.map(\.name))
    let folder = (path as NSString).deletingLastPathComponent
    let corpusPath =
      spec.data.corpus.hasPrefix("/")
      ? spec.data.corpus : (folder as NSString).appendingPathComponent(spec.data.corpus)
    self.spec = spec
    self.text = text
    corpus = try InputError.contents(of: corpusPath, what: "corpus of \(name)")
    guard corpus.count > spec.data.contextLength else {
      throw InputError(
        corpusPath,
        "the corpus has \(corpus.count) bytes, but data.context: \(spec.data.contextLength) needs "
          + "at least \(spec.data.contextLength + 1); use a longer text or a smaller context")
    }
  }

  /// Runs the experiment.
  ///
  /// - Parameter commandLine: recorded as it was typed.
  public func run(
    arithmetic: Arithmetic, commandLine: String, observer: some RunObserver
  ) throws -> ResultFile {
    let startedAt = Date()
    let plan = try Plan(spec: spec, corpus: corpus, workers: arithmetic.workers)
    let record = try Simulation(plan: plan, arithmetic: arithmetic).run(observer: observer)
    let variables = ChainVariables(
      record: record, minerNames: plan.miners.map(\.name),
      verifierNames: plan.verifiers.map(\.name)
    ).all(corpus: corpus)
    let environment = RunEnvironment.current(
      arithmetic: arithmetic, startedAt: startedAt, endedAt: Date())
    return ResultFile(
      attributes: [
        ("Conventions", "CF-1.12"),
        ("title", spec.title),
        ("name", spec.name),
        ("source", "PoGO \(Version.program)"),
        ("program_version", Version.program),
        ("command_line", commandLine),
        ("spec_text", text),
        ("spec_sha256", SHA256.hash(Array(text.utf8)).hex),
        ("spec_resolved", spec.canonicalText),
      ] + environment.attributes, variables: variables)
  }
}

/// A file that cannot be used as it is.
public struct InputError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file, and what is wrong with it.
  public let description: String

  init(_ path: String, _ problem: String) { description = "\(path): \(problem)" }

  /// The bytes of a file.
  static func contents(of path: String, what: String) throws(InputError) -> [UInt8] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw InputError(path, "there is no such file (\(what))")
    }
    guard !isFolder.boolValue else {
      throw InputError(path, "it is a folder, not a file (\(what))")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw InputError(path, "it cannot be read (\(what)); check its permissions")
    }
    return [UInt8](data)
  }
}
