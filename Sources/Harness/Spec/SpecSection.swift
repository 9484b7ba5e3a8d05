/// Read from one mapping of a spec.
public protocol SpecReadable {
  /// Asks `section` for every key that this type knows, each once and on every path, and decides
  /// afterwards: only so can the same code describe itself.
  init(reading section: inout SpecSection) throws(SpecError)
}

/// One mapping of a spec while it is read.
///
/// Each key is asked for once, with its limits, default and meaning. From the same calls come the
/// value, the refusals, the resolved spec and the documentation: a section that was made by
/// ``describing()`` has no text, answers each call with a value within the limits, and keeps what
/// was asked. Keys that nobody asked for are refused at the end.
public struct SpecSection {
  /// Path of the mapping in the file, such as `quantization.gradient`; empty for the whole file.
  public let path: String
  /// Whether there is no spec, and only the documentation of the keys is wanted.
  public let isDescribing: Bool
  /// What the keys that were asked for mean.
  public private(set) var keys: [SpecKey] = []
  /// The values that were read.
  public private(set) var resolved = ResolvedSpec()

  let source: String
  private let entries: [SpecNode.Entry]

  /// The mapping `node`; throws if it is none.
  init(_ node: SpecNode, path: String = "", origin: SpecNode.Origin) throws(SpecError) {
    guard let entries = node.entries else {
      throw SpecError(
        fileName: origin.source, line: origin.line,
        problem: .wrongValue(
          key: path.isEmpty ? "a spec" : path, expectation: "a mapping", found: node.asFound,
          suggestion: nil))
    }
    self.path = path
    self.entries = entries
    source = origin.source
    isDescribing = false
  }

  private init(emptyAt path: String, source: String, isDescribing: Bool) {
    self.path = path
    self.source = source
    self.isDescribing = isDescribing
    entries = []
  }

  /// A section that only collects ``keys``.
  static func describing() -> SpecSection {
    SpecSection(emptyAt: "", source: "", isDescribing: true)
  }

  /// Whether the mapping has the key. Does not count as asking for it.
  public func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

  // MARK: inner mappings

  /// An inner mapping. One that may be left out is then read as if it were empty.
  public mutating func section<Value: SpecReadable>(
    _ key: String, required expectation: String? = nil, doc: String
  ) throws(SpecError) -> Value {
    try section(key, required: expectation, doc: doc) { part throws(SpecError) in
      try Value(reading: &part)
    }
  }

  /// An inner mapping that `read` reads; see ``section(_:required:doc:)``.
  public mutating func section<Value>(
    _ key: String, required expectation: String? = nil, doc: String,
    read: (inout SpecSection) throws(SpecError) -> Value
  ) throws(SpecError) -> Value {
    let entry = entry(key)
    if entry == nil, !isDescribing, let expectation { throw missing(key, expectation) }
    return try inner(key, entry, isRequired: expectation != nil, doc: doc, read: read)
  }

  /// An inner mapping, or nil if the key is absent.
  public mutating func optionalSection<Value: SpecReadable>(
    _ key: String, doc: String
  ) throws(SpecError) -> Value? {
    let read = { (part: inout SpecSection) throws(SpecError) in try Value(reading: &part) }
    guard let entry = entry(key) else {
      var part = SpecSection.describing()
      _ = try read(&part)
      note(key, .section(part.keys), "a mapping", doc: doc)
      return nil
    }
    return try inner(key, entry, isRequired: false, doc: doc, read: read)
  }

  private mutating func inner<Value>(
    _ key: String, _ entry: SpecNode.Entry?, isRequired: Bool, doc: String,
    read: (inout SpecSection) throws(SpecError) -> Value
  ) throws(SpecError) -> Value {
    var part =
      if let entry {
        try SpecSection(entry.value, path: fullPath(key), origin: entry.origin)
      } else {
        SpecSection(emptyAt: fullPath(key), source: source, isDescribing: isDescribing)
      }
    let value = try read(&part)
    try part.refuseOtherKeys()
    note(key, .section(part.keys), "a mapping", isRequired: isRequired, doc: doc)
    resolved.entries.append((key, .section(part.resolved)))
    return value
  }

