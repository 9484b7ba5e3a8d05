/// A value of a spec as it was written, with the place where it was written.
///
/// Own type and not the parser's, because values of one spec come from several files and from the
/// command line, and messages must name the right one.
public struct SpecNode: Sendable, Equatable {
  /// Where a key or value was written.
  public struct Origin: Sendable, Equatable {
    /// Name of the file, or the option of the command line.
    public var source: String
    /// Line in the file, from 1; nil without lines.
    public var line: Int?

    /// A place in a file, or an option of the command line.
    public init(_ source: String, line: Int? = nil) {
      self.source = source
      self.line = line
    }
  }

  /// What is written there.
  public enum Content: Sendable, Equatable {
    /// A text in quotes or without.
    case scalar(String, isPlain: Bool)
    /// Nothing: `~`, `null` or no text at all.
    case null
    /// A list.
    case list([SpecNode])
    /// A mapping, in the order of the file.
    case mapping([Entry])
    /// What specs have no use for; the text describes it for messages.
    case unusable(String)
  }

  /// A key with its value.
  public struct Entry: Sendable, Equatable {
    /// The key.
    public var key: String
    /// Where the key was written.
    public var origin: Origin
    /// Its value.
    public var value: SpecNode
  }

  /// What is written.
  public var content: Content
  /// Where it is written.
  public var origin: Origin

  init(_ content: Content, _ origin: Origin) {
    self.content = content
    self.origin = origin
  }

  /// The text of a scalar, quoted or not.
  var text: String? {
    guard case .scalar(let text, _) = content else { return nil }
    return text
  }

  /// The text of a scalar without quotes, as numbers are written.
  var plainText: String? {
    guard case .scalar(let text, isPlain: true) = content else { return nil }
    return text
  }

  /// The elements of a list.
  var elements: [SpecNode]? {
    guard case .list(let nodes) = content else { return nil }
    return nodes
  }

  /// The entries of a mapping.
  var entries: [Entry]? {
    guard case .mapping(let entries) = content else { return nil }
    return entries
  }

  /// The value of a key of a mapping.
  subscript(key: String) -> SpecNode? { entries?.first { $0.key == key }?.value }

  /// How the value was written, for the end of a message: `'-4'`, `a list`, `empty`.
  var asFound: String {
    switch content {
    case .null: "empty"
    case .scalar(let text, let isPlain):
      isPlain ? "'\(Self.printable(text))'" : "the quoted text '\(Self.printable(text))'"
    case .list(let nodes): nodes.isEmpty ? "an empty list" : "a list"
    case .mapping(let entries): entries.isEmpty ? "an empty mapping" : "a mapping"
    case .unusable(let description): description
    }
  }

  /// The value in one line of YAML, as axes of a sweep are labelled.
  var label: String {
    switch content {
    case .null: "~"
    case .scalar(let text, let isPlain): isPlain ? text : YAMLText.quoted(text)
    case .list(let nodes): "[\(nodes.map(\.label).joined(separator: ", "))]"
    case .mapping(let entries):
      "{\(entries.map { "\($0.key): \($0.value.label)" }.joined(separator: ", "))}"
    case .unusable(let description): description
    }
  }

  /// The value as YAML that can stand inside of braces and reads back as an equal value.
  var flowText: String {
    switch content {
    case .null: return "~"
    case .scalar(let text, let isPlain):
      return isPlain && YAMLText.isSafe(text) ? text : YAMLText.quoted(text)
    case .list(let nodes): return "[\(nodes.map(\.flowText).joined(separator: ", "))]"
    case .mapping(let entries):
      let inner = entries.map { "\(YAMLText.key($0.key)): \($0.value.flowText)" }
      return "{\(inner.joined(separator: ", "))}"
    case .unusable(let description): return YAMLText.quoted(description)
    }
  }

  /// At most 80 characters of a text, without control characters, so that a message stays one line.
  static func printable(_ text: String) -> String {
    let line = String(text.prefix(80).map { Spec.isPrintable($0) ? $0 : "?" })
    return text.count > 80 ? line + "..." : line
  }
}

extension SpecNode {
  /// This mapping over `base`: keys of both are merged if both hold mappings; else this one's value
  /// stands.
  func merged(over base: SpecNode) -> SpecNode {
    guard let own = entries, var merged = base.entries else { return self }
    for entry in own {
      if let place = merged.firstIndex(where: { $0.key == entry.key }) {
        merged[place].value = entry.value.merged(over: merged[place].value)
        merged[place].origin = entry.origin
      } else {
        merged.append(entry)
      }
    }
    return SpecNode(.mapping(merged), origin)
  }

  /// Sets the value at a path of keys; mappings on the way that are absent are made. A whole number
  /// in the path is the place, from 0, in a list. Returns false if the path leads through a value
  /// that is neither.
  mutating func set(_ path: ArraySlice<Substring>, to value: SpecNode, origin: Origin) -> Bool {
    guard let first = path.first else {
      self = value
      return true
    }
    let rest = path.dropFirst()
    switch content {
    case .mapping(var entries):
      if let place = entries.firstIndex(where: { $0.key == first }) {
        guard entries[place].value.set(rest, to: value, origin: origin) else { return false }
        if rest.isEmpty { entries[place].origin = origin }
      } else {
        var inner = SpecNode(.mapping([]), origin)
        guard inner.set(rest, to: value, origin: origin) else { return false }
        entries.append(Entry(key: String(first), origin: origin, value: inner))
      }
      content = .mapping(entries)
      return true
    case .list(var nodes):
      guard let place = Units.integer(of: String(first), as: Int.self),
        nodes.indices.contains(place)
      else { return false }
      guard nodes[place].set(rest, to: value, origin: origin) else { return false }
      content = .list(nodes)
      return true
    case .null:
      content = .mapping([])
      return set(path, to: value, origin: origin)
    case .scalar, .unusable:
      return false
    }
  }

  /// The same value as if it had been written at `origin`.
  func relocated(to origin: Origin) -> SpecNode {
    let moved: Content =
      switch content {
      case .list(let nodes): .list(nodes.map { $0.relocated(to: origin) })
      case .mapping(let entries):
        .mapping(
          entries.map {
            Entry(key: $0.key, origin: origin, value: $0.value.relocated(to: origin))
          })
      case .scalar, .null, .unusable: content
      }
    return SpecNode(moved, origin)
  }

  /// Takes a key out of a mapping and returns its entry.
  mutating func remove(_ key: String) -> Entry? {
    guard var entries, let place = entries.firstIndex(where: { $0.key == key }) else { return nil }
    let entry = entries.remove(at: place)
    content = .mapping(entries)
    return entry
  }
}
