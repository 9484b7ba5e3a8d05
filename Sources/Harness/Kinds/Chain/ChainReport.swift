import Foundation

/// The tables of one point of a `chain` result; reads nothing but the point.
struct ChainReport {
  let file: PointResult

  init(_ file: PointResult) { self.file = file }

  /// All tables. Throws ``ResultError`` if a variable is missing.
  func sections() throws(ResultError) -> [ReportDocument.Section] {
    [
      .init("", lines: try losses() + fineTuning()), try blocks(), try costs(), try bytes(),
      try verdicts(), try balances(),
    ] + (try disputes()) + [.init("", plot: try curve())]
  }

  // MARK: sections

  private func losses() throws(ResultError) -> [String] {
    let before = try file.numbers("loss_before").filter { !$0.isNaN }
    // Older results have no such variable.
    guard let first = before.first, let last = file["confirmed_loss"]?.values.numbers?.first,
      !last.isNaN
    else { return [] }
    return [
      "Loss of the quantized model: \(Numbers.loss(first)) -> \(Numbers.loss(last)) nat a token"
    ]
  }

  /// What is trained, where a spec says so.
  private func fineTuning() -> [String] {
    guard let variant = file["fine_tuning"]?.values.texts.first,
      let trained = file["trained_parameters"]?.values.numbers?.first,
      let whole = file["model_parameters"]?.values.numbers?.first
    else { return [] }
    let share = Numbers.percent(trained / max(whole, 1))
    return [
      "Fine-tuning: \(variant); \(Int64(trained)) of \(Int64(whole)) parameters are trained "
        + "(\(share))"
    ]
  }

  private func blocks() throws(ResultError) -> ReportDocument.Section {
    var table = ReportTable([
      .number("block"), .number("height"), .text("miner"), .text("claimed loss"),
      .number("measured before"), .number("after"), .text("positive"), .text("verdict"),
    ])
    let (miners, verdicts) = (try file.texts("miner"), try file.texts("verdict"))
    let (before, after) = (try file.numbers("loss_before"), try file.numbers("loss_after"))
    let heights = try file.integers("height")
    let claimed = try file.singles("step_loss")
    let steps = claimed.count / max(miners.count, 1)
    let attestations = try file.texts("attestation")
    let verifiers = try file.texts("verifier").count
    for block in miners.indices {
      let (first, last) = (block * steps, (block + 1) * steps - 1)
      let words = attestations[block * verifiers..<(block + 1) * verifiers]
      table.rows.append([
        "\(block + 1)", "\(heights[block])", miners[block],
        "\(Numbers.loss(Double(claimed[first]))) -> \(Numbers.loss(Double(claimed[last])))",
        Numbers.loss(before[block]), Numbers.loss(after[block]),
        "\(words.filter { $0 == "positive" }.count) of \(verifiers)", verdicts[block],
      ])
    }
    return .init(
      "Blocks",
      lines: [
        "Losses in nat a token: the miner's float32 minibatches as it claims them, and the quantized",
        "model on challenge data as the verifiers measured it; - if none came so far.",
      ], table: table)
  }

  /// How accusations of a segment were settled, where the spec asks for that.
  private func disputes() throws(ResultError) -> [ReportDocument.Section] {
    guard file["dispute_contested"] != nil else { return [] }
    var table = ReportTable([
      .number("block"), .text("accuser"), .text("contested"), .number("step"), .text("guilty"),
      .number("rounds"), .number("sent"), .number("referee FLOPs"), .number("of a replay"),
    ])
    let (accusers, contested) = (
      try file.texts("dispute_accuser"), try file.texts("dispute_contested")
    )
    let (operators, guilty) = (
      try file.texts("dispute_operator"), try file.texts("dispute_guilty")
    )
    let (steps, rounds) = (
      try file.integers("dispute_step"), try file.integers("dispute_rounds")
    )
    let (bytes, flops, replay) = (
      try file.integers("dispute_bytes"), try file.integers("dispute_flops"),
      try file.integers("dispute_segment_flops")
    )
    for block in accusers.indices where !accusers[block].isEmpty {
      table.rows.append([
        "\(block + 1)", accusers[block],
        operators[block].isEmpty ? contested[block] : operators[block],
        steps[block] < 0 ? "-" : "\(steps[block])", guilty[block], "\(rounds[block])",
        Numbers.bytes(bytes[block]), "\(flops[block])",
        Numbers.percent(Double(flops[block]) / Double(max(replay[block], 1))),
      ])
    }
    guard !table.rows.isEmpty else { return [] }
    return [
      .init(
        "Disputes",
        lines: ["The first accusation of a segment, settled between miner and verifier."],
        table: table)
    ]
  }