  /// A list of 1...`limit` mappings, or nil if the key is absent.
  ///
  /// With `orCount` a whole number may stand there instead; the answer is then nil, and the number
  /// is given by ``count(_:in:default:)``.
  public mutating func list<Value>(
    _ key: String, limit: Int, orCount: ClosedRange<Int>? = nil, fallback: String? = nil,
    doc: String, read: (inout SpecSection) throws(SpecError) -> Value
  ) throws(SpecError) -> [Value]? {
    var expectation = "a list of 1...\(limit) entries"
    var sample = SpecSection.describing()
    _ = try read(&sample)
    if let orCount {
      note(
        key,
        .listOrCount(sample.keys, minimum: orCount.lowerBound, maximum: orCount.upperBound),
        "an integer in \(orCount.lowerBound)...\(orCount.upperBound) or \(expectation)",
        fallback: fallback, doc: doc)
      expectation = keys[keys.count - 1].expectation
    } else {
      note(key, .list(sample.keys), expectation, fallback: fallback, doc: doc)
    }
    guard let entry = entry(key) else { return nil }
    if orCount != nil, entry.value.elements == nil, entry.value.plainText != nil { return nil }
    guard let nodes = entry.value.elements, (1...limit).contains(nodes.count) else {
      let count = entry.value.elements?.count ?? 0
      throw wrong(
        key, expectation, entry.origin,
        found: count > limit ? "a list of \(count)" : entry.value.asFound)
    }
    var values: [Value] = []
    var records: [ResolvedSpec] = []
    for (index, node) in nodes.enumerated() {
      var part = try SpecSection(node, path: "\(fullPath(key))[\(index)]", origin: node.origin)
      values.append(try read(&part))
      try part.refuseOtherKeys()
      records.append(part.resolved)
    }
    resolved.entries.append((key, .list(records)))
    return values
  }

  /// The whole number that stands where a list could: see ``list(_:limit:orCount:fallback:doc:read:)``,
  /// which must have been asked first.
  public mutating func count(
    _ key: String, in limits: ClosedRange<Int>, default fallback: Int
  ) throws(SpecError) -> Int {
    guard let entry = entry(key) else { return fallback }
    guard let number = entry.value.plainText.flatMap({ Units.integer(of: $0, as: Int.self) }),
      limits.contains(number)
    else {
      let expectation = keys.last { $0.name == key }?.expectation ?? "a whole number"
      throw wrong(key, expectation, entry.origin, found: entry.value.asFound)
    }
    return number
  }

  /// Writes the elements that a number or an absent list stands for into the resolved spec.
  mutating func resolve(_ key: String, _ elements: [[(key: String, text: String)]]) {
    let records = elements.map { element in
      var record = ResolvedSpec()
      record.entries = element.map { ($0.key, .scalar($0.text)) }
      return record
    }
    resolved.entries.append((key, .list(records)))
  }

  /// Writes a default that depends on other keys into the resolved spec.
  mutating func resolve(_ key: String, text: String) {
    resolved.entries.append((key, .scalar(text)))
  }

  // MARK: refusals

  /// Throws unless every key of the mapping was asked for.
  func refuseOtherKeys() throws(SpecError) {
    let known = keys.map(\.name)
    guard let entry = entries.first(where: { !known.contains($0.key) }) else { return }
    throw unknown(entry, suggestion: NearestName.of(entry.key, in: known))
  }

  /// Throws that `key` contradicts something outside its own limits, unless `condition` holds.
  /// `reason` follows the key: "must be a multiple of n_heads (4), but is '13'".
  public func require(
    _ condition: Bool, _ key: String, _ reason: @autoclosure () -> String
  ) throws(SpecError) {
    guard !condition, !isDescribing else { return }
    throw conflict(key, reason())
  }

  /// The error that `key` contradicts something outside its own limits.
  public func conflict(_ key: String, _ reason: String) -> SpecError {
    let origin = entry(key)?.origin ?? SpecNode.Origin(source)
    return SpecError(
      fileName: origin.source, line: origin.line,
      problem: .conflict(key: fullPath(key), reason: reason))
  }

