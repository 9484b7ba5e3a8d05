import Foundation
internal import Yams

extension SpecNode {
  /// The most bytes of one file.
  static let byteLimit = 1 << 20
  /// The most values of one file after its aliases are followed: a few nested aliases could
  /// otherwise stand for more values than memory holds.
  static let nodeLimit = 1 << 20

  /// The value of a YAML `text`.
  ///
  /// - Parameter source: how messages call the text; nothing is opened.
  /// - Throws: ``SpecError`` for text that is no YAML, is empty or repeats a key.
  init(yaml text: String, source: String) throws(SpecError) {
    func refuse(_ problem: SpecError.Problem, line: Int? = nil) -> SpecError {
      SpecError(fileName: source, line: line, problem: problem)
    }
    guard text.utf8.count <= Self.byteLimit else {
      throw refuse(.tooLong(bytes: text.utf8.count, limit: Self.byteLimit))
    }
    // A byte order mark says nothing in UTF-8, and the parser would take it for text.
    let text =
      text.unicodeScalars.first == "\u{FEFF}"
      ? String(text.unicodeScalars.dropFirst()) : text
    // The parser does not accept a text without bytes.
    guard !text.isEmpty else { throw refuse(.emptyFile) }
    let root: Node?
    do {
      // The encoding is given because the parser would look for it in the environment.
      root = try compose(yaml: text, .default, .default, .utf8)
    } catch {
      let (problem, line) = Self.explain(error, text: text)
      throw refuse(problem, line: line)
    }
    guard let root else { throw refuse(.emptyFile) }
    var count = 0
    let node = try Self(root, source: source, count: &count)
    guard node.content != .null else { throw refuse(.emptyFile) }
    self = node
  }

  private init(_ node: Node, source: String, count: inout Int) throws(SpecError) {
    count += 1
    let origin = Origin(source, line: node.mark?.line)
    guard count <= Self.nodeLimit else {
      throw SpecError(
        fileName: source, line: origin.line,
        problem: .notYAML(reason: "more than \(Self.nodeLimit) values after aliases are followed"))
    }
    switch node {
    case .scalar(let scalar):
      self.init(Self.content(scalar), origin)
    case .sequence(let sequence):
      guard sequence.tag.description.isEmpty else {
        self.init(.unusable("a list with an explicit tag"), origin)
        return
      }
      var nodes: [SpecNode] = []
      for node in sequence { nodes.append(try SpecNode(node, source: source, count: &count)) }
      self.init(.list(nodes), origin)
    case .mapping(let mapping):
      guard mapping.tag.description.isEmpty else {
        self.init(.unusable("a mapping with an explicit tag"), origin)
        return
      }
      var entries: [Entry] = []
      var names: Set<String> = []
      for (key, value) in mapping {
        // A key that is no scalar gets a name that no rule asks for, and is refused later.
        let name = key.scalar.map { Self.printable($0.string) } ?? "a list or mapping"
        let origin = Origin(source, line: key.mark?.line)
        guard names.insert(name).inserted else {
          throw SpecError(fileName: source, line: origin.line, problem: .repeatedKey(name))
        }
        entries.append(
          Entry(
            key: name, origin: origin,
            value: try SpecNode(value, source: source, count: &count)))
      }
      self.init(.mapping(entries), origin)
    case .alias:
      self.init(.unusable("an alias"), origin)
    }
  }

  private static func content(_ scalar: Node.Scalar) -> Content {
    let isPlain = scalar.style == .plain
    // The parser itself gives quoted texts the tag of a string.
    let implicit = isPlain ? "" : Tag.Name.str.rawValue
    if isPlain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) { return .null }
    guard scalar.tag.description == implicit else {
      return .unusable("'\(printable(scalar.string))' with an explicit tag")
    }
    return .scalar(scalar.string, isPlain: isPlain)
  }

  /// The problem and the line of an error that the YAML parser threw.
  private static func explain(
    _ error: any Error, text: String
  ) -> (SpecError.Problem, line: Int?) {
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
