import Proofs

/// The points of a result: variables about them, and each one's own variables.
extension ResultFile {
  /// A result of these points, in the order of the sweep.
  ///
  /// Throws ``ResultError`` if a variable has other axes in one point than in another.
  public init(
    attributes: [(name: String, text: String)], points: [PointResult]
  ) throws(ResultError) {
    let merged = try ResultVariable.merge(points.map(\.variables))
    let axes = Self.axisVariables(points, taken: Set(merged.map(\.path)))
    let digests = points.map { $0.status == .finished ? $0.exactDigest : nil }
    self.init(
      attributes: attributes + [("coordinates", axes.map(\.name).joined(separator: " "))],
      variables: Self.pointVariables(points, digests) + axes + merged)
    knownDigest = Self.exactDigest(ofPoints: digests)
  }

  /// How many points there are.
  public var pointCount: Int { self["point"]?.shape.first ?? 0 }

  /// The points with their own variables.
  public var points: [PointResult] {
    let reader = PointReader(self)
    return (0..<pointCount).map(reader.point)
  }

  /// The digest over the exact variables of all points, in order: see `docs/results-format.md`.
  public var exactDigest: Digest {
    // One point after the other: all of them are a second copy of the file.
    if let knownDigest { return knownDigest }
    let reader = PointReader(self)
    return Self.exactDigest(
      ofPoints: (0..<pointCount).map {
        let point = reader.point($0)
        return point.status == .finished ? point.exactDigest : nil
      })
  }

  private static func exactDigest(ofPoints digests: [Digest?]) -> Digest {
    Digest.tagged("PoGO/exact-points", digests.map { $0?.bytes ?? [] })
  }

  /// The same result without groups of bytes, for which the digests of the points stand: what
  /// later runs are compared with.
  public var baseline: ResultFile {
    ResultFile(
      attributes: attributes.filter { $0.name != "exact_digest" }
        + [("baseline_of", exactDigest.hex)],
      variables: variables.filter(\.group.isEmpty))
  }

  // MARK: variables about points

  /// Attribute that tells variables about points from those of points.
  static let roleAttribute = "role"

  private static func pointVariables(
    _ points: [PointResult], _ digests: [Digest?]
  ) -> [ResultVariable] {
    let axis = [(name: ResultVariable.pointAxis, length: points.count)]
    func text(
      _ name: String, _ longName: String, _ determinism: ResultVariable.Determinism = .exact,
      _ value: (PointResult) -> String
    ) -> ResultVariable {
      ResultVariable(name, axis, .text(points.map(value)), longName, determinism)
    }
    var cluster: [ResultVariable] = []
    if points.contains(where: { !$0.node.isEmpty }) {
      cluster.append(
        text("point_node", "node of the cluster that ran the point", .measured) { $0.node })
    }
    if points.contains(where: { !$0.verifiedOn.isEmpty }) {
      cluster.append(
        text("point_verified_on", "where a second run gave the same digest", .measured) {
          $0.verifiedOn
        })
    }
    let always = [
      ResultVariable(
        ResultVariable.pointAxis, axis, .int64(points.indices.map(Int64.init)),
        "number of the point in its sweep"),
      text("point_digest", "digest by which the finished point is found again") {
        $0.key.digest.hex
      },
      text("point_status", "finished, or failed with point_error") { $0.status.rawValue },
      text("point_error", "why the point failed; empty if it did not", .measured) { $0.error },
      ResultVariable(
        "point_exact_digest", axis, .text(digests.map { $0?.hex ?? "" }),
        "digest over the exact variables of the point"),
      text("point_settings", "what the sweep sets, a line each") {
        $0.settings.map { "\($0.path)=\($0.text)" }.joined(separator: "\n")
      },
      text("point_spec", "spec of the point with every default") { $0.spec },
      text("point_conditions", "versions and inputs that the digest of the point covers") {
        $0.key.conditions
      },
      text("point_started_at", "when the point was started, UTC", .measured) { $0.startedAt },
      text("point_machine", "where the point was run", .measured) { $0.machine },
      ResultVariable(
        "point_seconds", axis, .float64(points.map(\.seconds)), units: "s",
        "wall-clock time of the point", .measured),
    ]
    return (always + cluster).map { $0.with(roleAttribute, "point") }
  }

