/// A report before it takes a format: titled sections of tables and lines.
public struct ReportDocument: Sendable, Equatable {
  /// One part of a report.
  public struct Section: Sendable, Equatable {
    /// Its heading; empty for none.
    public var title: String
    /// What it says before its table, a line each.
    public var lines: [String]
    /// Its table, or nil.
    public var table: ReportTable?
    /// Its plot, or nil.
    public var plot: ReportPlot?

    /// A section of lines, a table, a plot or some of these.
    public init(
      _ title: String, lines: [String] = [], table: ReportTable? = nil, plot: ReportPlot? = nil
    ) {
      self.title = title
      self.lines = lines
      self.table = table
      self.plot = plot
    }
  }

  /// Heading of the whole.
  public var title: String
  /// The sections in order.
  public var sections: [Section]

  /// A report.
  public init(title: String, sections: [Section]) {
    self.title = title
    self.sections = sections
  }

  /// All plots, in order.
  public var plots: [ReportPlot] { sections.compactMap(\.plot) }

  /// As text for a terminal; plots are left out.
  public func text() -> String {
    let shown = sections.filter { $0.plot == nil || $0.table != nil || !$0.lines.isEmpty }
    let parts = shown.map { section in
      ((section.title.isEmpty ? [] : [section.title]) + section.lines
        + (section.table.map { [$0.text] } ?? [])).joined(separator: "\n")
    }
    return ([title] + parts).joined(separator: "\n\n")
  }
}

/// A table of a report: cells as people read them.
public struct ReportTable: Sendable, Equatable {
  /// One column.
  public struct Column: Sendable, Equatable {
    /// Its header.
    public var title: String
    /// Whether its cells are numbers and stand to the right.
    public var isNumber: Bool

    /// A column of texts or of numbers.
    public init(_ title: String, isNumber: Bool = false) {
      self.title = title
      self.isNumber = isNumber
    }

    /// A column of numbers.
    public static func number(_ title: String) -> Column { Column(title, isNumber: true) }
    /// A column of texts.
    public static func text(_ title: String) -> Column { Column(title) }
  }

  /// The columns in order.
  public var columns: [Column]
  /// The rows, each with a cell for every column.
  public var rows: [[String]]

  /// A table; each row has as many cells as there are columns.
  public init(_ columns: [Column], rows: [[String]] = []) {
    self.columns = columns
    self.rows = rows
  }

  /// The table's lines joined by newlines, columns padded to their widest cell.
  public var text: String {
    TextTable(
      header: columns.map(\.title),
      rightAligned: Set(columns.indices.filter { columns[$0].isNumber }), rows: rows
    ).text
  }
}
