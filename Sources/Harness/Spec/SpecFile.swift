import Foundation

/// A spec as its author wrote it: base values, what they include, and the axes of its sweep.
public struct SpecFile: Sendable {
  /// The text of the file itself.
  public let text: String
  /// The values of this file, of those that it includes and of the overrides, and the sweep: reads
  /// as a spec with the same points.
  public let expandedText: String
  /// Overrides of the command line, as they were typed.
  public let overrides: [String]
  /// What a check of the result lets pass (`check`).
  public let limits: CheckLimits
  /// Parts of the report besides those of the kind (`report`).
  public let report: [ReportItem]
  /// The axes of the sweep, in the order in which they are written; the last one varies fastest.
  public let axes: [SweepAxis]
  /// All points, in order; one without a sweep.
  public let points: [SpecPoint]

  /// The most points of one spec.
  public static let pointLimit = 100_000

  /// Reads the file at `path`, the files that it includes and the overrides.
  ///
  /// - Parameter overrides: each `key.path=value`; several values, as in `seed=1,2,3`, make an axis.
  /// - Throws: ``InputError`` or ``SpecError``.
  public init(
    readingAt path: String, overrides: [String] = [], kinds: KindRegistry = .all
  ) throws {
    let text = try SpecLoader.text(at: path)
    try self.init(
      text: text, fileName: (path as NSString).lastPathComponent, overrides: overrides,
      kinds: kinds
    ) { included, origin in
      try SpecLoader.include(included, from: path, origin: origin)
    }
  }

  /// Reads a text.
  ///
  /// - Parameter include: the values of an included file; the default refuses.
  public init(
    text: String, fileName: String, overrides: [String] = [], kinds: KindRegistry = .all,
    include: (String, SpecNode.Origin) throws -> SpecNode = SpecLoader.refuse
  ) throws {
    self.text = text
    self.overrides = overrides
    var root = try SpecNode(yaml: text, source: fileName)
    if let entry = root.remove("include") {
      root = try SpecLoader.merging(entry, under: root, include: include)
    }
    root = try SpecLoader.expanding(root, include: include)
    var axes = try root.remove("sweep").map(SweepAxis.read) ?? []
    for override in overrides {
      try Override(override).apply(to: &root, axes: &axes)
    }
    self.axes = axes
    expandedText = Self.expanded(root, axes: axes)
    (limits, report) = try Self.outlook(&root)
    points = try Self.points(root, axes: axes, kinds: kinds)
  }

  /// A spec of parts that were read before.
  init(
    text: String, expandedText: String, overrides: [String], limits: CheckLimits,
    report: [ReportItem], axes: [SweepAxis], points: [SpecPoint]
  ) {
    (self.text, self.expandedText, self.overrides) = (text, expandedText, overrides)
    (self.limits, self.report, self.axes, self.points) = (limits, report, axes, points)
  }

  /// Takes what belongs to the experiment and not to its points out of the spec, and reads it.
  private static func outlook(
    _ root: inout SpecNode
  ) throws(SpecError) -> (CheckLimits, [ReportItem]) {
    let kept = root
    let entries = (root.entries ?? []).filter { outlookKeys.contains($0.key) }
    for key in outlookKeys { _ = root.remove(key) }
    var section = try SpecSection(SpecNode(.mapping(entries), kept.origin), origin: kept.origin)
    return try outlook(reading: &section)
  }

  private static let outlookKeys = ["check", "report"]

  /// Reads `check` and `report`.
  static func outlook(
    reading file: inout SpecSection
  ) throws(SpecError) -> (CheckLimits, [ReportItem]) {
    let limits: CheckLimits = try file.section(
      "check", doc: "What `pogo check` lets pass besides equal exact values.")
    let report = try file.list(
      "report", limit: 100, doc: "Tables and plots that the report shows besides those of the kind."
    ) { entry throws(SpecError) in try ReportItem(reading: &entry) }
    return (limits, report ?? [])
  }

  private static func expanded(_ root: SpecNode, axes: [SweepAxis]) -> String {
    var lines = (root.entries ?? []).map { "\(YAMLText.key($0.key)): \($0.value.flowText)" }
    if !axes.isEmpty {
      lines.append("sweep:")
      for axis in axes {
        let entries = axis.entries.map { settings in
          "{\(settings.map { "\($0.path): \($0.value.flowText)" }.joined(separator: ", "))}"
        }
        lines.append("  - {list: [\(entries.joined(separator: ", "))]}")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func points(
    _ root: SpecNode, axes: [SweepAxis], kinds: KindRegistry
  ) throws(SpecError) -> [SpecPoint] {
    var count = 1
    for axis in axes {
      count *= axis.entries.count
      guard count <= pointLimit else {
        throw SpecError(
          fileName: axis.origin.source, line: axis.origin.line,
          problem: .conflict(
            key: "sweep", reason: "has more than \(pointLimit) points; use fewer values"))
      }
    }
    var points: [SpecPoint] = []
    points.reserveCapacity(count)
    for index in 0..<count {
      var node = root
      var settings: [SpecPoint.Setting] = []
      var rest = index
      // The last axis varies fastest, like the digits of a number.
      var digits: [Int] = []
      for axis in axes.reversed() {
        digits.append(rest % axis.entries.count)
        rest /= axis.entries.count
      }
      for (axis, digit) in zip(axes, digits.reversed()) {
        for setting in axis.entries[digit] {
          guard
            node.set(
              setting.path.split(separator: ".")[...], to: setting.value, origin: axis.origin)
          else { throw setting.refusal(at: axis.origin) }
          settings.append(setting)
        }
      }
      points.append(
        SpecPoint(index: index, settings: settings, spec: try Spec(node, kinds: kinds)))
    }
    return points
  }
}

/// One point of a sweep.
public struct SpecPoint: Sendable {
  /// A key that the sweep sets, with its value in this point.
  public struct Setting: Sendable, Equatable {
    /// Path of the key, such as `quantization.gradient.bits`.
    public let path: String
    /// Its value.
    public let value: SpecNode

    /// The error that the path does not lead to a key.
    func refusal(at origin: SpecNode.Origin) -> SpecError {
      SpecError(
        fileName: origin.source, line: origin.line,
        problem: .conflict(
          key: path,
          reason: "leads through a value that is neither a mapping nor a list that long"))
    }
  }

  /// Place among the points, from 0.
  public let index: Int
  /// What the sweep sets here, in the order of its axes.
  public let settings: [Setting]
  /// The whole spec of this point.
  public let spec: Spec

  /// The settings in one line, such as `quantization.gradient.bits=4 seed=2`.
  public var label: String {
    settings.map { "\($0.path)=\($0.value.label)" }.joined(separator: " ")
  }
}
