import Foundation

/// The sections of one point of a `cost` result; reads nothing but the point.
struct CostReport {
  let point: PointResult
  let rowCount: Int

  init(_ point: PointResult) throws(ResultError) {
    self.point = point
    guard let model = point["model"] ?? point["quantity"] else {
      throw .malformed("model")
    }
    rowCount = model.shape[0]
  }

  /// Tables, plots and sources. Throws ``ResultError`` if a variable is missing.
  func sections() throws(ResultError) -> [ReportDocument.Section] {
    var sections: [ReportDocument.Section] = []
    for part in CostLayout.parts {
      if let table = try table(part) {
        sections.append(.init(part.title, lines: part.lines, table: table))
      }
    }
    for plot in try plots() { sections.append(.init(plot.title, plot: plot)) }
    if let table = try sourceTable() {
      sections.append(
        .init("Figures of the machines", lines: ["Each can be set in the spec."], table: table))
    }
    return sections
  }

  /// The numbers of a column; nil if the table has none.
  func numbers(_ column: CostColumn) throws(ResultError) -> [Double]? {
    point[column.rawValue] == nil ? nil : try point.numbers(column.rawValue)
  }

  /// The texts of a label; nil if the table has none.
  func labels(_ name: String) throws(ResultError) -> [String]? {
    point[name] == nil ? nil : try point.texts(name)
  }

  /// The rows of `part`; nil if the result has none of its columns.
  private func table(_ part: CostLayout.Part) throws(ResultError) -> ReportTable? {
    var columns: [(CostColumn, [Double])] = []
    for column in part.columns {
      if let values = try numbers(column) { columns.append((column, values)) }
    }
    guard let needed = try numbers(part.needs) else { return nil }
    let kinds = try labels("part")
    let rows = (0..<rowCount).filter { row in
      !needed[row].isNaN && (part.kind == nil || kinds?[row] == part.kind)
    }
    guard !rows.isEmpty else { return nil }
    columns.removeAll { column in rows.allSatisfy { column.1[$0].isNaN } }
    var names: [(String, [String])] = []
    for label in part.labels {
      if let texts = try labels(label), rows.contains(where: { !texts[$0].isEmpty }) {
        names.append((label, texts))
      }
    }
    var table = ReportTable(
      names.map { .text($0.0) } + columns.map { .number($0.0.title) })
    for row in rows {
      table.rows.append(
        names.map { $0.1[row] } + columns.map { column, values in column.text(values[row]) })
    }
    return table
  }

  private func sourceTable() throws(ResultError) -> ReportTable? {
    guard let roles = try labels("figure_role") else { return nil }
    let (devices, names) = (try point.texts("figure_device"), try point.texts("figure_name"))
    let (values, units) = (try point.numbers("figure_value"), try point.texts("figure_unit"))
    let (sources, dates) = (try point.texts("figure_source"), try point.texts("figure_date"))
    var table = ReportTable([
      .text("of"), .text("device"), .text("figure"), .number("value"), .text("unit"), .text("date"),
      .text("source"),
    ])
    for row in roles.indices {
      table.rows.append([
        roles[row], devices[row], names[row], Numbers.significant(values[row], 4), units[row],
        dates[row], sources[row],
      ])
    }
    return table
  }
}

/// Which columns stand together.
enum CostLayout {
  /// One table of the report.
  struct Part {
    let title: String
    var lines: [String] = []
    /// Value of the label `part` that its rows have; nil for any.
    var kind: String?
    /// The column without which there is no row.
    let needs: CostColumn
    var labels = ["model", "format", "variant", "device"]
    let columns: [CostColumn]
  }

  static let parts: [Part] = [
    Part(
      title: "Operations of a block", lines: ["Verification is that of one honest block."],
      needs: .proofBytes,
      columns: [
        .replayRate, .trainedParameters, .ruleFLOPs, .stepFLOPs, .blockFLOPs, .verifierFLOPs,
        .verifierShare, .timesCheaper, .verifiersShare, .segmentDetection, .leafDetection,
      ]),
    Part(
      title: "Bytes of a block", needs: .proofBytes,
      columns: [
        .replayRate, .modelBytes, .gradientBytes, .auxiliaryBytes, .twinBytes, .diffBytes,
        .treeBytes, .proofBytes, .receivedBytes, .minedHashes, .verifiedHashes, .minedPasses,
        .verifiedPasses, .messages,
      ]),
    Part(
      title: "Accelerator-hours, money and energy of a block", needs: .proofBytes,
      columns: [
        .replayRate, .miningHours, .verifierHours, .miningDollars, .verifierDollars,
        .verifiersDollars, .dollarShare, .miningEnergy, .verifierEnergy, .disputeHours,
        .disputeShare,
      ]),
    Part(
      title: "Accelerator-hours by phase", needs: .proofBytes,
      columns: [
        .replayRate, .trainingHours, .quantizationHours, .commitmentHours, .structureHours,
        .leafHours, .updateHours, .replayHours, .progressHours,
      ]),
    Part(
      title: "Whole trainings", needs: .hours,
      columns: [
        .parameters, .modelBytes, .twinBytes, .auxiliaryBytes, .stepFLOPs, .scoresShare,
        .ruleFLOPs, .trainingFLOPs, .hours, .dollars, .energy,
      ]),
    Part(
      title: "Shortest sensible block",
      lines: [
        "The shortest block whose diff spreads and whose verification ends inside the attestation "
          + "window."
      ], kind: "link", needs: .gigabits,
      columns: [
        .gigabits, .blockSeconds, .steps, .trainingSeconds, .publicationSeconds, .answerSeconds,
        .verificationSeconds, .windowSeconds,
      ]),
    Part(
      title: "Cheapest sampling for a wished detection", kind: "plan", needs: .target,
      columns: [
        .target, .verifiers, .segments, .leaves, .evaluationTokens, .segmentDetection,
        .leafDetection, .verifiersDollars, .dollarShare, .verifiersShare,
      ]),
    Part(
      title: "Growth",
      lines: [
        "Exponents of a product of powers, fitted to the places below by least squares of the "
          + "logarithms."
      ], kind: "fit", needs: .exponentParameters, labels: ["quantity"],
      columns: [.exponentParameters, .exponentSteps, .exponentReplay, .largestError]),
    Part(
      title: "Places", kind: "place", needs: .blockFLOPs,
      columns: [
        .parameters, .steps, .replayRate, .blockFLOPs, .verifierFLOPs, .verifierShare,
        .verifiedHashes, .receivedBytes,
      ]),
    Part(
      title: "Published values beside ours",
      lines: [
        "'by their rule' repeats the source's own accounting, 6 N D with the parameters that it "
          + "counted; 'ours, exact' counts every product of the shape.",
        "Beside a proof of a step stands publishing the step and replaying it: a "
          + "zero-knowledge proof convinces anyone of every step, without data or state; a replay convinces "
          + "who runs it, of the steps that it runs.",
      ], needs: .published, labels: ["quantity", "model"],
      columns: [.published, .byTheirRule, .agrees, .ours, .oursOverPublished]),
  ]
}