  /// One coordinate for each key that the sweep sets: numbers if all its values are.
  private static func axisVariables(
    _ points: [PointResult], taken: Set<String>
  ) -> [ResultVariable] {
    var paths: [String] = []
    for setting in points.flatMap(\.settings) where !paths.contains(setting.path) {
      paths.append(setting.path)
    }
    return paths.map { path in
      let texts = points.map { point in point.settings.first { $0.path == path }?.text ?? "" }
      let plain = path.replacing(".", with: "_")
      return ResultVariable(
        taken.contains(plain) || plain == "point" ? "axis_\(plain)" : plain,
        [(name: ResultVariable.pointAxis, length: points.count)], axisValues(texts),
        "value of \(path)"
      ).with(roleAttribute, "axis").with(pathAttribute, path)
    }
  }

  /// Attribute of an axis of the sweep: the path of its key.
  static let pathAttribute = "sweep_path"

  /// Whole numbers, decimal numbers or texts, whichever is the first that all values are.
  static func axisValues(_ texts: [String]) -> ResultVariable.Values {
    let integers = texts.compactMap { Units.integer(of: $0, as: Int64.self) }
    if integers.count == texts.count { return .int64(integers) }
    let numbers = texts.compactMap(Units.number)
    if numbers.count == texts.count { return .float64(numbers) }
    return .text(
      texts.map { text in
        text.hasPrefix("\"") ? (try? SpecNode(yaml: text, source: ""))?.text ?? text : text
      })
  }

  fileprivate static func settings(_ text: String) -> [PointResult.Setting] {
    text.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: "=", maxSplits: 1)
      return parts.count == 2
        ? PointResult.Setting(path: String(parts[0]), text: String(parts[1])) : nil
    }
  }

  /// The resolved spec without its name and title.
  fileprivate static func keySpec(_ spec: String) -> String {
    spec.split(separator: "\n", omittingEmptySubsequences: false)
      .filter { !$0.hasPrefix("name: ") && !$0.hasPrefix("title: ") }
      .joined(separator: "\n")
  }

  // MARK: older files

  /// A file of schema 1 held one point, without an axis for it.
  static func upgraded(fromSchema1 old: ResultFile) throws(ResultError) -> ResultFile {
    let spec = old.attribute("spec_resolved") ?? ""
    let point = PointResult(
      settings: [], spec: spec, key: PointKey(conditions: "schema 1", spec: keySpec(spec)),
      status: .finished, error: "", seconds: .nan,
      startedAt: old.attribute("started_at") ?? "",
      machine: old.attribute("environment_processor") ?? "", variables: old.variables)
    var file = try ResultFile(attributes: old.attributes, points: [point])
    // The digest of a damaged file stays the old one, which then fits nothing.
    if old.attribute("exact_digest") == point.exactDigest.hex {
      file.attributes.removeAll { $0.name == "exact_digest" }
      file.attributes.append(("exact_digest", file.exactDigest.hex))
    }
    return file
  }
}

extension ResultVariable {
  /// The same variable with one more attribute.
  func with(_ attribute: String, _ text: String) -> ResultVariable {
    var copy = self
    copy.attributes[attribute] = text
    return copy
  }
}

/// Takes single points out of a result.
private struct PointReader {
  private let count: Int
  private let seconds: [Double]
  private let texts: [String: [String]]
  private let own: [ResultVariable]

  private static let names = [
    "point_spec", "point_conditions", "point_settings", "point_status", "point_error",
    "point_started_at", "point_machine", "point_node", "point_verified_on",
  ]

  init(_ file: ResultFile) {
    let count = file.pointCount
    texts = Dictionary(
      uniqueKeysWithValues: Self.names.map { name -> (String, [String]) in
        guard case .text(let values) = file[name]?.values, values.count == count else {
          return (name, Array(repeating: "", count: count))
        }
        return (name, values)
      })
    if case .float64(let values) = file["point_seconds"]?.values, values.count == count {
      seconds = values
    } else {
      seconds = Array(repeating: .nan, count: count)
    }
    own = file.variables.filter { $0.attributes[ResultFile.roleAttribute] == nil }
    self.count = count
  }

  func point(_ index: Int) -> PointResult {
    func text(_ name: String) -> String { texts[name]?[index] ?? "" }
    let spec = text("point_spec")
    let status = PointResult.Status(rawValue: text("point_status")) ?? .failed
    return PointResult(
      settings: ResultFile.settings(text("point_settings")), spec: spec,
      key: PointKey(conditions: text("point_conditions"), spec: ResultFile.keySpec(spec)),
      status: status, error: text("point_error"), seconds: seconds[index],
      startedAt: text("point_started_at"), machine: text("point_machine"),
      variables: status == .finished ? ResultVariable.split(own, point: index, of: count) : [],
      node: text("point_node"), verifiedOn: text("point_verified_on"))
  }
}
