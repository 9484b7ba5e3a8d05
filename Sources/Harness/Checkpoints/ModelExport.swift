import Checkpoints
import Foundation
import Safetensors

extension WholeModel {
  /// Writes the model as a folder that Hugging Face's `from_pretrained` loads; it appears whole or
  /// not at all. The folder must not exist, or be empty.
  ///
  /// Throws ``InputError`` or ``Checkpoints/CheckpointError``, and ``RunError`` for a fault of the
  /// machine.
  public func export(to path: String, type: ElementType = .float32) throws {
    let manager = FileManager.default
    if manager.fileExists(atPath: path) {
      guard InputError.isFolder(path), try manager.contentsOfDirectory(atPath: path).isEmpty else {
        throw InputError(path, "it exists already; export to a folder that does not, or is empty")
      }
    }
    // Refuses what has no such form before anything is made.
    let configuration = Configuration(shape: shape)
    _ = try configuration.text(type: type)
    let aside = path + ".part-\(ProcessInfo.processInfo.processIdentifier)"
    do {
      try manager.createDirectory(atPath: aside, withIntermediateDirectories: false)
    } catch { throw RunError.machine("\(aside): it cannot be made: \(error.reason)") }
    var isDone = false
    defer { if !isDone { try? manager.removeItem(atPath: aside) } }
    try Checkpoint.write(parameters, configuration: configuration, type: type, to: aside)
    // Replaces an empty folder in one step.
    guard rename(aside, path) == 0 else {
      throw RunError.machine("\(path): it cannot be made: \(String(cString: strerror(errno)))")
    }
    isDone = true
  }
}
