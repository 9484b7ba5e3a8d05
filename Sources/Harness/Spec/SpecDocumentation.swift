/// What every key of every kind means, collected from the readers themselves.
public struct SpecDocumentation: Sendable {
  /// One kind with its keys.
  public struct Kind: Sendable {
    /// The word after `kind:`.
    public let name: String
    /// What it does.
    public let summary: String
    /// Its keys, without those of every spec.
    public let keys: [SpecKey]
  }

  /// Keys of every spec.
  public let header: [SpecKey]
  /// The kinds with theirs.
  public let kinds: [Kind]

  /// Asks the readers of all kinds.
  public init(_ registry: KindRegistry = .all) {
    var file = SpecSection.describing()
    let header = Self.described { () throws(SpecError) in
      try Spec.Header(reading: &file, kinds: registry)
    }
    _ = Self.described { () throws(SpecError) in try SpecFile.outlook(reading: &file) }
    self.header = file.keys
    kinds = registry.kinds.map { kind in
      var file = SpecSection.describing()
      Self.described { () throws(SpecError) in _ = try kind.init(reading: &file, header: header) }
      return Kind(name: kind.name, summary: kind.summary, keys: file.keys)
    }
  }

  /// A reader that refuses when there is no text at all has a fault of its own.
  private static func described<Value>(_ read: () throws(SpecError) -> Value) -> Value {
    do { return try read() } catch {
      preconditionFailure("a reader refuses its own defaults: \(error.message)")
    }
  }

  // MARK: Markdown

  /// `docs/specs.md`, without its hand-written beginning.
  public func markdown() -> String {
    var parts = ["## Keys of every spec\n\n" + Self.table(header)]
    for kind in kinds {
      let sections = kind.keys.filter(\.isSection).map { key in
        "[`\(key.name)`](#\(Self.anchor(Self.title(key, of: kind.name, in: self))))"
          + (key.isRequired ? " (required)" : "")
      }
      var text = "## Kind `\(kind.name)`\n\nIn experiments of this kind, \(kind.summary).\n"
      if !sections.isEmpty { text += "\nSections: \(sections.joined(separator: ", ")).\n" }
      let plain = kind.keys.filter { !$0.isSection }
      if !plain.isEmpty { text += "\n" + Self.table(plain) }
      parts.append(text)
    }
    var seen: [SpecKey] = []
    for kind in kinds {
      for key in kind.keys where key.isSection && !seen.contains(where: { $0.isAlike(key) }) {
        seen.append(key)
        let users = kinds.filter { $0.keys.contains { $0.isAlike(key) } }.map { "`\($0.name)`" }
        let title = Self.title(key, of: kind.name, in: self)
        let used =
          "Used by \(users.count == 1 ? "kind" : "kinds") \(users.joined(separator: ", "))."
        parts.append(
          "## \(title)\n\n\(key.doc) \(used)\n\n" + Self.table(key.innerKeys, path: key.name))
      }
    }
    return parts.map { $0.hasSuffix("\n") ? $0 : $0 + "\n" }.joined(separator: "\n")
  }

  /// A section that kinds read differently is told apart by the kind.
  private static func title(_ key: SpecKey, of kind: String, in all: SpecDocumentation) -> String {
    let variants = all.kinds.flatMap(\.keys).filter { $0.isSection && $0.name == key.name }
    let first = all.kinds.first { $0.keys.contains { $0.isAlike(key) } }?.name ?? kind
    return variants.allSatisfy { $0.isAlike(key) }
      ? "Section `\(key.name)`" : "Section `\(key.name)` of kind `\(first)`"
  }

  private static func anchor(_ title: String) -> String {
    String(
      title.lowercased().compactMap { character in
        character == " "
          ? "-"
          : character.isLetter || character.isNumber || "-_".contains(character) ? character : nil
      })
  }

  private static func table(_ keys: [SpecKey], path: String = "") -> String {
    "| key | value | unit | default | meaning |\n|---|---|---|---|---|\n"
      + rows(keys, path: path).joined()
  }

  private static func rows(_ keys: [SpecKey], path: String) -> [String] {
    keys.flatMap { key in
      let full = path.isEmpty ? key.name : "\(path).\(key.name)"
      let suffix = key.isList ? "[]" : ""
      let fallback = key.isRequired ? "required" : key.fallback.map { quoted($0) } ?? "-"
      let example = key.example.map { key.fallback == nil ? "; such as `\($0)`" : "" } ?? ""
      let row = [
        "`\(full)`", escaped(key.expectation + example), key.unit ?? "", fallback,
        escaped(key.doc),
      ]
      return ["| \(row.joined(separator: " | ")) |\n"]
        + rows(key.innerKeys, path: full + suffix)
    }
  }

  private static func quoted(_ text: String) -> String {
    text.contains("`") || text.contains(" ") ? escaped(text) : "`\(text)`"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("|", with: "\\|")
  }
}

extension SpecKey {
  /// Whether its value is a mapping.
  var isSection: Bool {
    if case .section = form { true } else { false }
  }

  /// Whether its value is a list of mappings.
  var isList: Bool {
    switch form {
    case .list, .listOrCount: true
    default: false
    }
  }

  /// Keys of its mapping, or of the mappings in its list.
  public var innerKeys: [SpecKey] {
    switch form {
    case .section(let keys), .list(let keys), .listOrCount(let keys, _, _): keys
    default: []
    }
  }

  /// Whether both are the same section.
  func isAlike(_ other: SpecKey) -> Bool { name == other.name && form == other.form }
}
