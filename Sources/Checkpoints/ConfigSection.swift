import Safetensors

/// One mapping of a `config.json`, read key by key with the defaults of `transformers`.
struct ConfigSection {
  let json: JSON
  /// Path of the file, for messages.
  let path: String
  /// Keys that lead to the mapping, each with a point behind it.
  let prefix: String

  init(_ json: JSON, path: String, prefix: String = "") {
    self.json = json
    self.path = path
    self.prefix = prefix
  }

  func refusal(_ key: String, _ problem: String) -> CheckpointError {
    .configuration(path: path, "\(prefix)\(key) \(problem)")
  }

  /// The value of `key`; nil if it is missing or null.
  func value(_ key: String) -> JSON? {
    guard let value = json[key], value != .null else { return nil }
    return value
  }

  func count(_ key: String, default standard: Int) throws(CheckpointError) -> Int {
    guard let value = value(key) else { return standard }
    guard let count = value.count else {
      throw refusal(key, "must be a count, but is \(value.kind)")
    }
    return count
  }

  func number(_ key: String, default standard: Double) throws(CheckpointError) -> Double {
    guard let value = value(key) else { return standard }
    guard let number = value.double else {
      throw refusal(key, "must be a number, but is \(value.kind)")
    }
    return number
  }

  /// A mapping below this one, or nil.
  func section(_ key: String) throws(CheckpointError) -> ConfigSection? {
    guard let value = value(key) else { return nil }
    guard value.members != nil else {
      throw refusal(key, "must be a mapping, but is \(value.kind)")
    }
    return ConfigSection(value, path: path, prefix: "\(prefix)\(key).")
  }

  /// Throws unless `key` has one of the values, the first of which it has where it is missing.
  func require(_ key: String, _ values: JSON..., reason: String) throws(CheckpointError) {
    let value = json[key] ?? values[0]
    guard values.contains(value) else {
      throw refusal(
        key,
        "is \(value.text.prefix(80)), but only "
          + values.map(\.text).joined(separator: " or ") + " can be computed: \(reason)")
    }
  }

  /// Throws unless a number is missing or has exactly this value.
  func require(_ key: String, equals expected: Double, reason: String) throws(CheckpointError) {
    let value = try number(key, default: expected)
    guard value == expected else {
      throw refusal(key, "is \(value), but only \(expected) can be computed: \(reason)")
    }
  }
}
