/// Readers of single values. Each says once what the key accepts and means.
///
/// The plain ones need the key or its default; the `optional` ones answer nil without it.
extension SpecSection {
  // MARK: numbers

  /// A whole number within `limits`.
  public mutating func integer<Value: FixedWidthInteger>(
    _ key: String, in limits: ClosedRange<Value>, default fallback: Value? = nil,
    unit: String? = nil, doc: String
  ) throws(SpecError) -> Value {
    try integerOrNil(
      key, limits, fallback: fallback, unit: unit, isRequired: fallback == nil, doc: doc)
      ?? limits.lowerBound
  }

  /// A whole number within `limits`, or nil if the key is absent.
  public mutating func optionalInteger<Value: FixedWidthInteger>(
    _ key: String, in limits: ClosedRange<Value>, unit: String? = nil, doc: String
  ) throws(SpecError) -> Value? {
    try integerOrNil(key, limits, fallback: nil, unit: unit, isRequired: false, doc: doc)
  }

  private mutating func integerOrNil<Value: FixedWidthInteger>(
    _ key: String, _ limits: ClosedRange<Value>, fallback: Value?, unit: String?,
    isRequired: Bool, doc: String
  ) throws(SpecError) -> Value? {
    let key = SpecKey(
      key, .integer(minimum: "\(limits.lowerBound)", maximum: "\(limits.upperBound)"),
      "an integer in \(limits.lowerBound)...\(limits.upperBound)", unit: unit,
      fallback: fallback.map { "\($0)" }, isRequired: isRequired, doc: doc)
    return try value(key, sample: isRequired ? limits.lowerBound : nil) { node in
      node.plainText.flatMap { Units.integer(of: $0, as: Value.self) }
        .flatMap { limits.contains($0) ? ($0, "\($0)") : nil }
    }
  }

  /// A decimal number within `limits`.
  public mutating func number(
    _ key: String, _ limits: NumberLimits, default fallback: Double? = nil, unit: String? = nil,
    doc: String
  ) throws(SpecError) -> Double {
    try numberOrNil(
      key, limits, fallback: fallback, unit: unit, isRequired: fallback == nil, doc: doc)
      ?? limits.sample
  }

  /// A decimal number within `limits`, or nil if the key is absent.
  public mutating func optionalNumber(
    _ key: String, _ limits: NumberLimits, unit: String? = nil, doc: String
  ) throws(SpecError) -> Double? {
    try numberOrNil(key, limits, fallback: nil, unit: unit, isRequired: false, doc: doc)
  }

  private mutating func numberOrNil(
    _ key: String, _ limits: NumberLimits, fallback: Double?, unit: String?, isRequired: Bool,
    doc: String
  ) throws(SpecError) -> Double? {
    let key = SpecKey(
      key, .number(limits), limits.words, unit: unit, fallback: fallback.map { "\($0)" },
      isRequired: isRequired, doc: doc)
    return try value(key, sample: isRequired ? limits.sample : nil) { node in
      node.plainText.flatMap(Units.number).flatMap { limits.contain($0) ? ($0, "\($0)") : nil }
    }
  }

  /// `true` or `false`.
  public mutating func flag(
    _ key: String, default fallback: Bool, doc: String
  ) throws(SpecError) -> Bool {
    let key = SpecKey(key, .flag, "true or false", fallback: "\(fallback)", doc: doc)
    return try value(key, sample: fallback) { node in
      node.plainText.flatMap(Bool.init).map { ($0, "\($0)") }
    } ?? fallback
  }

  // MARK: words

