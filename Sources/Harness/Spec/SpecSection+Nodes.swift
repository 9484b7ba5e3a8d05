import Foundation
internal import Yams

/// What a node of the YAML tree holds, and how messages speak of it.
extension SpecSection {
  /// The text of a scalar, quoted or not; nil for lists, mappings, nothing and explicit tags.
  static func text(_ node: Node) -> String? {
    guard let scalar = node.scalar, !isNull(node), !hasExplicitTag(scalar) else { return nil }
    return scalar.string
  }

  /// The text of a scalar without quotes, as numbers are written.
  static func plainText(_ node: Node) -> String? {
    guard node.scalar?.style == .plain else { return nil }
    return text(node)
  }

  /// Whether the node is one of YAML's notations for nothing.
  static func isNull(_ node: Node) -> Bool {
    guard let scalar = node.scalar, scalar.style == .plain else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }

  /// How a value was written, for the end of a message: `'-4'`, `a list`, `empty`.
  static func describe(_ node: Node) -> String {
    switch node {
    case .mapping(let mapping):
      let tag = mapping.tag.description.isEmpty ? "" : " with an explicit tag"
      return (mapping.isEmpty ? "an empty mapping" : "a mapping") + tag
    case .sequence(let sequence):
      let tag = sequence.tag.description.isEmpty ? "" : " with an explicit tag"
      return (sequence.isEmpty ? "an empty list" : "a list") + tag
    case .alias:
      return "an alias"
    case .scalar(let scalar):
      if isNull(node) { return "empty" }
      let text = "'\(printable(scalar.string))'"
      if hasExplicitTag(scalar) { return "\(text) with an explicit tag" }
      return scalar.style == .plain ? text : "the quoted text \(text)"
    }
  }

  /// At most 80 characters of a text, without control characters, so that a message stays one line.
  static func printable(_ text: String) -> String {
    let line = String(text.prefix(80).map { Spec.isPrintable($0) ? $0 : "?" })
    return text.count > 80 ? line + "..." : line
  }

  private static func hasExplicitTag(_ scalar: Node.Scalar) -> Bool {
    // The parser itself gives quoted texts the tag of a string.
    let implicit = scalar.style == .plain ? "" : Tag.Name.str.rawValue
    return scalar.tag.description != implicit
  }

  /// The problem and the line of an error that the YAML parser threw.
  static func explain(_ error: any Error, text: String) -> (SpecError.Problem, line: Int?) {
    switch error as? YamlError {
    case .duplicatedKeysInMapping(let duplicates, let context):
      return (.repeatedKey(printable(duplicates.first ?? "")), context.mark.line)
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      let line = lines.indices.contains(mark.line - 1) ? lines[mark.line - 1] : ""
      let isIndentedByTab = line.prefix(while: \.isWhitespace).contains("\t")
      let hint = isIndentedByTab ? "; indent with spaces, not with tabs" : ""
      let prefix = context.map { "\($0.text) " } ?? ""
      return (.notYAML(reason: prefix + problem + hint), mark.line)
    case .reader(let problem, let offset, _, _):
      let line = offset.map { text.prefix($0).count(where: \.isNewline) + 1 }
      return (.notYAML(reason: problem), line)
    default:
      return (.notYAML(reason: "\(error)"), nil)
    }
  }
}