  private func costs() throws(ResultError) -> ReportDocument.Section {
    var table = ReportTable([
      .number("block"), .number("mining FLOPs"), .number("verifying FLOPs"), .number("share"),
      .number("mining"), .number("verifying"), .number("share"),
    ])
    let mining = try file.integers("mining_flops")
    let verifying = try file.integers("verification_flops")
    let verifiers = try file.texts("verifier").count
    let miningSeconds = try file.numbers("mining_seconds")
    let verifyingSeconds = try file.numbers("verification_seconds")
    for block in mining.indices {
      let range = block * verifiers..<(block + 1) * verifiers
      let flops = Double(verifying[range].reduce(0, +)) / Double(max(verifiers, 1))
      let phases = miningSeconds.count / mining.count
      let mined = sum(miningSeconds[block * phases..<(block + 1) * phases])
      let width = verifyingSeconds.count / mining.count
      let verified =
        sum(verifyingSeconds[block * width..<(block + 1) * width]) / Double(max(verifiers, 1))
      table.rows.append([
        "\(block + 1)", Numbers.flops(mining[block]), Numbers.flops(Int64(flops)),
        Numbers.percent(flops / Double(mining[block])), Numbers.seconds(mined),
        Numbers.seconds(verified), Numbers.percent(verified / mined),
      ])
    }
    return .init("Cost of mining, and of verifying by one verifier (mean)", table: table)
  }

  private func bytes() throws(ResultError) -> ReportDocument.Section {
    var table = ReportTable([.text("what"), .number("bytes"), .number("of the model")])
    let model = try file.integers("model_bytes").first ?? 0
    let rows = [
      (file["fine_tuning"] == nil ? "full model (float32)" : "trained parameters (float32)", model),
      ("quantized model", try file.integers("quantized_bytes").first ?? 0),
      ("diff of a block (published gradients)", try file.integers("diff_bytes").first ?? 0),
      (
        "fetched by a verifier for a block (largest)",
        try file.integers("verification_received_bytes").max() ?? 0
      ),
    ]
    for (what, count) in rows {
      table.rows.append([
        what, Numbers.bytes(count), Numbers.percent(Double(count) / Double(max(model, 1))),
      ])
    }
    return .init("Bytes", table: table)
  }

  private func verdicts() throws(ResultError) -> ReportDocument.Section {
    let (verdicts, reasons) = (try file.texts("verdict"), try file.texts("verdict_reason"))
    let (miners, attestations) = (try file.texts("miner"), try file.texts("attestation"))
    let names = try file.texts("verifier")
    var lines: [String] = []
    for block in verdicts.indices where verdicts[block] != "confirmed" {
      lines.append("block \(block + 1) by \(miners[block]): \(reasons[block])")
      for (verifier, name) in names.enumerated() {
        let word = attestations[block * names.count + verifier]
        lines.append("  \(name): \(word == "positive" ? word : "negative (\(word))")")
      }
    }
    if lines.isEmpty { lines.append("none") }
    return .init("Slashed and expired blocks", lines: lines)
  }

  private func balances() throws(ResultError) -> ReportDocument.Section {
    var table = ReportTable([.text("participant"), .number("stake"), .number("earnings")])
    let names = try file.texts("participant")
    let stakes = try file.integers("stake").suffix(names.count)
    let earnings = try file.integers("earnings").suffix(names.count)
    for (name, amounts) in zip(names, zip(stakes, earnings)) {
      table.rows.append([name, "\(amounts.0)", "\(amounts.1)"])
    }
    return .init("Balances at the end", table: table)
  }

  /// Claimed and measured losses over all steps of the chain.
  private func curve() throws(ResultError) -> ReportPlot {
    let claimed = try file.singles("step_loss")
    let after = try file.numbers("loss_after")
    let steps = claimed.count / max(after.count, 1)
    func place(_ x: Int, _ y: Double) -> ReportPlot.Place {
      .init(x: Double(x), y: y, halfWidth: .nan)
    }
    let measured = after.enumerated().filter { !$0.element.isNaN }.map {
      place(($0.offset + 1) * steps, $0.element)
    }
    return ReportPlot(
      title: "Loss", xLabel: "step of the chain", yLabel: "loss (nat a token)",
      series: [
        .init(
          name: "minibatch, as claimed",
          places: claimed.enumerated().map { place($0.offset, Double($0.element)) }),
        .init(name: "quantized model, as measured", places: measured),
      ])
  }

  // MARK: values

  private func sum(_ values: ArraySlice<Double>) -> Double {
    values.filter { !$0.isNaN }.reduce(0, +)
  }
}
