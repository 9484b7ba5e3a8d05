/// The tables of a `commitment` result; reads nothing but the result.
struct CommitmentReport {
  let file: ResultFile

  init(_ file: ResultFile) { self.file = file }

  /// All tables. Throws ``ResultError`` if a variable is missing.
  func document() throws(ResultError) -> ReportDocument {
    let digest = file.attribute("exact_digest") ?? file.exactDigest.hex
    return ReportDocument(
      title: file.attribute("title") ?? "untitled",
      sections: [
        try commitments(), try roots(), try proofs(),
        .init("", lines: ["exact digest: \(digest)"]),
      ])
  }

  private var points: Int { file["root"]?.values.count ?? 0 }

  private func commitments() throws(ResultError) -> ReportDocument.Section {
    var table = ReportTable([
      .number("parameters"), .number("bytes"), .number("leaves"), .number("time"),
      .number("GB/s"), .number("twin"), .number("twin's time"), .number("peak memory"),
    ])
    let (parameters, bytes) = (try integers("parameters"), try integers("model_bytes"))
    let (leaves, memory) = (try integers("leaves"), try integers("peak_memory"))
    let (seconds, rates) = (try numbers("commit_seconds"), try numbers("commit_rate"))
    let twins = file["twin_bytes"] == nil ? nil : try integers("twin_bytes")
    let twinSeconds = twins == nil ? nil : try numbers("twin_seconds")
    for point in 0..<points {
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
    let roots = try texts("root")
    var lines = roots.map { "float32  \($0)" }
    if file["twin_root"] != nil {
      let twins = try texts("twin_root")
      let formats = try texts("twin_format")
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
    let counts = try integers("proof_leaves")
    let (together, separate) = (try integers("proof_bytes"), try integers("separate_proof_bytes"))
    let (making, checking) = (try numbers("prove_seconds"), try numbers("check_seconds"))
    for row in together.indices {
      table.rows.append([
        "\(counts[row % counts.count])", Numbers.bytes(separate[row]),
        Numbers.bytes(together[row]), Numbers.seconds(making[row]), Numbers.seconds(checking[row]),
      ])
    }
    return .init("Proofs, point by point", table: table)
  }

  private func integers(_ name: String) throws(ResultError) -> [Int64] {
    guard case .int64(let values) = file[name]?.values else { throw .malformed(name) }
    return values
  }

  private func numbers(_ name: String) throws(ResultError) -> [Double] {
    guard case .float64(let values) = file[name]?.values else { throw .malformed(name) }
    return values
  }

  private func texts(_ name: String) throws(ResultError) -> [String] {
    guard case .text(let values) = file[name]?.values else { throw .malformed(name) }
    return values
  }
}
