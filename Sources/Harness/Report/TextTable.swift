/// A plain table with a header line, columns padded to their widest cell.
struct TextTable {
  var header: [String]
  /// Columns that hold numbers are set to the right.
  var rightAligned: Set<Int> = []
  var rows: [[String]] = []

  /// The table's lines joined by newlines.
  var text: String {
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].count }.max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      var text = ""
      for (column, cell) in cells.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        text +=
          (column > 0 ? "  " : "")
          + (rightAligned.contains(column) ? padding + cell : cell + padding)
      }
      while text.last == " " { text.removeLast() }
      return text
    }
    let rule = widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
    return ([line(header), rule] + rows.map(line)).joined(separator: "\n")
  }
}
