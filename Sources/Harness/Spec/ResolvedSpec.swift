/// The values that a reader took, defaults included, in the order in which it asked for them.
public struct ResolvedSpec: Sendable, Equatable {
  /// A value in its canonical notation.
  public indirect enum Value: Sendable, Equatable {
    /// A scalar or a list of scalars, as YAML.
    case scalar(String)
    /// A mapping.
    case section(ResolvedSpec)
    /// A list of mappings.
    case list([ResolvedSpec])
  }

  /// Keys with their values.
  public internal(set) var entries: [(key: String, value: Value)] = []

  /// Equal keys and values in the same order.
  public static func == (first: ResolvedSpec, second: ResolvedSpec) -> Bool {
    first.entries.elementsEqual(second.entries) { $0.key == $1.key && $0.value == $1.value }
  }

  /// The value of a key.
  public subscript(key: String) -> Value? { entries.first { $0.key == key }?.value }

  /// The same without some keys of the outermost mapping.
  public func without(_ keys: Set<String>) -> ResolvedSpec {
    var copy = self
    copy.entries.removeAll { keys.contains($0.key) }
    return copy
  }

  /// All values as YAML: equal values give equal bytes, and reading it gives equal values.
  public var text: String { lines.map { $0 + "\n" }.joined() }

  private var lines: [String] {
    entries.flatMap { key, value in
      switch value {
      case .scalar(let text): ["\(key): \(text)"]
      case .section(let section):
        section.entries.isEmpty ? [] : ["\(key):"] + section.lines.map { "  \($0)" }
      case .list(let elements): ["\(key):"] + elements.map { "  - \($0.inline)" }
      }
    }
  }

  private var inline: String {
    let parts = entries.map { key, value in
      switch value {
      case .scalar(let text): "\(key): \(text)"
      case .section(let section): "\(key): \(section.inline)"
      case .list(let elements): "\(key): [\(elements.map(\.inline).joined(separator: ", "))]"
      }
    }
    return "{\(parts.joined(separator: ", "))}"
  }

  /// All scalars with their paths, such as `chain.miners.0.name`.
  public var leaves: [(path: String, text: String)] {
    entries.flatMap { key, value -> [(path: String, text: String)] in
      switch value {
      case .scalar(let text): [(key, text)]
      case .section(let section): section.leaves.map { ("\(key).\($0.path)", $0.text) }
      case .list(let elements):
        elements.enumerated().flatMap { index, element in
          element.leaves.map { ("\(key).\(index).\($0.path)", $0.text) }
        }
      }
    }
  }
}

/// Notations of YAML.
enum YAMLText {
  /// Whether a text means the same with and without quotes around it, wherever it stands.
  static func isSafe(_ text: String) -> Bool {
    !text.isEmpty
      && text.unicodeScalars.allSatisfy {
        ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
          || "+-._/".unicodeScalars.contains($0)
      }
  }

  /// A key, in quotes if it would not read back without.
  static func key(_ text: String) -> String { isSafe(text) ? text : quoted(text) }

  /// A text in double quotes.
  ///
  /// What YAML would refuse or fold is escaped: control characters, the separators of lines and
  /// paragraphs, the byte order mark and noncharacters.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22, 0x5C:
        result += "\\" + String(scalar)
      case 0..<0x20, 0x7F...0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF:
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default:
        result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
