/// The tables of one point of a `diffs` result; reads nothing but the point.
struct DiffsReport {
  let file: PointResult

  init(_ file: PointResult) { self.file = file }

  /// All tables. Throws ``ResultError`` if a variable is missing.
  func sections() throws(ResultError) -> [ReportDocument.Section] {
    [
      try table("Bytes of the diff", "diff_bytes") { Numbers.bytes(Int64($0)) },
      try table("Time to make it", "make_seconds", Numbers.seconds),
      try table("Time to apply it", "apply_seconds", Numbers.seconds), try winners(),
    ]
  }

  private func table(
    _ title: String, _ name: String, _ write: (Double) -> String
  ) throws(ResultError) -> ReportDocument.Section {
    let (updates, kinds) = (try file.texts("update"), try file.texts("diff"))
    let (steps, values) = (try file.integers("block_steps"), try file.numbers(name))
    var table = ReportTable([.text("update"), .number("steps")] + kinds.map { .number($0) })
    for (row, update) in updates.enumerated() {
      for (block, count) in steps.enumerated() {
        let first = (row * steps.count + block) * kinds.count
        table.rows.append(
          [update, "\(count)"]
            + values[first..<first + kinds.count].map { $0.isNaN ? "-" : write($0) })
      }
    }
    return .init(title, table: table)
  }

  /// For each update the ranges of block lengths where one kind is smallest.
  private func winners() throws(ResultError) -> ReportDocument.Section {
    let (updates, kinds) = (try file.texts("update"), try file.texts("diff"))
    let (steps, values) = (try file.integers("block_steps"), try file.numbers("diff_bytes"))
    let model = Double(try file.integers("model_bytes").first ?? 1)
    var lines: [String] = []
    for (row, update) in updates.enumerated() {
      var runs: [(kind: Int, first: Int, last: Int)] = []
      for block in steps.indices {
        let first = (row * steps.count + block) * kinds.count
        let sizes = values[first..<first + kinds.count].map { $0.isNaN ? .infinity : $0 }
        guard let kind = sizes.indices.min(by: { sizes[$0] < sizes[$1] }) else { continue }
        if runs.last?.kind == kind {
          runs[runs.count - 1].last = block
        } else {
          runs.append((kind, block, block))
        }
      }
      for run in runs {
        let share = { (block: Int) in
          values[(row * steps.count + block) * kinds.count + run.kind] / model
        }
        let range =
          run.first == run.last
          ? "\(steps[run.first]) steps" : "\(steps[run.first]) to \(steps[run.last]) steps"
        lines.append(
          "\(update), \(range): \(kinds[run.kind]), \(Numbers.percent(share(run.first))) to "
            + "\(Numbers.percent(share(run.last))) of the model")
      }
    }
    return .init("Smallest", lines: lines)
  }
}
