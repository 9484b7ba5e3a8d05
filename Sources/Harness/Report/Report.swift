import Foundation

/// Makes the report of a result.
public enum Report {
  /// The formats of reports.
  public enum Format: String, CaseIterable, Sendable {
    /// For a terminal.
    case text
    /// With tables as GitHub reads them.
    case markdown
    /// For `\input`, with booktabs.
    case latex
    /// All values, a row each.
    case csv
    /// All values, nested.
    case json
    /// A page that needs no network.
    case html
  }

  /// The report that the spec declares, after the default one of the kind that made `result`.
  public static func document(
    of result: ResultFile, kinds: KindRegistry = .all
  ) throws -> ReportDocument {
    let name = result.attribute("kind") ?? ChainExperiment.name
    guard let kind = kinds[name] else { throw ResultError.unknownKind(name, known: kinds.names) }
    var document = try kind.report(result)
    let text = result.attribute("spec_expanded") ?? result.attribute("spec_text") ?? ""
    let declared = (try? SpecFile(text: text, fileName: "spec", kinds: kinds))?.report ?? []
    let points = result.points
    for item in declared { document.sections.append(try section(item, points)) }
    return document
  }

  /// The report in a format; plots of Markdown and LaTeX are the files that `image` names.
  public static func text(
    of result: ResultFile, as format: Format, kinds: KindRegistry = .all,
    image: (Int) -> String? = { _ in nil }
  ) throws -> String {
    switch format {
    case .csv: return result.csv()
    case .json: return try result.json()
    case .text: return try document(of: result, kinds: kinds).text()
    case .markdown: return try document(of: result, kinds: kinds).markdown(image: image)
    case .latex: return try document(of: result, kinds: kinds).latex(image: image)
    case .html:
      let hidden = ["spec_text", "spec_expanded", "coordinates"]
      return try document(of: result, kinds: kinds).html(
        spec: result.attribute("spec_text") ?? "",
        origin: result.attributes.filter { !hidden.contains($0.name) && !$0.text.isEmpty }
      ) { plot in
        guard Gnuplot.isInstalled, let data = try? Gnuplot.draw(plot, as: .svg) else { return nil }
        // What stands before the element has no place inside a page.
        let text = String(decoding: data, as: UTF8.self)
        return text.range(of: "<svg").map { String(text[$0.lowerBound...]) }
      }
    }
  }

  /// One declared part.
  static func section(
    _ item: ReportItem, _ points: [PointResult]
  ) throws(ResultError) -> ReportDocument.Section {
    switch item.form {
    case .plot(let variable, let x, let series, let marksFront):
      let plot = try ReportPlot(
        variable, x: x, series: series, reduction: item.reduction, title: item.title,
        points: points)
      return .init(plot.title, plot: marksFront ? plot.markingFront() : plot)
    case .table(let variables):
      return .init(
        item.title.isEmpty ? variables.joined(separator: ", ") : item.title,
        table: try table(variables, item.reduction, points))
    }
  }

  /// A row for each setting of the keys but the seed; several seeds become mean ± half width.
  private static func table(
    _ variables: [String], _ reduction: ReportItem.Reduction, _ points: [PointResult]
  ) throws(ResultError) -> ReportTable {
    var paths: [String] = []
    for setting in points.flatMap(\.settings)
    where setting.path != "seed" && !paths.contains(setting.path) {
      paths.append(setting.path)
    }
    var groups: [(settings: [String], points: [PointResult])] = []
    for point in points where point.status == .finished {
      let settings = paths.map { path in point.settings.first { $0.path == path }?.text ?? "-" }
      if let index = groups.firstIndex(where: { $0.settings == settings }) {
        groups[index].points.append(point)
      } else {
        groups.append((settings, [point]))
      }
    }
    var units: [String: String] = [:]
    for name in variables {
      guard let variable = points.lazy.compactMap({ $0[name] }).first else {
        throw .malformed(name)
      }
      units[name] = variable.units
    }
    let titles = variables.map { name in
      let unit = units[name] ?? "1"
      return unit == "1" || unit == "s" || unit == "byte" ? name : "\(name) (\(unit))"
    }
    var table = ReportTable(paths.map { .number($0) } + titles.map { .number($0) })
    for group in groups {
      let cells = variables.map { name in
        let values = group.points.compactMap { point in
          point[name]?.values.numbers.flatMap(reduction.reduce)
        }
        guard !values.isEmpty else {
          return group.points.lazy.compactMap { $0[name]?.values.texts.last }.first ?? "-"
        }
        return Numbers.interval(Interval(values), units: units[name] ?? "1")
      }
      table.rows.append(group.settings + cells)
    }
    return table
  }
}
