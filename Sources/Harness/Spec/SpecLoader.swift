import Foundation

/// Reads spec files and what they include.
public enum SpecLoader {
  /// How deep includes may nest.
  static let depthLimit = 16

  /// The text of a spec file.
  static func text(at path: String) throws(InputError) -> String {
    let bytes = try InputError.contents(of: path, what: "spec")
    guard let text = String(bytes: bytes, encoding: .utf8) else {
      throw InputError(path, "the spec is not UTF-8 text")
    }
    return text
  }

  /// The values of the file `included`, relative to the folder of the file at `path`, with those
  /// that it includes itself.
  static func include(
    _ included: String, from path: String, origin: SpecNode.Origin, above: [String] = []
  ) throws -> SpecNode {
    let folder = (path as NSString).deletingLastPathComponent
    let target =
      included.hasPrefix("/")
      ? included : (folder as NSString).appendingPathComponent(included)
    let chain = above + [(path as NSString).standardizingPath]
    let identity = (target as NSString).standardizingPath
    guard !chain.contains(identity), chain.count < depthLimit else {
      throw SpecError(
        fileName: origin.source, line: origin.line,
        problem: .conflict(
          key: "include",
          reason: chain.contains(identity)
            ? "leads back to '\(included)'" : "is nested more than \(depthLimit) deep"))
    }
    var node: SpecNode
    do {
      node = try SpecNode(
        yaml: text(at: target), source: (target as NSString).lastPathComponent)
    } catch let error as InputError {
      throw SpecError(
        fileName: origin.source, line: origin.line,
        problem: .conflict(key: "include", reason: "cannot be read: \(error)"))
    }
    if let entry = node.remove("include") {
      node = try merging(entry, under: node) { inner, origin in
        try include(inner, from: target, origin: origin, above: chain)
      }
    }
    return try expanding(node) { inner, origin in
      try include(inner, from: target, origin: origin, above: chain)
    }
  }

  /// `node` with what the mappings inside of it include: an `include` in a mapping gives the values of
  /// that mapping.
  static func expanding(
    _ node: SpecNode, include: (String, SpecNode.Origin) throws -> SpecNode
  ) throws -> SpecNode {
    var node = node
    switch node.content {
    case .mapping(let entries):
      node.content = .mapping(
        try entries.map { entry in
          var entry = entry
          entry.value = try expanding(entry.value, include: include)
          if let inner = entry.value.remove("include") {
            entry.value = try merging(inner, under: entry.value, include: include)
          }
          return entry
        })
    case .list(let elements):
      node.content = .list(
        try elements.map { element in
          var element = try expanding(element, include: include)
          guard let inner = element.remove("include") else { return element }
          element = try merging(inner, under: element, include: include)
          return element
        })
    default: break
    }
    return node
  }

  /// `root` over the files that the entry `include` names; later files stand over earlier ones.
  static func merging(
    _ entry: SpecNode.Entry, under root: SpecNode,
    include: (String, SpecNode.Origin) throws -> SpecNode
  ) throws -> SpecNode {
    let names = (entry.value.elements ?? [entry.value]).map(\.text)
    var base = SpecNode(.mapping([]), root.origin)
    for name in names {
      guard let name else {
        throw SpecError(
          fileName: entry.origin.source, line: entry.origin.line,
          problem: .wrongValue(
            key: "include", expectation: "the path of a spec, or a list of paths",
            found: entry.value.asFound, suggestion: nil))
      }
      let node = try include(name, entry.origin)
      guard node.entries != nil else {
        throw SpecError(
          fileName: node.origin.source, line: node.origin.line,
          problem: .wrongValue(
            key: "a spec", expectation: "a mapping", found: node.asFound, suggestion: nil))
      }
      base = node.merged(over: base)
    }
    return root.merged(over: base)
  }

  /// Refuses every include: for texts that come from no file.
  public static func refuse(_ path: String, _ origin: SpecNode.Origin) throws -> SpecNode {
    throw SpecError(
      fileName: origin.source, line: origin.line,
      problem: .conflict(key: "include", reason: "needs a spec that is a file"))
  }
}