  /// One of the raw values of `Choice`.
  public mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, of type: Choice.Type, default fallback: Choice? = nil, doc: String
  ) throws(SpecError) -> Choice {
    let name = try choice(
      key, among: Choice.allCases.map(\.rawValue), default: fallback?.rawValue, doc: doc)
    guard let choice = Choice(rawValue: name) else {
      preconditionFailure("'\(name)' is a raw value of \(Choice.self)")
    }
    return choice
  }

  /// One of the raw values of `Choice`, or nil if the key is absent.
  public mutating func optionalChoice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, of type: Choice.Type, doc: String
  ) throws(SpecError) -> Choice? {
    try optionalChoice(key, among: Choice.allCases.map(\.rawValue), doc: doc)
      .flatMap(Choice.init(rawValue:))
  }

  /// One of `names`.
  public mutating func choice(
    _ key: String, among names: [String], default fallback: String? = nil, doc: String
  ) throws(SpecError) -> String {
    precondition(!names.isEmpty, "'\(key)' has nothing to choose from")
    return try choiceOrNil(
      key, names, fallback: fallback, isRequired: fallback == nil, doc: doc) ?? names[0]
  }

  /// One of `names`, or nil if the key is absent.
  public mutating func optionalChoice(
    _ key: String, among names: [String], doc: String
  ) throws(SpecError) -> String? {
    try choiceOrNil(key, names, fallback: nil, isRequired: false, doc: doc)
  }

  /// One of `names` that is needed only if `isRequired`; nil without it.
  mutating func name(
    _ key: String, among names: [String], isRequired: Bool, doc: String
  ) throws(SpecError) -> String? {
    isRequired
      ? try choice(key, among: names, doc: doc)
      : try optionalChoice(key, among: names, doc: doc)
  }

  private mutating func choiceOrNil(
    _ key: String, _ names: [String], fallback: String?, isRequired: Bool, doc: String
  ) throws(SpecError) -> String? {
    let expectation =
      names.count == 1 ? "'\(names[0])'" : "one of \(names.joined(separator: ", "))"
    let key = SpecKey(
      key, .choice(names), expectation, fallback: fallback, isRequired: isRequired, doc: doc)
    return try value(
      key, sample: isRequired ? names[0] : nil,
      suggestion: { NearestName.of($0, in: names) },
      accept: { node in node.text.flatMap { names.contains($0) ? ($0, $0) : nil } })
  }

  // MARK: texts

  /// A text that `accept` turns into a value; `expectation` says in words what it accepts.
  ///
  /// - Parameter example: a text that is accepted; shown in the documentation.
  public mutating func text<Value>(
    _ key: String, _ expectation: String, default fallback: String? = nil, example: String,
    doc: String, accept: (String) -> Value?
  ) throws(SpecError) -> Value {
    let found = try textOrNil(
      key, expectation, fallback: fallback, isRequired: fallback == nil, example: example,
      doc: doc, accept: accept)
    guard let found = found ?? accept(example) else {
      preconditionFailure("the example '\(example)' of '\(key)' is refused")
    }
    return found
  }

  /// A text that `accept` turns into a value, or nil if the key is absent.
  public mutating func optionalText<Value>(
    _ key: String, _ expectation: String, example: String, doc: String,
    accept: (String) -> Value?
  ) throws(SpecError) -> Value? {
    try textOrNil(
      key, expectation, fallback: nil, isRequired: false, example: example, doc: doc,
      accept: accept)
  }

  /// A text that `accept` turns into a value; an error if the key is absent and `isRequired`.
  mutating func textOrNil<Value>(
    _ key: String, _ expectation: String, fallback: String? = nil, isRequired: Bool,
    example: String, doc: String, accept: (String) -> Value?
  ) throws(SpecError) -> Value? {
    let key = SpecKey(
      key, .text, expectation, fallback: fallback, isRequired: isRequired, example: example,
      doc: doc)
    return try value(key, sample: isRequired ? accept(example) : nil) { node in
      guard let text = node.text, let value = accept(text) else { return nil }
      return (value, YAMLText.quoted(text))
    }
  }

  // MARK: values with units

  /// A duration such as `2h`, in milliseconds.
  ///
  /// - Parameters:
  ///   - limits: in milliseconds, by default 1ms to a year.
  ///   - fallback: as it is written, such as `30m`.
  public mutating func duration(
    _ key: String, in limits: ClosedRange<Int> = 1...31_536_000_000,
    default fallback: String? = nil, doc: String
  ) throws(SpecError) -> Int {
    let range =
      "\(Units.duration(milliseconds: limits.lowerBound))..."
      + Units.duration(milliseconds: limits.upperBound)
    let key = SpecKey(
      key, .duration, "a duration such as 2h, 30m, 90s or 500ms, in \(range)",
      fallback: fallback, isRequired: fallback == nil, example: "2h", doc: doc)
    return try value(key, sample: limits.lowerBound) { node in
      guard let number = node.text.flatMap(Units.milliseconds), limits.contains(number) else {
        return nil
      }
      return (number, Units.duration(milliseconds: number))
    } ?? limits.lowerBound
  }

  /// A number of bytes: with a unit such as `4KiB`, or plain.
  ///
  /// - Parameters:
  ///   - limits: in bytes.
  ///   - multiple: the number must be a multiple of this.
  ///   - fallback: as it is written, such as `4KiB`.
  public mutating func size(
    _ key: String, in limits: ClosedRange<Int>, multipleOf multiple: Int = 1,
    default fallback: String? = nil, doc: String
  ) throws(SpecError) -> Int {
    let range =
      "\(Units.size(byteCount: limits.lowerBound))..."
      + Units.size(byteCount: limits.upperBound)
    let what = multiple == 1 ? "a number of bytes" : "a multiple of \(multiple) bytes"
    let key = SpecKey(
      key, .size, "\(what) in \(range), such as 4KiB or 4096", fallback: fallback,
      isRequired: fallback == nil, example: "4KiB", doc: doc)
    return try value(key, sample: limits.lowerBound) { node in
      let bytes =
        node.text.flatMap(Units.byteCount)
        ?? node.plainText.flatMap { Units.integer(of: $0, as: Int.self) }
      guard let bytes, bytes % multiple == 0, limits.contains(bytes) else { return nil }
      return (bytes, Units.size(byteCount: bytes))
    } ?? limits.lowerBound
  }

  // MARK: lists of plain values

  /// A list of at least one whole number within `limits`.
  public mutating func integers(
    _ key: String, in limits: ClosedRange<Int>, default fallback: [Int]? = nil,
    unit: String? = nil, doc: String
  ) throws(SpecError) -> [Int] {
    let key = SpecKey(
      key, .integers(minimum: "\(limits.lowerBound)", maximum: "\(limits.upperBound)"),
      "a list of integers in \(limits.lowerBound)...\(limits.upperBound)", unit: unit,
      fallback: fallback.map(Self.list), isRequired: fallback == nil, doc: doc)
    return try values(key, sample: [limits.lowerBound]) { node in
      node.plainText.flatMap { Units.integer(of: $0, as: Int.self) }
        .flatMap { limits.contains($0) ? ($0, "\($0)") : nil }
    }
  }

  /// A list of at least one decimal number within `limits`.
  public mutating func numbers(
    _ key: String, _ limits: NumberLimits, default fallback: [Double]? = nil,
    unit: String? = nil, doc: String
  ) throws(SpecError) -> [Double] {
    let key = SpecKey(
      key, .numbers(limits), "a list, each \(limits.words)", unit: unit,
      fallback: fallback.map(Self.list), isRequired: fallback == nil, doc: doc)
    return try values(key, sample: [limits.sample]) { node in
      node.plainText.flatMap(Units.number).flatMap { limits.contain($0) ? ($0, "\($0)") : nil }
    }
  }

  /// A list of at least one of `names`.
  public mutating func choices(
    _ key: String, among names: [String], default fallback: [String]? = nil, doc: String
  ) throws(SpecError) -> [String] {
    precondition(!names.isEmpty, "'\(key)' has nothing to choose from")
    let key = SpecKey(
      key, .choices(names), "a list, each one of \(names.joined(separator: ", "))",
      fallback: fallback.map(Self.list), isRequired: fallback == nil, doc: doc)
    return try values(key, sample: [names[0]]) { node in
      node.text.flatMap { names.contains($0) ? ($0, $0) : nil }
    }
  }

  /// A list of at least one text that `accept` takes.
  public mutating func texts<Value>(
    _ key: String, _ expectation: String, default fallback: [String]? = nil, example: String,
    doc: String, accept: (String) -> Value?
  ) throws(SpecError) -> [Value] {
    let key = SpecKey(
      key, .choices([]), "a list, each \(expectation)",
      fallback: fallback.map { Self.list($0.map(YAMLText.quoted)) },
      isRequired: fallback == nil, example: "[\(example)]", doc: doc)
    return try values(key, sample: accept(example).map { [$0] } ?? []) { node in
      guard let text = node.text, let value = accept(text) else { return nil }
      return (value, YAMLText.quoted(text))
    }
  }

  /// A list of at least one text that `accept` takes, or nil if the key is absent.
  public mutating func optionalTexts<Value>(
    _ key: String, _ expectation: String, example: String, doc: String,
    accept: (String) -> Value?
  ) throws(SpecError) -> [Value]? {
    let key = SpecKey(
      key, .choices([]), "a list, each \(expectation)", example: "[\(example)]", doc: doc)
    return try value(key, sample: nil) { node in
      guard let elements = node.elements, !elements.isEmpty else { return nil }
      let texts = elements.compactMap(\.text)
      let values = texts.compactMap(accept)
      guard values.count == elements.count else { return nil }
      return (values, Self.list(texts.map(YAMLText.quoted)))
    }
  }

  private static func list<Value>(_ values: [Value]) -> String {
    "[\(values.map { "\($0)" }.joined(separator: ", "))]"
  }

  private mutating func values<Value>(
    _ key: SpecKey, sample: [Value], accept: (SpecNode) -> (value: Value, text: String)?
  ) throws(SpecError) -> [Value] {
    try value(key, sample: sample) { node in
      // A default is a text; it is YAML like the rest.
      let node =
        node.elements == nil && node.text == key.fallback
        ? (try? SpecNode(yaml: key.fallback ?? "", source: "")) ?? node : node
      guard let elements = node.elements, !elements.isEmpty else { return nil }
      let found = elements.compactMap(accept)
      guard found.count == elements.count else { return nil }
      return (found.map(\.value), Self.list(found.map(\.text)))
    } ?? sample
  }
}
