import Protocol

/// Rejections of an honest block by evaluation tokens and margin, measured and implied.
struct ProgressTable {
  let margins: [Double]
  let trials: Int
  let falseRejection: Double
  private var tokens: [Int64] = []
  private var spreads: [ProgressOdds.Spread] = []
  private var rejected: [WilsonInterval] = []
  private var flops: [Double] = []

  init(margins: [Double], trials: Int, falseRejection: Double) {
    self.margins = margins
    self.trials = trials
    self.falseRejection = falseRejection
  }

  /// Adds what verifiers measured on `tokens` tokens each, with the work of all of them.
  mutating func append(tokens: Int, measurements: [ProgressMeasurement], work: Work) {
    self.tokens.append(Int64(tokens))
    spreads.append(
      ProgressOdds.Spread(measurements.map { Double($0.after) - Double($0.before) }))
    for margin in margins {
      rejected.append(
        WilsonInterval(
          successes: measurements.count { !ProgressCheck.accepts($0, margin: Float(margin)) },
          trials: measurements.count))
    }
    flops.append(Double(work.flops) / Double(measurements.count))
  }

  func variables(miningFLOPs: Int64, block: Int) -> [ResultVariable] {
    let rows = ("evaluated_tokens", tokens.count)
    let columns = ("margin", margins.count)
    func each(_ name: String, _ units: String, _ words: String, _ values: [Double])
      -> ResultVariable
    { ResultVariable(name, [rows], .float64(values), units: units, words) }
    func share(_ name: String, _ words: String, _ values: [Double]) -> ResultVariable {
      ResultVariable(name, [rows, columns], .float64(values), words)
    }
    let implied = spreads.flatMap { spread in margins.map { spread.rejection(margin: $0) } }
    return [
      ResultVariable(
        "evaluated_tokens", [rows], .int64(tokens),
        "tokens that a verifier measures the quantized model on, in whole microbatches"),
      ResultVariable(
        "margin", [columns], .float64(margins), units: "nat",
        "rise of the loss that is accepted"),
      each(
        "loss_rise", "nat", "mean rise of the quantized model's loss; negative where it falls",
        spreads.map(\.mean)),
      each(
        "loss_rise_deviation", "nat", "standard deviation of the rise from verifier to verifier",
        spreads.map(\.deviation)),
      share(
        "rejected", "share of the verifiers that reject the honest block",
        rejected.map(\.estimate)),
      share("rejected_lower", "lower end of the 95 % interval of Wilson", rejected.map(\.lower)),
      share("rejected_upper", "upper end of the 95 % interval of Wilson", rejected.map(\.upper)),
      share(
        "rejected_implied", "false-rejection rate that the margin implies for a normal spread",
        implied),
      ResultVariable(
        "false_rejection", [], .float64([falseRejection]),
        "share of honest blocks that may be rejected"),
      each(
        "margin_needed", "nat", "least margin that rejects no more than that share",
        spreads.map { $0.margin(rejecting: falseRejection) }),
      each("verification_flops", "1", "operations of one verifier's measurement", flops),
      ResultVariable(
        "mining_flops", [], .int64([miningFLOPs]), "operations that mining the block took"),
      ResultVariable("trials", [], .int64([Int64(trials)]), "verifiers for each row"),
      ResultVariable("measured_block", [], .int64([Int64(block)]), "height of the block"),
    ]
  }
}

/// The tables of one point of a `progress` result; reads nothing but the point.
struct ProgressReport {
  let file: PointResult

  init(_ file: PointResult) { self.file = file }

  /// All tables. Throws ``ResultError`` if a variable is missing.
  func sections() throws(ResultError) -> [ReportDocument.Section] {
    let (tokens, margins) = (try file.integers("evaluated_tokens"), try file.numbers("margin"))
    let (rejected, implied) = (try file.numbers("rejected"), try file.numbers("rejected_implied"))
    let (lower, upper) = (try file.numbers("rejected_lower"), try file.numbers("rejected_upper"))
    var rates = ReportTable([
      .number("tokens"), .number("margin"), .number("rejected"), .text("95 % interval"),
      .number("implied"),
    ])
    for row in tokens.indices {
      for column in margins.indices {
        let place = row * margins.count + column
        rates.rows.append([
          "\(tokens[row])", "\(margins[column])", Numbers.percent(rejected[place]),
          "\(Numbers.percent(lower[place])) ... \(Numbers.percent(upper[place]))",
          Numbers.percent(implied[place]),
        ])
      }
    }
    let (rise, spread) = (try file.numbers("loss_rise"), try file.numbers("loss_rise_deviation"))
    let (needed, flops) = (
      try file.numbers("margin_needed"), try file.numbers("verification_flops")
    )
    let mining = try file.integers("mining_flops").first ?? 0
    var margin = ReportTable([
      .number("tokens"), .number("rise"), .number("deviation"), .number("margin needed"),
      .number("of mining"),
    ])
    for row in tokens.indices {
      margin.rows.append([
        "\(tokens[row])", Numbers.decimal(rise[row], 4), Numbers.decimal(spread[row], 4),
        Numbers.decimal(needed[row], 4), Numbers.percent(flops[row] / Double(max(1, mining))),
      ])
    }
    let trials = try file.integers("trials").first ?? 0
    let block = try file.integers("measured_block").first ?? 0
    let target = try file.numbers("false_rejection").first ?? .nan
    return [
      .init(
        "Honest block rejected",
        lines: [
          "Block \(block), measured by \(trials) verifiers for each number of tokens. 'implied' is what "
            + "the margin implies if rises are normal."
        ], table: rates),
      .init(
        "Margin that rejects no more than \(Numbers.percent(target)) of honest blocks",
        lines: ["Rise of the loss and its deviation in nats a token."], table: margin),
    ]
  }
}
