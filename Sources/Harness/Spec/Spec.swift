/// One point of an experiment as plain data: every default is filled in and every value is within
/// its limits.
///
/// `Spec.read` makes it from YAML, and `canonicalText` turns it back. Sections that several kinds
/// share, such as ``Model`` and ``Training``, are types in here, a file each in `Sections/`.
public struct Spec: Sendable {
  /// What every spec has, whatever its kind.
  public struct Header: Sendable, Equatable {
    /// Identifies the experiment (`name`).
    public var name: String
    /// One line for people (`title`).
    public var title: String
    /// What the experiment does (`kind`).
    public var kind: String
    /// The number from which all randomness of the run is derived (`seed`).
    public var seed: UInt64
  }

  /// What every spec has.
  public let header: Header
  /// What this kind of experiment has besides.
  public let body: any ExperimentKind
  /// The values with every default.
  public let resolved: ResolvedSpec

  /// The spec as YAML with every default written out, in a fixed order: equal specs give equal
  /// bytes, and `read` gives an equal spec back.
  public var canonicalText: String { resolved.text }

  /// Reads and validates the YAML `text` of a spec without includes and sweep.
  ///
  /// - Parameters:
  ///   - text: YAML, at most 1 MiB.
  ///   - fileName: how messages call the file; nothing is opened.
  /// - Throws: `SpecError` for the first thing that is wrong, with its line.
  public static func read(
    text: String, fileName: String, kinds: KindRegistry = .all
  ) throws(SpecError) -> Spec {
    let node = try SpecNode(yaml: text, source: fileName)
    return try Spec(node, kinds: kinds)
  }

  init(_ node: SpecNode, kinds: KindRegistry) throws(SpecError) {
    var file = try SpecSection(node, origin: node.origin)
    header = try Header(reading: &file, kinds: kinds)
    guard let kind = kinds[header.kind] else {
      preconditionFailure("'\(header.kind)' was chosen from the registry")
    }
    body = try kind.init(reading: &file, header: header)
    try file.refuseOtherKeys()
    resolved = file.resolved
  }
}

extension Spec.Header {
  init(reading file: inout SpecSection, kinds: KindRegistry) throws(SpecError) {
    name = try file.text(
      "name", Spec.nameRule, example: "my-experiment",
      doc: "Identifies the experiment; its result is `Results/NAME.h5`."
    ) { Spec.isName($0) ? $0 : nil }
    title = try file.text(
      "title", "one line of 1...200 characters", default: name, example: "What the run shows",
      doc: "One line for people; by default the name."
    ) { Spec.isLine($0, limit: 200) ? $0 : nil }
    kind = try file.choice(
      "kind", among: kinds.names, doc: "What the experiment does: see the kinds below.")
    seed = try file.integer(
      "seed", in: 0...UInt64.max, default: 1,
      doc: "The number from which all randomness of a point is derived.")
  }
}

extension Spec {
  /// What `isName` accepts, in words.
  static let nameRule = "1...64 characters of a-z, 0-9 and '-'"

  /// Whether `text` can name an experiment or a participant.
  static func isName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.unicodeScalars.allSatisfy { scalar in
        ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "-"
      }
  }

  /// Whether `text` is one line of 1...`limit` characters that can all be seen.
  static func isLine(_ text: String, limit: Int) -> Bool {
    (1...limit).contains(text.count) && text.allSatisfy(isPrintable)
      && !text.allSatisfy(\.isWhitespace)
  }

  /// Whether a character neither ends the line nor controls the terminal.
  static func isPrintable(_ character: Character) -> Bool {
    !character.isNewline
      && character.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
  }
}
