/// Plots of a `cost` result.
extension CostReport {
  /// Those that its columns allow.
  func plots() throws(ResultError) -> [ReportPlot] {
    try phasePlots() + ratioPlot() + blockTimePlots() + growthPlot()
  }

  /// Rows with the same labels, in order, by what they are called.
  private func groups(
    _ names: [String], where condition: (Int) -> Bool = { _ in true }
  ) throws(ResultError) -> [(name: String, rows: [Int])] {
    var texts: [[String]] = []
    for name in names { if let own = try labels(name) { texts.append(own) } }
    // What all rows share tells nothing apart.
    let telling = texts.filter { Set($0).count > 1 }
    var groups: [(name: String, rows: [Int])] = []
    for row in 0..<rowCount where condition(row) {
      let name = (telling.isEmpty ? texts.prefix(1).map(\.self) : telling).map { $0[row] }
        .joined(separator: ", ")
      if let index = groups.firstIndex(where: { $0.name == name }) {
        groups[index].rows.append(row)
      } else {
        groups.append((name, [row]))
      }
    }
    return groups
  }

  private func series(
    _ name: String, _ rows: [Int], x: [Double], y: [Double], isOnSecondAxis: Bool = false,
    shadesAbove: Bool = false
  ) -> ReportPlot.Series {
    let places = rows.filter { x[$0].isFinite && y[$0].isFinite }
      .map { ReportPlot.Place(x: x[$0], y: y[$0], halfWidth: .nan) }
    return ReportPlot.Series(
      name: name, places: places.sorted { $0.x < $1.x }, isOnSecondAxis: isOnSecondAxis,
      shadesAbove: shadesAbove)
  }

  /// Accelerator-hours by phase as stacked bars, of mining and of one verifier.
  private func phasePlots() throws(ResultError) -> [ReportPlot] {
    guard try numbers(.proofBytes) != nil, let rates = try numbers(.replayRate) else { return [] }
    // At the first rate of replay: the bars differ in model, format and variant.
    let groups = try groups(["model", "format", "variant"]) { rates[$0] == rates[0] }
    func plot(_ title: String, _ columns: [CostColumn]) throws(ResultError) -> ReportPlot {
      var parts: [ReportPlot.Series] = []
      for column in columns {
        guard let values = try numbers(column) else { continue }
        parts.append(
          ReportPlot.Series(
            name: column.title,
            places: groups.enumerated().map { index, group in
              ReportPlot.Place(x: Double(index), y: values[group.rows[0]], halfWidth: .nan)
            }))
      }
      return ReportPlot(
        title: title, xLabel: "", yLabel: "accelerator-hours", series: parts,
        style: .stackedBars(categories: groups.map(\.name)))
    }
    return [
      try plot(
        "Mining a block by phase", [.trainingHours, .quantizationHours, .commitmentHours]),
      try plot(
        "One verifier by phase",
        [.structureHours, .leafHours, .updateHours, .replayHours, .progressHours]),
    ]
  }

  /// One verifier's share of training's operations over the rate of replay, and the chance of seeing
  /// faked steps on the right.
  private func ratioPlot() throws(ResultError) -> [ReportPlot] {
    guard let rates = try numbers(.replayRate), Set(rates).count > 1,
      let shares = try numbers(.verifierShare), let chances = try numbers(.segmentDetection)
    else { return [] }
    var curves: [ReportPlot.Series] = []
    // Neither operations nor draws depend on the format: one curve a model.
    for group in try groups(["model"]) {
      let rows = group.rows.filter { row in
        group.rows.first { rates[$0] == rates[row] } == row
      }
      curves += [
        series(group.name, rows, x: rates, y: shares),
        series("\(group.name): detection", rows, x: rates, y: chances, isOnSecondAxis: true),
      ]
    }
    return [
      ReportPlot(
        title: "Verification over training, and detection, against the rate of replay",
        xLabel: "share of the segments that a verifier replays",
        yLabel: "one verifier / training", series: curves, isXLogarithmic: true,
        isYLogarithmic: true, secondYLabel: "chance that faked steps are seen")
    ]
  }

  /// The shortest block against the line's speed, and what lies above it.
  private func blockTimePlots() throws(ResultError) -> [ReportPlot] {
    guard let kinds = try labels("part"), kinds.contains("link"),
      let gigabits = try numbers(.gigabits), let seconds = try numbers(.blockSeconds)
    else { return [] }
    let hours = seconds.map { $0 / 3600 }
    var (curves, regions) = ([ReportPlot.Series](), [ReportPlot.Series]())
    for group in try groups(["model", "format"], where: { kinds[$0] == "link" }) {
      curves.append(series(group.name, group.rows, x: gigabits, y: hours))
    }
    var seen: Set<String> = []
    let models = try point.texts("model")
    let formats = try labels("format") ?? []
    for group in try groups(["model", "format"], where: { kinds[$0] == "link" }) {
      // The first format of each model: shades of several would hide each other.
      let row = group.rows[0]
      guard seen.insert(models[row]).inserted else { continue }
      regions.append(
        series(
          "\(models[row]), \(formats.isEmpty ? "" : formats[row]): feasible above", group.rows,
          x: gigabits, y: hours, shadesAbove: true))
    }
    func plot(_ title: String, _ series: [ReportPlot.Series]) -> ReportPlot {
      ReportPlot(
        title: title, xLabel: "bandwidth of every node (Gbit/s)", yLabel: "block time (h)",
        series: series, isXLogarithmic: true, isYLogarithmic: true)
    }
    return [
      plot("Shortest block against the speed of the line", curves),
      plot("Feasible block times against the speed of the line", regions),
    ]
  }

  /// Operations of training and of one verifier over parameters, at the first length and rate.
  private func growthPlot() throws(ResultError) -> [ReportPlot] {
    guard let kinds = try labels("part"), kinds.contains("fit"),
      let parameters = try numbers(.parameters), let steps = try numbers(.steps),
      let rates = try numbers(.replayRate), let mining = try numbers(.blockFLOPs),
      let verifying = try numbers(.verifierFLOPs)
    else { return [] }
    let rows = (0..<rowCount).filter {
      kinds[$0] == "place" && steps[$0] == steps[0] && rates[$0] == rates[0]
    }
    return [
      ReportPlot(
        title: "Operations of a block against parameters", xLabel: "parameters",
        yLabel: "operations",
        series: [
          series("training", rows, x: parameters, y: mining),
          series("one verifier", rows, x: parameters, y: verifying),
        ], isXLogarithmic: true, isYLogarithmic: true)
    ]
  }
}
