internal import Yams

/// One mapping of a spec while it is read.
///
/// Each key is asked for once, with its limits and its default; `refuseOtherKeys` then refuses the
/// rest, so that a typing error cannot become a silent default.
struct SpecSection {
  private typealias Entry = (key: String, line: Int?, value: Node)

  /// Path of the mapping in the file, such as `quantization.gradient`; empty for the whole file.
  let path: String
  private let fileName: String
  private let entries: [Entry]
  private var known: [String] = []

  /// A section that is absent: every key takes its default.
  private init(absentAt path: String, fileName: String) {
    self.path = path
    self.fileName = fileName
    entries = []
  }

  private init(_ node: Node, path: String, line: Int?, fileName: String) throws(SpecError) {
    self.path = path
    self.fileName = fileName
    guard let mapping = node.mapping, mapping.tag.description.isEmpty else {
      throw SpecError(
        fileName: fileName, line: line,
        problem: .wrongValue(
          key: path.isEmpty ? "a spec" : path, expectation: "a mapping",
          found: Self.describe(node), suggestion: nil))
    }
    var entries: [Entry] = []
    var names: Set<String> = []
    for (key, value) in mapping {
      // A key that is no scalar gets a name that no rule asks for, and is refused with the others.
      let name = key.scalar.map { Self.printable($0.string) } ?? "a list or mapping"
      let line = key.mark?.line
      guard names.insert(name).inserted else {
        throw SpecError(fileName: fileName, line: line, problem: .repeatedKey(name))
      }
      entries.append((name, line, value))
    }
    self.entries = entries
  }

  /// The outermost mapping of the YAML `text`.
  init(text: String, fileName: String) throws(SpecError) {
    let limit = 1 << 20
    func refuse(_ problem: SpecError.Problem, line: Int? = nil) -> SpecError {
      SpecError(fileName: fileName, line: line, problem: problem)
    }
    guard text.utf8.count <= limit else {
      throw refuse(.tooLong(bytes: text.utf8.count, limit: limit))
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
    guard let root, !Self.isNull(root) else { throw refuse(.emptyFile) }
    try self.init(root, path: "", line: root.mark?.line, fileName: fileName)
  }

  // MARK: Values

  /// Whether the mapping has the key. Does not count as asking for it.
  func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

  /// A whole number within `limits`.
  mutating func integer<Value: FixedWidthInteger>(
    _ key: String, in limits: ClosedRange<Value>, default fallback: Value? = nil
  ) throws(SpecError) -> Value {
    let expectation = "an integer in \(limits.lowerBound)...\(limits.upperBound)"
    return try value(key, expectation, default: fallback) { node in
      Self.plainText(node).flatMap { Units.integer(of: $0, as: Value.self) }
        .flatMap { limits.contains($0) ? $0 : nil }
    }
  }

  /// A decimal number within `limits`.
  mutating func number(
    _ key: String, _ limits: NumberLimits, default fallback: Double? = nil
  ) throws(SpecError) -> Double {
    try value(key, limits.rawValue, default: fallback) { node in
      Self.plainText(node).flatMap(Units.number).flatMap { limits.contain($0) ? $0 : nil }
    }
  }

  /// One of the raw values of `Choice`.
  mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, of type: Choice.Type, default fallback: Choice? = nil
  ) throws(SpecError) -> Choice {
    let name = try choice(
      key, among: Choice.allCases.map(\.rawValue), default: fallback?.rawValue)
    guard let choice = Choice(rawValue: name) else {
      preconditionFailure("'\(name)' is a raw value of \(Choice.self)")
    }
    return choice
  }

  /// One of `names`.
  mutating func choice(
    _ key: String, among names: [String], default fallback: String? = nil
  ) throws(SpecError) -> String {
    let expectation = names.count == 1 ? "'\(names[0])'" : "one of \(names.joined(separator: ", "))"
    return try value(
      key, expectation, default: fallback,
      suggestion: { NearestName.of($0, in: names) },
      accept: { node in Self.text(node).flatMap { names.contains($0) ? $0 : nil } })
  }

  /// A text that `accept` turns into a value; `expectation` says in words what it accepts.
  mutating func text<Value>(
    _ key: String, _ expectation: String, default fallback: Value? = nil,
    accept: (String) -> Value?
  ) throws(SpecError) -> Value {
    try value(key, expectation, default: fallback) { node in Self.text(node).flatMap(accept) }
  }

