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

    /// A section of lines, a table or both.
    public init(_ title: String, lines: [String] = [], table: ReportTable? = nil) {
      self.title = title
      self.lines = lines
      self.table = table
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

  /// As text for a terminal.
  public func text() -> String {
    let parts = sections.map { section in
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
