import Safetensors

/// Why a folder is no checkpoint that can be used.
public enum CheckpointError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The configuration is missing, is no JSON, or describes a model that is not built here.
  case configuration(path: String, String)
  /// The tensors are not those of the configuration's model.
  case tensor(path: String, name: String, String)
  /// A file of tensors that cannot be read or written.
  case file(SafetensorsError)
  /// The model cannot be written in Hugging Face's form.
  case notExpressible(String)

  /// What is wrong, and where, in one line.
  public var description: String {
    switch self {
    case .configuration(let path, let problem): "\(path): \(problem)"
    case .tensor(let path, let name, let problem): "\(path): tensor \(Name.shown(name)): \(problem)"
    case .file(let error): error.description
    case .notExpressible(let text): text
    }
  }

  /// Whether the machine would not write, and not the input is at fault.
  public var isMachineFault: Bool {
    if case .file(let error) = self, case .unwritable = error.problem { true } else { false }
  }

  /// Runs `body`; its errors of files become errors of checkpoints.
  static func files<Result>(
    _ body: () throws(SafetensorsError) -> Result
  ) throws(CheckpointError) -> Result {
    do { return try body() } catch { throw .file(error) }
  }
}
