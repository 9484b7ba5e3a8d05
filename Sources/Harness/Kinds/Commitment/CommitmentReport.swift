/// The tables of one point of a `commitment` result; reads nothing but the point.
struct CommitmentReport {
  let file: PointResult

  init(_ file: PointResult) { self.file = file }

  /// All tables. Throws ``ResultError`` if a variable is missing.
  func sections() throws(ResultError) -> [ReportDocument.Section] {
    [try commitments(), try roots(), try proofs()]
  }

  private func commitments() throws(ResultError) -> ReportDocument.Section {
    var table = ReportTable([
      .number("parameters"), .number("bytes"), .number("leaves"), .number("time"),
      .number("GB/s"), .number("twin"), .number("twin's time"), .number("peak memory"),
    ])
    let (parameters, bytes) = (try file.integers("parameters"), try file.integers("model_bytes"))
    let (leaves, memory) = (try file.integers("leaves"), try file.integers("peak_memory"))
    let (seconds, rates) = (try file.numbers("commit_seconds"), try file.numbers("commit_rate"))
    let twins = file["twin_bytes"] == nil ? nil : try file.integers("twin_bytes")
    let twinSeconds = twins == nil ? nil : try file.numbers("twin_seconds")
    for point in parameters.indices {
      table.rows.append([
        "\(parameters[point])", Numbers.bytes(bytes[point]), "\(leaves[point])",
        Numbers.seconds(seconds[point]), Numbers.decimal(rates[point] / 1e9, 2),
        twins.map { Numbers.bytes($0[point]) } ?? "-",
        twinSeconds.map { Numbers.seconds($0[point]) } ?? "-", Numbers.bytes(memory[point]),
      ])
    }
    return .init("Commitments", table: table)
  }

  private func roots() throws(ResultError) -> ReportDocument.Section {
    let roots = try file.texts("root")
    var lines = roots.map { "float32  \($0)" }
    if file["twin_root"] != nil {
      let twins = try file.texts("twin_root")
      let formats = try file.texts("twin_format")
      lines = zip(lines, zip(twins, formats)).flatMap { line, twin in
        [line, "\(twin.1)  \(twin.0)"]
      }
    }
    return .init("Roots", lines: lines)
  }

  private func proofs() throws(ResultError) -> ReportDocument.Section {
    var table = ReportTable([
      .number("leaves"), .number("one by one"), .number("together"), .number("to make"),
      .number("to check"),
    ])
    let counts = try file.integers("proof_leaves")
    let (together, separate) = (
      try file.integers("proof_bytes"), try file.integers("separate_proof_bytes")
    )
    let (making, checking) = (try file.numbers("prove_seconds"), try file.numbers("check_seconds"))
    for row in together.indices {
      table.rows.append([
        "\(counts[row])", Numbers.bytes(separate[row]),
        Numbers.bytes(together[row]), Numbers.seconds(making[row]), Numbers.seconds(checking[row]),
      ])
    }
    return .init("Proofs", table: table)
  }
}
