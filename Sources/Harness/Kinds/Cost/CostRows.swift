import Costs
import Models
import Protocol
import Quant

/// The rows of a cost table: texts that say what a row is about, and numbers by column.
struct CostRows {
  /// One row.
  struct Row {
    /// By the names of the label columns.
    var labels: [String: String]
    /// Numbers of the columns that the row has.
    var values: [CostColumn: Double]
  }

  let experiment: CostExperiment
  private(set) var rows: [Row] = []

  init(_ experiment: CostExperiment) { self.experiment = experiment }

  mutating func append(_ labels: [String: String], _ values: [CostColumn: Double]) {
    rows.append(Row(labels: labels, values: values))
  }

  /// Makes all rows of the experiment's table.
  mutating func fill(_ observer: any RunObserver) throws {
    switch experiment.table {
    case .blocks: try addBlocks(observer)
    case .families: try addFamilies(observer)
    case .fineTuning: try addVariants(observer)
    case .blockTimes:
      try addBlockTimes(observer)
      try addPlans(observer)
    case .growth: try addGrowth(observer)
    case .published: try addReferences(observer)
    }
  }

  /// Everything over the axis `row`, besides the sources of all figures.
  func variables() -> [ResultVariable] {
    let axis = [("row", rows.count)]
    let labels = Set(rows.flatMap(\.labels.keys)).sorted().map { name in
      ResultVariable(
        name, axis, .text(rows.map { $0.labels[name] ?? "" }), "what the row is about: \(name)")
    }
    let columns = CostColumn.allCases.filter { column in
      rows.contains { $0.values[column] != nil }
    }
    let numbers = columns.map { column in
      ResultVariable(
        column.rawValue, axis, .float64(rows.map { $0.values[column] ?? .nan }),
        units: column.units, column.words, column.determinism)
    }
    return labels + numbers + sources()
  }

  /// Every figure of the machines with its source and date, over the axis `figure`.
  private func sources() -> [ResultVariable] {
    var machines = [("miner", experiment.miner), ("verifier", experiment.verifier)]
    if [.families, .published].contains(experiment.table) {
      machines = experiment.devices.map { ("device", $0) }
    }
    if experiment.table == .growth { machines = [] }
    let figures = machines.flatMap { role, own in
      own.figures.map { (role: role, device: own.device, part: $0) }
    }
    guard !figures.isEmpty else { return [] }
    let axis = [("figure", figures.count)]
    return [
      ResultVariable("figure_role", axis, .text(figures.map(\.role)), "whose machines"),
      ResultVariable("figure_device", axis, .text(figures.map(\.device)), "which machines"),
      ResultVariable("figure_name", axis, .text(figures.map(\.part.name)), "which figure"),
      ResultVariable(
        "figure_value", axis, .float64(figures.map(\.part.figure.value)), "its value"),
      ResultVariable("figure_unit", axis, .text(figures.map(\.part.unit)), "its unit"),
      ResultVariable(
        "figure_source", axis, .text(figures.map(\.part.figure.source)), "where it comes from"),
      ResultVariable("figure_date", axis, .text(figures.map(\.part.figure.date)), "when it was so"),
    ]
  }
}
