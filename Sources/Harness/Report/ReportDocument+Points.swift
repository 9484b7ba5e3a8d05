extension ReportDocument {
  /// The report of a result: for one point its own sections; for a sweep a table of its points, and
  /// which of them failed.
  ///
  /// - Parameters:
  ///   - summary: root variables of numbers that the table of a sweep shows: of each the last value
  ///     of the point that is a number.
  ///   - plotted: a variable that is drawn over the first swept key with numbers, if there is one.
  ///   - showsEachPoint: whether a sweep also has the sections of each finished point.
  ///   - sections: the sections of one point.
  public init(
    _ result: ResultFile, summary: [String], plotted: String? = nil, showsEachPoint: Bool = false,
    sections: (PointResult) throws(ResultError) -> [Section]
  ) throws(ResultError) {
    let points = result.points
    let digest = Section(
      "", lines: ["exact digest: \(result.attribute("exact_digest") ?? result.exactDigest.hex)"])
    let failures = points.enumerated().filter { $0.element.status == .failed }.map {
      "point \($0.offset + 1)/\(points.count) \($0.element.label): \($0.element.error)"
    }
    let failed = failures.isEmpty ? [] : [Section("Points that failed", lines: failures)]
    let title = result.attribute("title") ?? "untitled"
    if points.count == 1, failures.isEmpty {
      self.init(title: title, sections: try sections(points[0]) + [digest])
    } else {
      var each: [Section] = []
      for point in points where showsEachPoint && point.status == .finished {
        for var section in try sections(point) {
          section.title = [point.label, section.title].filter { !$0.isEmpty }.joined(
            separator: ": ")
          each.append(section)
        }
      }
      self.init(
        title: title,
        sections: [Section("Points", table: Self.pointTable(result, points, summary))] + failed
          + Self.plots(plotted, points) + each + [digest])
    }
  }

  /// The plot of a sweep: over its first key but the seed whose values are numbers.
  private static func plots(_ variable: String?, _ points: [PointResult]) -> [Section] {
    let keys = points.first?.settings.filter { setting in
      setting.path != "seed"
        && points.allSatisfy { point in
          point.settings.contains { $0.path == setting.path && Units.number(of: $0.text) != nil }
        }
    }
    guard let variable, let x = keys?.first?.path,
      let plot = try? ReportPlot(
        variable, x: x, series: nil, reduction: .last, title: "", points: points)
    else { return [] }
    return [Section(plot.title, plot: plot)]
  }

  private static func pointTable(
    _ result: ResultFile, _ points: [PointResult], _ summary: [String]
  ) -> ReportTable {
    var paths: [String] = []
    for setting in points.flatMap(\.settings) where !paths.contains(setting.path) {
      paths.append(setting.path)
    }
    let shown = summary.filter { name in points.contains { $0[name] != nil } }
    var table = ReportTable(
      [.number("point")] + paths.map { .number($0) } + shown.map { .number($0) }
        + [.number("seconds"), .text("status")])
    for (index, point) in points.enumerated() {
      let settings = paths.map { path in
        point.settings.first { $0.path == path }?.text ?? "-"
      }
      let values = shown.map { name in point[name].map(lastValue) ?? "-" }
      table.rows.append(
        ["\(index + 1)"] + settings + values
          + [Numbers.decimal(point.seconds, 2), point.status.rawValue])
    }
    return table
  }

  private static func lastValue(_ variable: ResultVariable) -> String {
    switch variable.values {
    case .float32(let values):
      values.last { !$0.isNaN }.map { Numbers.decimal(Double($0), 4) } ?? "-"
    case .float64(let values):
      values.last { !$0.isNaN }.map { Numbers.decimal($0, 4) } ?? "-"
    case .int64(let values):
      values.last.map { number in
        variable.units == "byte" ? Numbers.bytes(number) : "\(number)"
      } ?? "-"
    case .uint8(let values): values.last.map { "\($0)" } ?? "-"
    case .text(let values): values.last ?? "-"
    }
  }
}
