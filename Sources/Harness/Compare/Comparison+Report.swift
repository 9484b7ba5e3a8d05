extension Comparison {
  /// The comparison as a report: differences of the specs, then of the variables. Variables that
  /// are equal in all points are only counted.
  public func document(first: String, second: String) -> ReportDocument {
    var sections: [ReportDocument.Section] = []
    sections.append(
      .init(
        "Specs",
        lines: specDifferences.isEmpty
          ? ["the same"] : ["first | second"] + specDifferences))
    let missing =
      unmatched.first.map { "only in first: \($0)" }
      + unmatched.second.map { "only in second: \($0)" }
    if !missing.isEmpty { sections.append(.init("Points of one side", lines: missing)) }
    sections.append(exactSection)
    sections.append(measuredSection)
    return ReportDocument(title: "\(first) | \(second)", sections: sections)
  }

  private var exactSection: ReportDocument.Section {
    var table = ReportTable([
      .text("point"), .text("variable"), .text("where"), .text("first"), .text("second"),
    ])
    var equalCount = 0
    for item in items {
      switch item.finding {
      case .equal: equalCount += 1
      case .different(let place, let first, let second):
        table.rows.append([Self.name(item.point), item.variable, place, first, second])
      case .onlyInFirst:
        table.rows.append([Self.name(item.point), item.variable, "", "there", "absent"])
      case .onlyInSecond:
        table.rows.append([Self.name(item.point), item.variable, "", "absent", "there"])
      case .measured, .notComparable: break
      }
    }
    return .init(
      "Exact variables",
      lines: [
        "\(equalCount) equal, \(table.rows.count) different; of these the first place is shown"
      ],
      table: table.rows.isEmpty ? nil : table)
  }

  private var measuredSection: ReportDocument.Section {
    var table = ReportTable([
      .text("point"), .text("variable"), .number("first"), .number("second"), .number("ratio"),
      .number("pairs"), .text("beyond noise"),
    ])
    for item in items {
      switch item.finding {
      case .measured(let timing):
        let isTime = item.units == "s"
        table.rows.append([
          Self.name(item.point), item.variable,
          isTime ? Numbers.seconds(timing.first) : Numbers.decimal(timing.first, 3),
          isTime ? Numbers.seconds(timing.second) : Numbers.decimal(timing.second, 3),
          Numbers.decimal(timing.ratio, 3), "\(timing.pairCount)",
          timing.isBeyondNoise
            ? (timing.slowerByChance < timing.fasterByChance ? "slower" : "faster") : "no",
        ])
      case .notComparable(let why):
        table.rows.append([Self.name(item.point), item.variable, "-", "-", "-", "-", why])
      case .equal, .different, .onlyInFirst, .onlyInSecond: break
      }
    }
    return .init(
      "Measured variables",
      lines: [
        "Sums over the values that both have; the ratio is the median over pairs; beyond noise at 1 %",
        "by the signed-rank test.",
      ], table: table.rows.isEmpty ? nil : table)
  }

  private static func name(_ point: String) -> String { point.isEmpty ? "-" : point }
}
