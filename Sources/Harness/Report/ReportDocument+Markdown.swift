extension ReportDocument {
  /// As Markdown with tables; plots as images of files named by `image`.
  public func markdown(image: (Int) -> String? = { _ in nil }) -> String {
    var parts = ["# \(title)"]
    var plotNumber = 0
    for section in sections {
      if !section.title.isEmpty { parts.append("## \(section.title)") }
      if !section.lines.isEmpty { parts.append(section.lines.joined(separator: "  \n")) }
      if let table = section.table {
        func line(_ cells: [String]) -> String {
          "| \(cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ")) |"
        }
        let rule = "|\(table.columns.map { $0.isNumber ? "---:|" : "---|" }.joined())"
        parts.append(
          ([line(table.columns.map(\.title)), rule] + table.rows.map(line)).joined(separator: "\n"))
      }
      if let plot = section.plot {
        if let file = image(plotNumber) { parts.append("![\(plot.title)](\(file))") }
        plotNumber += 1
      }
    }
    return parts.joined(separator: "\n\n") + "\n"
  }
}
