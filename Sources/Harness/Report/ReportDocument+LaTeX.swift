extension ReportDocument {
  /// As LaTeX for `\input`: needs the package booktabs, and graphicx for plots, which are files
  /// named by `image`.
  public func latex(image: (Int) -> String? = { _ in nil }) -> String {
    var parts = ["% Needs \\usepackage{booktabs,graphicx}", "\\section*{\(Self.tex(title))}"]
    var plotNumber = 0
    for section in sections {
      if !section.title.isEmpty { parts.append("\\subsection*{\(Self.tex(section.title))}") }
      if !section.lines.isEmpty {
        parts.append(section.lines.map { Self.tex($0) }.joined(separator: "\\\\\n"))
      }
      if let table = section.table {
        func line(_ cells: [String]) -> String {
          cells.map { Self.tex($0) }.joined(separator: " & ") + " \\\\"
        }
        parts.append(
          ([
            "\\begin{tabular}{\(table.columns.map { $0.isNumber ? "r" : "l" }.joined())}",
            "\\toprule", line(table.columns.map(\.title)), "\\midrule",
          ] + table.rows.map(line) + ["\\bottomrule", "\\end{tabular}"]).joined(separator: "\n"))
      }
      if section.plot != nil {
        if let file = image(plotNumber) {
          parts.append("\\includegraphics[width=\\linewidth]{\(file)}")
        }
        plotNumber += 1
      }
    }
    return parts.joined(separator: "\n\n") + "\n"
  }

  /// A text with what TeX takes for commands escaped.
  static func tex(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\textbackslash{}"
      case "&", "%", "$", "#", "_", "{", "}": result += "\\\(character)"
      case "~": result += "\\textasciitilde{}"
      case "^": result += "\\textasciicircum{}"
      case "<", ">", "|": result += "$\(character == "|" ? "\\vert" : String(character))$"
      default: result.append(character)
      }
    }
    return result
  }
}
