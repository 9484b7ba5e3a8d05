import Foundation

/// Why a spec was refused, and where: one line for the person who wrote the file.
///
/// `description` reads like `levels.yaml:4: unknown key 'roundng' in quantization.gradient; did you
/// mean 'rounding'?`.
public struct SpecError: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
  /// What is wrong with a spec.
  public enum Problem: Equatable, Sendable {
    /// The text is longer than `limit` bytes.
    case tooLong(bytes: Int, limit: Int)
    /// The text holds no YAML value.
    case emptyFile
    /// The text is not YAML; `reason` is the parser's own.
    case notYAML(reason: String)
    /// A mapping (`section` is its path, empty for the whole file) has a key that no rule reads.
    /// `suggestion` is the known key it resembles, and `known` lists all of them.
    case unknownKey(String, section: String, suggestion: String?, known: [String])
    /// A mapping has the same key twice.
    case repeatedKey(String)
    /// A key that has no default is absent.
    case missingKey(String, expectation: String)
    /// The value of `key` is not what `expectation` says; `found` is how the value was written.
    case wrongValue(key: String, expectation: String, found: String, suggestion: String?)
    /// Two participants of the chain have the same name.
    case repeatedName(String, key: String, first: String)
    /// `key` is refused for a reason that involves other keys.
    case conflict(key: String, reason: String)
  }

  /// The name of the spec file, as the caller gave it.
  public let fileName: String
  /// The line of the offending key or value, from 1; nil for what is absent.
  public let line: Int?
  /// What is wrong there.
  public let problem: Problem

  /// The whole message: file, line, what is wrong and the way out.
  public var description: String {
    let place = line.map { "\(fileName):\($0)" } ?? fileName
    return "\(place): \(message)"
  }

  /// The same as `description`.
  public var errorDescription: String? { description }

  /// What is wrong and the way out, without file and line.
  public var message: String {
    switch problem {
    case .tooLong(let bytes, let limit):
      return "a spec has at most \(limit) bytes, but this has \(bytes)"
    case .emptyFile:
      return "the file is empty; a spec starts with 'name'"
    case .notYAML(let reason):
      return "not valid YAML: \(reason)"
    case .unknownKey(let key, let section, let suggestion, let known):
      let place = section.isEmpty ? "" : " in \(section)"
      let wayOut =
        suggestion.map { "did you mean '\($0)'?" } ?? "known keys: \(known.joined(separator: ", "))"
      return "unknown key '\(key)'\(place); \(wayOut)"
    case .repeatedKey(let key):
      return "key '\(key)' is given more than once in this mapping"
    case .missingKey(let key, let expectation):
      return "missing key '\(key)': \(expectation)"
    case .wrongValue(let key, let expectation, let found, let suggestion):
      let wayOut = suggestion.map { "; did you mean '\($0)'?" } ?? ""
      return "\(key) must be \(expectation), but is \(found)\(wayOut)"
    case .repeatedName(let name, let key, let first):
      return "\(key) must be unique, but '\(name)' is already \(first)"
    case .conflict(let key, let reason):
      return "\(key) \(reason)"
    }
  }
}