  /// An inner mapping. One that may be left out is then read as if it were empty.
  mutating func section(_ key: String, required expectation: String? = nil) throws(SpecError)
    -> SpecSection
  {
    known.append(key)
    guard let entry = entries.first(where: { $0.key == key }) else {
      if let expectation { throw missing(key, expectation) }
      return SpecSection(absentAt: fullPath(key), fileName: fileName)
    }
    return try SpecSection(
      entry.value, path: fullPath(key), line: entry.line, fileName: fileName)
  }

  /// A list of 1...`limit` mappings, or nil if the key is absent.
  ///
  /// With `orNumber` the value may be something else than a list: then the answer is nil and the
  /// key does not count as asked for, so that it can be read as a number.
  mutating func list(_ key: String, limit: Int, orNumber: Bool = false) throws(SpecError)
    -> [SpecSection]?
  {
    let entry = entries.first { $0.key == key }
    if orNumber, entry?.value.sequence == nil { return nil }
    known.append(key)
    guard let entry else { return nil }
    guard let nodes = entry.value.sequence, nodes.tag.description.isEmpty,
      (1...limit).contains(nodes.count)
    else {
      let count = entry.value.sequence?.count ?? 0
      throw wrong(
        key, "a list of 1...\(limit) entries", entry.line,
        found: count > limit ? "a list of \(count)" : Self.describe(entry.value))
    }
    var sections: [SpecSection] = []
    for (index, node) in nodes.enumerated() {
      sections.append(
        try SpecSection(
          node, path: "\(fullPath(key))[\(index)]", line: node.mark?.line, fileName: fileName))
    }
    return sections
  }

  // MARK: Refusals

  /// Throws unless every key of the mapping was asked for.
  func refuseOtherKeys() throws(SpecError) {
    guard let entry = entries.first(where: { !known.contains($0.key) }) else { return }
    throw unknown(entry, suggestion: NearestName.of(entry.key, in: known))
  }

  /// The error that `key` contradicts something outside its own limits.
  func conflict(_ key: String, _ reason: String) -> SpecError {
    SpecError(
      fileName: fileName, line: line(of: key),
      problem: .conflict(key: fullPath(key), reason: reason))
  }

  /// The error that the name in `key` was taken by `first`, a phrase such as `the name of
  /// chain.miners[0]`.
  func repeatedName(_ name: String, _ key: String, first: String) -> SpecError {
    SpecError(
      fileName: fileName, line: line(of: key),
      problem: .repeatedName(name, key: fullPath(key), first: first))
  }

  /// The value that `accept` finds in the node of `key`, or the default; every reader ends here.
  mutating func value<Value>(
    _ key: String, _ expectation: String, default fallback: Value?,
    suggestion: (String) -> String? = { _ in nil }, accept: (Node) -> Value?
  ) throws(SpecError) -> Value {
    known.append(key)
    guard let entry = entries.first(where: { $0.key == key }) else {
      if let fallback { return fallback }
      throw missing(key, expectation)
    }
    if let value = accept(entry.value) { return value }
    throw wrong(
      key, expectation, entry.line, found: Self.describe(entry.value),
      suggestion: Self.text(entry.value).flatMap(suggestion))
  }

  private func wrong(
    _ key: String, _ expectation: String, _ line: Int?, found: String, suggestion: String? = nil
  ) -> SpecError {
    SpecError(
      fileName: fileName, line: line,
      problem: .wrongValue(
        key: fullPath(key), expectation: expectation, found: found, suggestion: suggestion))
  }

  private func missing(_ key: String, _ expectation: String) -> SpecError {
    // A key that looks like the absent one is the better place to point at.
    let lookalike = entries.first { entry in
      !known.contains(entry.key) && NearestName.of(entry.key, in: [key]) != nil
    }
    if let lookalike { return unknown(lookalike, suggestion: key) }
    return SpecError(
      fileName: fileName, line: nil,
      problem: .missingKey(fullPath(key), expectation: expectation))
  }

  private func unknown(_ entry: Entry, suggestion: String?) -> SpecError {
    SpecError(
      fileName: fileName, line: entry.line,
      problem: .unknownKey(entry.key, section: path, suggestion: suggestion, known: known))
  }

  private func line(of key: String) -> Int? { entries.first { $0.key == key }?.line }

  private func fullPath(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}

/// The limits that a decimal number of a spec can have; the raw value says them in words.
enum NumberLimits: String {
  case positive = "a number above 0"
  case notNegative = "a number of at least 0"
  case rate = "a number in 0...1"
  case positiveRate = "a number above 0 and at most 1"

  func contain(_ value: Double) -> Bool {
    switch self {
    case .positive: value > 0
    case .notNegative: value >= 0
    case .rate: 0 <= value && value <= 1
    case .positiveRate: 0 < value && value <= 1
    }
  }
}
