/// A JSON value (RFC 8259) as the headers and configurations of checkpoints hold them.
///
/// Foundation's reader keeps the last of two equal keys and rounds large integers, so a header
/// could say two things at once. This one keeps numbers as they are written and refuses equal keys.
package indirect enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  /// A number as it is written.
  case number(String)
  case string(String)
  case array([JSON])
  /// Members in the order of the text, with no key twice.
  case object([Member])

  /// One member of an object.
  package struct Member: Sendable, Equatable {
    package let key: String
    package let value: JSON

    package init(_ key: String, _ value: JSON) {
      self.key = key
      self.value = value
    }
  }

  /// An integer without sign, fraction or exponent that fits Int, or nil.
  package var count: Int? {
    guard case .number(let text) = self, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
      return nil
    }
    return Int(text)
  }
  /// A finite number, or nil.
  package var double: Double? {
    guard case .number(let text) = self, let value = Double(text), value.isFinite else {
      return nil
    }
    return value
  }
  package var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }
  package var string: String? {
    if case .string(let value) = self { value } else { nil }
  }
  package var array: [JSON]? {
    if case .array(let values) = self { values } else { nil }
  }
  package var members: [Member]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// The member of an object called `key`; nil also when this is no object.
  package subscript(key: String) -> JSON? { members?.first { $0.key == key }?.value }

  /// What kind of value it is, for messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a truth value"
    case .number(let text): text.utf8.count <= 32 ? "the number \(text)" : "a long number"
    case .string(let text): "the text \(Name.shown(text))"
    case .array: "a list"
    case .object: "a mapping"
    }
  }

  /// The value as compact JSON; all that is not ASCII stays as it is.
  package var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(let text): text
    case .string(let text): Self.quoted(text)
    case .array(let values): "[" + values.map(\.text).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.map { "\(Self.quoted($0.key)):\($0.value.text)" }.joined(separator: ",") + "}"
    }
  }

  /// The value as JSON with two spaces for each level, as `json.dumps(..., indent=2)` prints it.
  package func indentedText(_ level: Int = 0) -> String {
    let inner = String(repeating: "  ", count: level + 1)
    let outer = String(repeating: "  ", count: level)
    switch self {
    case .array(let values) where !values.isEmpty:
      let lines = values.map { inner + $0.indentedText(level + 1) }
      return "[\n" + lines.joined(separator: ",\n") + "\n\(outer)]"
    case .object(let members) where !members.isEmpty:
      let lines = members.map {
        "\(inner)\(Self.quoted($0.key)): \($0.value.indentedText(level + 1))"
      }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(outer)}"
    default: return text
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{c}": result += "\\f"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
