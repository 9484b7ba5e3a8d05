/// One axis of a sweep: the places on it, each of which sets one or more keys.
public struct SweepAxis: Sendable, Equatable {
  /// Where the axis was written.
  public let origin: SpecNode.Origin
  /// Keys that change along the axis.
  public let paths: [String]
  /// The places, each with its settings.
  public let entries: [[SpecPoint.Setting]]

  init(origin: SpecNode.Origin, entries: [[SpecPoint.Setting]]) {
    self.origin = origin
    self.entries = entries
    var paths: [String] = []
    for path in entries.flatMap({ $0.map(\.path) }) where !paths.contains(path) {
      paths.append(path)
    }
    self.paths = paths
  }

  /// Keys that no sweep can change, because they belong to the whole experiment.
  static let fixedKeys = ["name", "title", "kind", "include", "sweep", "report", "check"]

  /// Reads `sweep`: keys with lists of values (all combinations), `zip` (values that advance
  /// together) and `list` (points one by one); or a list of such mappings.
  static func read(_ entry: SpecNode.Entry) throws(SpecError) -> [SweepAxis] {
    var axes: [SweepAxis] = []
    for part in entry.value.elements ?? [entry.value] {
      guard let entries = part.entries else {
        throw wrong(
          "sweep", "a mapping from keys to lists of values", entry.origin, found: part.asFound)
      }
      for entry in entries {
        switch entry.key {
        case "zip": axes += try zips(entry)
        case "list": axes.append(try list(entry))
        default: axes.append(try product(entry))
        }
      }
    }
    var seen: Set<String> = []
    for axis in axes {
      for path in axis.paths {
        guard seen.insert(path).inserted else {
          throw SpecError(
            fileName: axis.origin.source, line: axis.origin.line,
            problem: .conflict(key: "sweep", reason: "sets '\(path)' on two axes"))
        }
      }
    }
    return axes
  }

  /// The axis of one key with a list of values.
  static func product(_ entry: SpecNode.Entry) throws(SpecError) -> SweepAxis {
    try check(entry.key, entry.origin)
    guard let values = entry.value.elements, !values.isEmpty else {
      throw wrong(
        "sweep.\(entry.key)", "a list of values", entry.origin, found: entry.value.asFound)
    }
    return SweepAxis(
      origin: entry.origin, entries: values.map { [.init(path: entry.key, value: $0)] })
  }

  private static func zips(_ entry: SpecNode.Entry) throws(SpecError) -> [SweepAxis] {
    var axes: [SweepAxis] = []
    for group in entry.value.elements ?? [entry.value] {
      guard let columns = group.entries, !columns.isEmpty else {
        throw wrong(
          "sweep.zip", "a mapping from keys to lists of equal length", entry.origin,
          found: group.asFound)
      }
      var entries: [[SpecPoint.Setting]] = []
      for column in columns {
        let values = try product(column).entries
        if entries.isEmpty { entries = values.map { _ in [] } }
        guard values.count == entries.count else {
          throw wrong(
            "sweep.zip.\(column.key)",
            "a list of \(entries.count) values, as many as '\(columns[0].key)' has",
            column.origin, found: "a list of \(values.count)")
        }
        for (index, value) in values.enumerated() { entries[index] += value }
      }
      axes.append(SweepAxis(origin: entry.origin, entries: entries))
    }
    return axes
  }

  private static func list(_ entry: SpecNode.Entry) throws(SpecError) -> SweepAxis {
    let expectation = "a list of mappings, each from keys to values"
    guard let nodes = entry.value.elements, !nodes.isEmpty else {
      throw wrong("sweep.list", expectation, entry.origin, found: entry.value.asFound)
    }
    var entries: [[SpecPoint.Setting]] = []
    for node in nodes {
      guard let settings = node.entries, !settings.isEmpty else {
        throw wrong("sweep.list", expectation, node.origin, found: "one that is \(node.asFound)")
      }
      for setting in settings { try check(setting.key, setting.origin) }
      entries.append(settings.map { .init(path: $0.key, value: $0.value) })
    }
    return SweepAxis(origin: entry.origin, entries: entries)
  }

  static func check(_ path: String, _ origin: SpecNode.Origin) throws(SpecError) {
    let parts = path.split(separator: ".", omittingEmptySubsequences: false)
    guard !parts.contains(where: \.isEmpty) else {
      throw wrong(
        "a key of sweep", "a path such as quantization.gradient.bits", origin,
        found: "'\(path)'")
    }
    guard !fixedKeys.contains(String(parts[0])) else {
      throw SpecError(
        fileName: origin.source, line: origin.line,
        problem: .conflict(
          key: path, reason: "belongs to the whole experiment and cannot be swept"))
    }
  }

  private static func wrong(
    _ key: String, _ expectation: String, _ origin: SpecNode.Origin, found: String
  ) -> SpecError {
    SpecError(
      fileName: origin.source, line: origin.line,
      problem: .wrongValue(key: key, expectation: expectation, found: found, suggestion: nil))
  }
}

/// One `--set key.path=value` of the command line.
struct Override {
  private let path: String
  private let values: [SpecNode]
  private let origin: SpecNode.Origin

  /// Parses `text`; throws ``SpecError`` that names it.
  init(_ text: String) throws(SpecError) {
    let source = "--set \(SpecNode.printable(text))"
    origin = SpecNode.Origin(source)
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw SpecError(
        fileName: source, line: nil,
        problem: .wrongValue(
          key: "--set", expectation: "key.path=value", found: "'\(SpecNode.printable(text))'",
          suggestion: nil))
    }
    path = String(text[..<equals])
    // Several values look like the inside of a list.
    let list = try SpecNode(yaml: "[\(text[text.index(after: equals)...])\n]", source: source)
    values = (list.elements ?? []).map { $0.relocated(to: SpecNode.Origin(source)) }
    if path != "title", path != "name" { try SweepAxis.check(path, origin) }
    guard !values.isEmpty else {
      throw SpecError(
        fileName: source, line: nil,
        problem: .wrongValue(
          key: path, expectation: "a value", found: "empty", suggestion: nil))
    }
  }

  /// One value replaces; several become an axis. Either takes the place of the key's old axis.
  func apply(to root: inout SpecNode, axes: inout [SweepAxis]) throws(SpecError) {
    for axis in axes where axis.paths.contains(path) {
      guard axis.paths.count == 1 else {
        throw SpecError(
          fileName: origin.source, line: nil,
          problem: .conflict(
            key: path, reason: "is swept together with other keys, by zip or list; change the spec"
          ))
      }
    }
    let place = axes.firstIndex { $0.paths == [path] }
    if values.count > 1 {
      let axis = SweepAxis(
        origin: origin, entries: values.map { [.init(path: path, value: $0)] })
      if let place { axes[place] = axis } else { axes.append(axis) }
    } else {
      if let place { axes.remove(at: place) }
      guard root.set(path.split(separator: ".")[...], to: values[0], origin: origin) else {
        throw SpecPoint.Setting(path: path, value: values[0]).refusal(at: origin)
      }
    }
  }
}
