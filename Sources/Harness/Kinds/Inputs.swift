import Foundation
import Kernels
import Proofs

/// A file or folder that a run reads.
public struct InputFile: Sendable, Equatable {
  /// What is at the path.
  public enum Form: Sendable, Equatable {
    /// A file; it is read whole before the run.
    case file
    /// A folder; the run reads it itself.
    case folder
    /// A checkpoint folder, whose model is read before the run.
    case checkpoint
    /// A `chain` result, whose final model at this point, from 1, is made before the run.
    case result(point: Int)
  }

  /// How the kind asks for it, such as `corpus`.
  public let name: String
  /// As the spec has it: relative to the folder of the spec.
  public let path: String
  /// What is there.
  public let form: Form

  /// A file or folder by the name that the kind gives it.
  public init(_ name: String, path: String, form: Form = .file) {
    self.name = name
    self.path = path
    self.form = form
  }
}

/// The files of a run, by the names that the kind gave them.
public struct Inputs: Sendable {
  private struct Input: Sendable {
    let path: String
    let bytes: [UInt8]
    let digest: Digest
    var model: WholeModel?
  }

  private var inputs: [String: Input] = [:]

  /// Files that are in memory already.
  public init(_ files: [String: [UInt8]] = [:]) {
    inputs = files.mapValues { Input(path: "", bytes: $0, digest: SHA256.hash($0)) }
  }

  /// Reads `files` relative to `folder`. `spec` names the spec for messages.
  ///
  /// Throws ``InputError`` that names the file.
  public init(
    reading files: [InputFile], relativeTo folder: String, spec: String
  ) throws(InputError) {
    for file in files {
      let path =
        file.path.hasPrefix("/")
        ? file.path : (folder as NSString).appendingPathComponent(file.path)
      switch file.form {
      case .file:
        let bytes = try InputError.contents(of: path, what: "\(file.name) of \(spec)")
        inputs[file.name] = Input(path: path, bytes: bytes, digest: SHA256.hash(bytes))
      case .folder:
        let digest = try Self.digest(ofFolder: path, what: "\(file.name) of \(spec)")
        inputs[file.name] = Input(path: path, bytes: [], digest: digest)
      case .checkpoint, .result:
        let model = try Self.model(file.form, at: path, what: "\(file.name) of \(spec)")
        // Of the parameters alone: the same model is the same input, whatever holds it.
        inputs[file.name] = Input(path: path, bytes: [], digest: model.root, model: model)
      }
    }
  }

  /// The bytes of a file that the kind declared.
  public func bytes(_ name: String) -> [UInt8] { inputs[name]?.bytes ?? [] }

  /// Where the file or folder is; empty for one that was given as bytes.
  public func path(_ name: String) -> String { inputs[name]?.path ?? "" }

  /// The model of a checkpoint or result that the kind declared.
  public func model(_ name: String) -> WholeModel? { inputs[name]?.model }

  private static func model(
    _ form: InputFile.Form, at path: String, what: String
  ) throws(InputError) -> WholeModel {
    do {
      guard case .result(let point) = form else {
        guard InputError.isFolder(path) else {
          throw InputError(path, "there is no such folder (\(what))")
        }
        return try WholeModel(checkpointAt: path)
      }
      try InputError.exists(path, what: what)
      return try WholeModel(
        finalOf: ResultFile.read(path), path: path, point: point,
        arithmetic: Arithmetic(workers: Workers(threads: 1)))
    } catch let error as InputError { throw error } catch {
      throw InputError(error)
    }
  }

  /// Names with the digests of what is there, in the order of the names.
  public var digests: [(name: String, digest: Digest)] {
    inputs.sorted { $0.key < $1.key }.map { ($0.key, $0.value.digest) }
  }

  /// A digest over the names and bytes of all files in a folder.
  private static func digest(ofFolder path: String, what: String) throws(InputError) -> Digest {
    let manager = FileManager.default
    guard let names = try? manager.subpathsOfDirectory(atPath: path) else {
      throw InputError(path, "there is no such folder (\(what))")
    }
    var parts: [[UInt8]] = []
    for name in names.sorted() {
      let inner = (path as NSString).appendingPathComponent(name)
      var isFolder: ObjCBool = false
      guard manager.fileExists(atPath: inner, isDirectory: &isFolder), !isFolder.boolValue else {
        continue
      }
      guard let file = FileHandle(forReadingAtPath: inner) else {
        throw InputError(inner, "it cannot be read (\(what)); check its permissions")
      }
      defer { try? file.close() }
      var hasher = SHA256Stream()
      while let piece = try? file.read(upToCount: 1 << 22), !piece.isEmpty {
        hasher.update([UInt8](piece))
      }
      parts += [Array(name.utf8), hasher.finalize().bytes]
    }
    return Digest.tagged("PoGO/folder", parts)
  }
}

/// A file that cannot be used as it is.
public struct InputError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file, and what is wrong with it.
  public let description: String

  init(_ path: String, _ problem: String) { description = "\(path): \(problem)" }

  /// An error that names the file itself.
  init(_ error: any Error) { description = "\(error)" }

  /// Whether there is a folder at `path`.
  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// Throws unless there is something at `path`.
  static func exists(_ path: String, what: String) throws(InputError) {
    guard FileManager.default.fileExists(atPath: path) else {
      throw InputError(path, "there is no such file (\(what))")
    }
  }

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
