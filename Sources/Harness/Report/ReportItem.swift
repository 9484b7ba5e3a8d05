/// One part of a report as a spec declares it (`report`).
public struct ReportItem: Sendable, Equatable {
  /// How the values of a variable in one point become one number.
  public enum Reduction: String, CaseIterable, Sendable {
    /// The last, first, smallest or largest that is a number; their mean or sum.
    case last, first, minimum, maximum, mean, sum
  }

  /// What is shown.
  public enum Form: Sendable, Equatable {
    /// A row for each point, a column for each of these variables.
    case table([String])
    /// A curve of this variable over `x`, one for each value of `series`; if `marksFront`, with the
    /// places that no other is both left of and below.
    case plot(String, x: String, series: String?, marksFront: Bool = false)
  }

  /// Heading; empty for one that is made of the names.
  public var title: String
  /// What is shown.
  public var form: Form
  /// How values become one number.
  public var reduction: Reduction

  /// One part.
  public init(_ form: Form, title: String = "", reduction: Reduction = .last) {
    self.title = title
    self.form = form
    self.reduction = reduction
  }
}

extension ReportItem: SpecReadable {
  /// Reads one entry of `report`.
  public init(reading section: inout SpecSection) throws(SpecError) {
    func name(_ text: String) -> String? { Spec.isLine(text, limit: 200) ? text : nil }
    title =
      try section.optionalText(
        "title", "one line", example: "Loss against bits", doc: "Heading of the part.",
        accept: name) ?? ""
    let columns: [String] =
      try section.optionalTexts(
        "table", "the name of a variable", example: "loss_after",
        doc: "Variables to show, a column each and a row for each point.", accept: name) ?? []
    let plotted = try section.optionalText(
      "plot", "the name of a variable", example: "loss_after",
      doc: "Variable to draw; seeds become one curve with its 95 % interval.", accept: name)
    let x = try section.optionalText(
      "x", "a swept key, an axis of the variable, or another variable",
      example: "quantization.gradient.bits", doc: "What it is drawn over.", accept: name)
    let series = try section.optionalText(
      "series", "a swept key", example: "training.batch",
      doc: "The key whose values have a curve each.", accept: name)
    let marksFront = try section.flag(
      "front", default: false,
      doc: "Whether the Pareto front is drawn: the places that no other is left of and below.")
    reduction = try section.choice(
      "reduce", of: Reduction.self, default: .last,
      doc: "How the values of a variable in one point become one number.")
    try section.require(
      columns.isEmpty != (plotted == nil), columns.isEmpty ? "plot" : "table",
      "must stand alone: an entry of report has either table or plot")
    try section.require(
      plotted == nil || x != nil, "x", "must say what the plot is drawn over")
    try section.require(!marksFront || plotted != nil, "front", "goes with plot")
    form =
      plotted.map { .plot($0, x: x ?? "", series: series, marksFront: marksFront) }
      ?? .table(columns)
  }
}

extension ReportItem.Reduction {
  /// One number out of the values that are numbers; nil if there are none.
  func reduce(_ values: [Double]) -> Double? {
    let found = values.filter { !$0.isNaN }
    guard let first = found.first, let last = found.last else { return nil }
    switch self {
    case .last: return last
    case .first: return first
    case .minimum: return found.min()
    case .maximum: return found.max()
    case .mean: return found.reduce(0, +) / Double(found.count)
    case .sum: return found.reduce(0, +)
    }
  }
}