  /// The error that the name in `key` was taken by `first`, a phrase such as `the name of
  /// chain.miners[0]`.
  func repeatedName(_ name: String, _ key: String, first: String) -> SpecError {
    let origin = entry(key)?.origin ?? SpecNode.Origin(source)
    return SpecError(
      fileName: origin.source, line: origin.line,
      problem: .repeatedName(name, key: fullPath(key), first: first))
  }

  // MARK: what every reader of a value stands on

  /// The value that `accept` finds in the node of the key.
  ///
  /// - Parameters:
  ///   - key: what the key means; its ``SpecKey/fallback`` is read like a given text when absent.
  ///   - sample: what a describing section answers when there is no fallback.
  ///   - accept: the value and its canonical notation, or nil for what must be refused.
  /// - Returns: nil only for a key that is absent, not required and has no fallback.
  mutating func value<Value>(
    _ key: SpecKey, sample: @autoclosure () -> Value?,
    suggestion: (String) -> String? = { _ in nil },
    accept: (SpecNode) -> (value: Value, text: String)?
  ) throws(SpecError) -> Value? {
    precondition(!keys.contains { $0.name == key.name }, "'\(key.name)' is asked for twice")
    keys.append(key)
    guard let entry = entry(key.name) else {
      if let fallback = key.fallback {
        // A default is written like any other value, so it passes the same check.
        let node = SpecNode(.scalar(fallback, isPlain: true), SpecNode.Origin(source))
        guard let found = accept(node) else {
          preconditionFailure("the default '\(fallback)' of '\(key.name)' is refused")
        }
        resolved.entries.append((key.name, .scalar(found.text)))
        return found.value
      }
      if isDescribing { return sample() }
      if key.isRequired { throw missing(key.name, key.expectation) }
      return nil
    }
    if let found = accept(entry.value) {
      resolved.entries.append((key.name, .scalar(found.text)))
      return found.value
    }
    // Where some elements of a list are right, the first that is not is what the user looks for.
    let refused = (entry.value.elements ?? []).filter {
      accept(SpecNode(.list([$0]), entry.origin)) == nil
    }
    let isMixed = refused.count < entry.value.elements?.count ?? 0
    throw wrong(
      key.name, key.expectation, entry.origin,
      found: isMixed
        ? refused.first.map { "a list with \($0.asFound)" } ?? entry.value.asFound
        : entry.value.asFound,
      suggestion: entry.value.text.flatMap(suggestion))
  }

  private mutating func note(
    _ key: String, _ form: SpecKey.Form, _ expectation: String, fallback: String? = nil,
    isRequired: Bool = false, doc: String
  ) {
    keys.append(
      SpecKey(key, form, expectation, fallback: fallback, isRequired: isRequired, doc: doc))
  }

  private func entry(_ key: String) -> SpecNode.Entry? { entries.first { $0.key == key } }

  private func wrong(
    _ key: String, _ expectation: String, _ origin: SpecNode.Origin, found: String,
    suggestion: String? = nil
  ) -> SpecError {
    SpecError(
      fileName: origin.source, line: origin.line,
      problem: .wrongValue(
        key: fullPath(key), expectation: expectation, found: found, suggestion: suggestion))
  }

  private func missing(_ key: String, _ expectation: String) -> SpecError {
    // A key that looks like the absent one is the better place to point at.
    let known = keys.map(\.name)
    let lookalike = entries.first { entry in
      !known.contains(entry.key) && NearestName.of(entry.key, in: [key]) != nil
    }
    if let lookalike { return unknown(lookalike, suggestion: key) }
    return SpecError(
      fileName: source, line: nil,
      problem: .missingKey(fullPath(key), expectation: expectation))
  }

  private func unknown(_ entry: SpecNode.Entry, suggestion: String?) -> SpecError {
    SpecError(
      fileName: entry.origin.source, line: entry.origin.line,
      problem: .unknownKey(
        entry.key, section: path, suggestion: suggestion, known: keys.map(\.name)))
  }

  private func fullPath(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}
